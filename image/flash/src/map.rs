//! Making the block map of an image.

use crate::bmap::{BlockMap, Range};
use crate::gpt;
use sha2::{Digest, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

/// Blocks of the maps that are made here, in octets.
pub const BLOCK: u64 = 4096;
/// The longest range that is made, in blocks: 16 MiB are written and read back at once.
const LONGEST: u64 = 4096;

/// The map of a raw image.
///
/// A block of zeros is left out, wherever the image came from: a sparse file and its copy have the same map. EFI
/// system partitions are mapped whole, because zeros in a file allocation table say that clusters are free, and a
/// tool that leaves out what is not mapped would leave there what the disk held before.
pub fn make(image: &mut File) -> io::Result<BlockMap> {
    let size = image.seek(SeekFrom::End(0))?;
    let table = gpt::read(image)?;
    let partitions = table.map(|table| table.partitions()).unwrap_or_default();
    let whole: Vec<(u64, u64)> = partitions
        .iter()
        .filter(|partition| partition.kind == gpt::EFI_SYSTEM)
        .map(|partition| (partition.start / BLOCK, (partition.start + partition.length).div_ceil(BLOCK)))
        .collect();
    image.seek(SeekFrom::Start(0))?;
    let mut ranges = Vec::new();
    let mut open: Option<(u64, Sha256)> = None;
    let mut close = |open: &mut Option<(u64, Sha256)>, last: u64| {
        if let Some((first, digest)) = open.take() {
            ranges.push(Range { first, last, digest: Some(digest.finalize().into()) });
        }
    };
    let mut block = vec![0; BLOCK as usize];
    for number in 0..size.div_ceil(BLOCK) {
        let length = (size - number * BLOCK).min(BLOCK) as usize;
        let here = block.get_mut(..length).unwrap_or_default();
        image.read_exact(here)?;
        let kept = whole.iter().any(|(first, end)| (*first..*end).contains(&number));
        let full = kept || here.iter().any(|octet| *octet != 0);
        if open.as_ref().is_some_and(|(first, _)| !full || number - first >= LONGEST) {
            close(&mut open, number - 1);
        }
        if full {
            open.get_or_insert_with(|| (number, Sha256::new())).1.update(here);
        }
    }
    close(&mut open, size.div_ceil(BLOCK).saturating_sub(1));
    Ok(BlockMap { image_size: size, block_size: BLOCK, ranges })
}
