//! The GUID partition table (UEFI 2.10, section 5.3): reading one, and adding a partition to one.

use std::io::{self, Read, Seek, SeekFrom, Write};

const SECTOR: u64 = 512;
const ENTRIES: u64 = 128;
const ENTRY: usize = 128;
const SIGNATURE: &[u8; 8] = b"EFI PART";

/// Type of an EFI system partition, as it stands in the table.
pub const EFI_SYSTEM: [u8; 16] =
    guid(0xC12A_7328, 0xF81F, 0x11D2, [0xBA, 0x4B, 0, 0xA0, 0xC9, 0x3E, 0xC9, 0x3B]);
/// Type of a partition with data for any system.
pub const BASIC_DATA: [u8; 16] =
    guid(0xEBD0_A0A2, 0xB9E5, 0x4433, [0x87, 0xC0, 0x68, 0xB6, 0xB7, 0x26, 0x99, 0xC7]);

/// A GUID in the order of octets that the table has.
pub const fn guid(a: u32, b: u16, c: u16, d: [u8; 8]) -> [u8; 16] {
    let (a, b, c) = (a.to_le_bytes(), b.to_le_bytes(), c.to_le_bytes());
    [a[0], a[1], a[2], a[3], b[0], b[1], c[0], c[1], d[0], d[1], d[2], d[3], d[4], d[5], d[6], d[7]]
}

/// A partition; sizes in octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Partition {
    /// Its place in the table, from 1.
    pub number: usize,
    /// What it is for.
    pub kind: [u8; 16],
    /// Its own GUID.
    pub guid: [u8; 16],
    /// Its name, without what is not a letter of Unicode.
    pub name: String,
    /// Where it begins.
    pub start: u64,
    /// How long it is.
    pub length: u64,
}

/// The table of a disk with sectors of 512 octets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Table {
    header: [u8; 92],
    entries: Vec<u8>,
}

/// Reads the first table of a disk. `None` when there is none, or a damaged one.
pub fn read(disk: &mut (impl Read + Seek)) -> io::Result<Option<Table>> {
    let mut sector = [0; SECTOR as usize];
    disk.seek(SeekFrom::Start(SECTOR))?;
    if let Err(error) = disk.read_exact(&mut sector) {
        return if error.kind() == io::ErrorKind::UnexpectedEof { Ok(None) } else { Err(error) };
    }
    let mut header = [0; 92];
    header.copy_from_slice(sector.get(..92).unwrap_or(&[0; 92]));
    let mut unsigned = header;
    if let Some(crc) = unsigned.get_mut(16..20) {
        crc.fill(0);
    }
    let known = header.starts_with(SIGNATURE)
        && u32_at(&header, 12) == 92
        && u64::from(u32_at(&header, 80)) == ENTRIES
        && u32_at(&header, 84) as usize == ENTRY
        && u32_at(&header, 16) == crc32(&unsigned);
    if !known {
        return Ok(None);
    }
    let mut entries = vec![0; ENTRIES as usize * ENTRY];
    disk.seek(SeekFrom::Start(u64_at(&header, 72).saturating_mul(SECTOR)))?;
    disk.read_exact(&mut entries)?;
    Ok((crc32(&entries) == u32_at(&header, 88)).then_some(Table { header, entries }))
}

impl Table {
    /// A table without partitions, for a disk of that GUID.
    pub fn new(disk: [u8; 16]) -> Self {
        let mut header = [0; 92];
        header[..8].copy_from_slice(SIGNATURE);
        header[8..12].copy_from_slice(&0x0001_0000u32.to_le_bytes());
        header[12..16].copy_from_slice(&92u32.to_le_bytes());
        header[40..48].copy_from_slice(&34u64.to_le_bytes());
        header[56..72].copy_from_slice(&disk);
        header[80..84].copy_from_slice(&(ENTRIES as u32).to_le_bytes());
        header[84..88].copy_from_slice(&(ENTRY as u32).to_le_bytes());
        Self { header, entries: vec![0; ENTRIES as usize * ENTRY] }
    }

    /// The partitions, in the order of the table.
    pub fn partitions(&self) -> Vec<Partition> {
        let used = |entry: &&[u8]| entry.get(..16).is_some_and(|kind| kind.iter().any(|octet| *octet != 0));
        let numbered = self.entries.chunks_exact(ENTRY).enumerate().filter(|(_, entry)| used(entry));
        numbered.map(|(index, entry)| partition(index, entry)).collect()
    }

    /// The partition of that name.
    pub fn named(&self, name: &str) -> Option<Partition> {
        self.partitions().into_iter().find(|partition| partition.name == name)
    }

    /// Adds a partition after all others, up to the end of a disk of `size` octets, on a boundary of 1 MiB. `None` when
    /// there is no room for `least` octets or no free line in the table.
    pub fn add_last(&mut self, name: &str, kind: [u8; 16], size: u64, least: u64) -> Option<Partition> {
        self.add(name, kind, size, least, u64::MAX)
    }

    /// As [`Self::add_last`], and not longer than `most` octets.
    pub fn add(&mut self, name: &str, kind: [u8; 16], size: u64, least: u64, most: u64) -> Option<Partition> {
        const MIB: u64 = 1 << 20;
        let end = self.partitions().iter().map(|one| one.start + one.length).max().unwrap_or(MIB);
        let start = end.next_multiple_of(MIB);
        // The second table takes the last 33 sectors.
        let stop = size.checked_sub(33 * SECTOR)? / MIB * MIB;
        let length = stop.checked_sub(start).filter(|length| *length >= least.max(MIB))?.min(most);
        let index = self
            .entries
            .chunks_exact(ENTRY)
            .position(|entry| entry.iter().take(16).all(|octet| *octet == 0))?;
        let entry = self.entries.get_mut(index * ENTRY..(index + 1) * ENTRY)?;
        entry.get_mut(..16)?.copy_from_slice(&kind);
        // Its own GUID: that of the disk with the number of the partition, as unique as the disk's.
        let mut own: [u8; 16] = self.header.get(56..72)?.try_into().ok()?;
        own[14] ^= 0x5a;
        own[15] = index as u8;
        entry.get_mut(16..32)?.copy_from_slice(&own);
        entry.get_mut(32..40)?.copy_from_slice(&(start / SECTOR).to_le_bytes());
        entry.get_mut(40..48)?.copy_from_slice(&((start + length) / SECTOR - 1).to_le_bytes());
        for (unit, place) in name.encode_utf16().take(36).zip(entry.get_mut(56..)?.chunks_exact_mut(2)) {
            place.copy_from_slice(&unit.to_le_bytes());
        }
        Some(Partition { number: index + 1, kind, guid: own, name: name.to_owned(), start, length })
    }

    /// Gives the disk and its partitions other GUIDs: of two disks with the same image the kernel would take either.
    pub fn become_another(&mut self) {
        let guids = self
            .entries
            .chunks_exact_mut(ENTRY)
            .filter(|entry| entry.iter().take(16).any(|octet| *octet != 0));
        for octet in guids.filter_map(|entry| entry.get_mut(16 + 10)) {
            *octet ^= 0x80;
        }
        self.header[56 + 10] ^= 0x80;
    }

    /// The GUID of the disk, as the table has it.
    pub fn disk(&self) -> &[u8] {
        self.header.get(56..72).unwrap_or_default()
    }

    /// Writes both tables and the protective record for a disk of `size` octets.
    pub fn write(&self, disk: &mut (impl Read + Write + Seek), size: u64) -> io::Result<()> {
        let sectors = size / SECTOR;
        let last = sectors.checked_sub(1).filter(|last| *last > 100).ok_or(io::ErrorKind::InvalidInput)?;
        disk.seek(SeekFrom::Start(2 * SECTOR))?;
        disk.write_all(&self.entries)?;
        disk.seek(SeekFrom::Start((last - 32) * SECTOR))?;
        disk.write_all(&self.entries)?;
        for (own, other, entries) in [(last, 1, last - 32), (1, last, 2)] {
            disk.seek(SeekFrom::Start(own * SECTOR))?;
            disk.write_all(&self.header_for(own, other, entries, last))?;
        }
        // The protective record says how large the disk is.
        disk.seek(SeekFrom::Start(446 + 12))?;
        disk.write_all(&u32::try_from(last).unwrap_or(u32::MAX).to_le_bytes())
    }

    fn header_for(&self, own: u64, other: u64, entries: u64, last: u64) -> Vec<u8> {
        let mut header = self.header;
        let mut put = |at: usize, value: &[u8]| {
            if let Some(place) = header.get_mut(at..at + value.len()) {
                place.copy_from_slice(value);
            }
        };
        put(16, &[0; 4]);
        put(24, &own.to_le_bytes());
        put(32, &other.to_le_bytes());
        put(48, &(last - 33).to_le_bytes());
        put(72, &entries.to_le_bytes());
        put(88, &crc32(&self.entries).to_le_bytes());
        let crc = crc32(&header);
        header[16..20].copy_from_slice(&crc.to_le_bytes());
        let mut sector = header.to_vec();
        sector.resize(SECTOR as usize, 0);
        sector
    }
}

fn partition(index: usize, entry: &[u8]) -> Partition {
    let units = entry.get(56..).unwrap_or_default().chunks_exact(2);
    let units: Vec<u16> =
        units.map(|pair| u16::from_le_bytes([pair[0], pair[1]])).take_while(|unit| *unit != 0).collect();
    let first = u64_at(entry, 32).min(1 << 40);
    let last = u64_at(entry, 40).min(1 << 40);
    let mut kind = [0; 16];
    kind.copy_from_slice(entry.get(..16).unwrap_or(&[0; 16]));
    let mut guid = [0; 16];
    guid.copy_from_slice(entry.get(16..32).unwrap_or(&[0; 16]));
    Partition {
        number: index + 1,
        kind,
        guid,
        name: char::decode_utf16(units)
            .filter_map(Result::ok)
            .filter(|letter| !letter.is_control())
            .collect(),
        start: first * SECTOR,
        length: (last + 1).saturating_sub(first) * SECTOR,
    }
}

fn u32_at(octets: &[u8], at: usize) -> u32 {
    octets.get(at..at + 4).and_then(|four| four.try_into().ok()).map_or(0, u32::from_le_bytes)
}

fn u64_at(octets: &[u8], at: usize) -> u64 {
    octets.get(at..at + 8).and_then(|eight| eight.try_into().ok()).map_or(0, u64::from_le_bytes)
}

/// CRC-32 of ISO 3309, as UEFI wants it.
fn crc32(octets: &[u8]) -> u32 {
    let step = |crc: u32, octet: &u8| {
        (0..8).fold(crc ^ u32::from(*octet), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    };
    !octets.iter().fold(u32::MAX, step)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_crc_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
    }

    #[test]
    fn an_empty_disk_has_no_table() {
        assert_eq!(read(&mut io::Cursor::new(vec![0; 64 << 10])).unwrap(), None);
        assert_eq!(read(&mut io::Cursor::new(vec![0; 700])).unwrap(), None);
    }
}
