//! The log of QEMU's `blklogwrites`, in the format of the kernel's dm-log-writes: what was written to a disk, in
//! which order, and when the disk was told to make it last. Replayed up to any point it is the disk after a power
//! cut at that point: what was flushed is there; what was not may be there or not, whole sectors of it.

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;

const MAGIC: u64 = 0x006a_7366_7773_6872;
const FLUSH: u64 = 1;
const FUA: u64 = 2;
const DISCARD: u64 = 4;
/// How many sectors of one write share their fate: what a disk writes as a whole.
const ATOM: u64 = 8;

/// One entry.
#[derive(Debug, Clone, Copy)]
struct Entry {
    /// First octet on the disk.
    to: u64,
    /// Octets; none for a flush alone.
    length: u64,
    /// First octet in the log.
    from: u64,
    flags: u64,
}

/// A log.
#[derive(Debug)]
pub struct WriteLog {
    file: File,
    entries: Vec<Entry>,
}

impl WriteLog {
    /// Reads a log that may still grow.
    pub fn open(path: &Path) -> Self {
        let file = File::open(path).expect("a log");
        let size = file.metadata().expect("a log").len();
        let mut head = [0; 28];
        file.read_exact_at(&mut head, 0).expect("the head of a log");
        assert_eq!(number(&head, 0), MAGIC, "this is no log of writes");
        let sector = u64::from(u32::from_le_bytes([head[24], head[25], head[26], head[27]]));
        let count = number(&head, 16);
        let mut entries = Vec::new();
        let mut at = sector;
        for _ in 0..count {
            let mut raw = [0; 32];
            if file.read_exact_at(&mut raw, at).is_err() {
                break;
            }
            let (first, sectors, flags) = (number(&raw, 0), number(&raw, 8), number(&raw, 16));
            at += sector;
            let length = sectors * sector;
            entries.push(Entry { to: first * sector, length, from: at, flags });
            // The octets of a discard are not in the log.
            if flags & DISCARD == 0 {
                at += length;
            }
            if at > size {
                break;
            }
        }
        Self { file, entries }
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Is it empty?
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// How many entries a log has now, without reading it.
    pub fn count(path: &Path) -> usize {
        let mut head = [0; 24];
        File::open(path).and_then(|file| file.read_exact_at(&mut head, 0)).expect("a log");
        usize::try_from(number(&head, 16)).expect("a number")
    }

    /// Brings a disk on which the first `from` entries are to the point that a power cut after `cut` entries leaves in
    /// any case: up to the last flush. How many entries are on it then.
    pub fn settle(&self, disk: &File, from: usize, cut: usize) -> usize {
        let before = self.entries.get(..cut).unwrap_or(&self.entries);
        let lasting = before.iter().rposition(|entry| entry.flags & FLUSH != 0).map_or(0, |index| index + 1);
        let lasting = lasting.max(from);
        for entry in self.entries.get(from..lasting).unwrap_or_default() {
            self.apply(entry, disk, || true);
        }
        lasting
    }

    /// What happened since, between entries `from` and `cut`: `chance` decides, eight sectors at a time.
    pub fn unsettled(&self, disk: &File, from: usize, cut: usize, mut chance: impl FnMut() -> bool) {
        for entry in self.entries.get(from..cut.min(self.entries.len())).unwrap_or_default() {
            let sure = entry.flags & FUA != 0;
            self.apply(entry, disk, || sure || chance());
        }
    }

    fn apply(&self, entry: &Entry, disk: &File, mut happens: impl FnMut() -> bool) {
        let atom = ATOM * 512;
        let mut done = 0;
        while done < entry.length {
            let length = atom.min(entry.length - done);
            if happens() {
                let mut octets = vec![0; usize::try_from(length).expect("a small number")];
                if entry.flags & DISCARD == 0 {
                    self.file.read_exact_at(&mut octets, entry.from + done).expect("a whole log");
                }
                disk.write_all_at(&octets, entry.to + done).expect("a disk");
            }
            done += length;
        }
    }
}

fn number(octets: &[u8], at: usize) -> u64 {
    let mut eight = [0; 8];
    eight.copy_from_slice(octets.get(at..at + 8).expect("eight octets"));
    u64::from_le_bytes(eight)
}

/// Numbers that look random and are the same for the same seed (xorshift64*).
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// The next one.
    pub fn roll(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// One below a bound that is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        usize::try_from(self.roll() % u64::try_from(bound.max(1)).unwrap_or(1)).unwrap_or(0)
    }
}
