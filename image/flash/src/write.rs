//! Writing an image to a disk by its block map, and reading back what was written.
//!
//! The first MiB, in which the partition table lies, is written last, and a table that was there is taken away first: a
//! disk whose writing was cut off has none and does not look like a finished one. What the map leaves out is looked at, and cleared where the disk still
//! holds something of before.

use crate::Digest;
use crate::bmap::{BlockMap, Range};
use crate::image::Image;
use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};

/// What is read and written at once.
const CHUNK: usize = 1 << 20;
/// What lies before this is written last.
const LAST: u64 = 1 << 20;
/// The protective record, the header of the partition table and its entries.
const TABLE: usize = 34 * 512;

/// How to write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// First reads what is there, and writes only ranges that differ: after an interruption, only the rest.
    pub resume: bool,
    /// Clears what the map leaves out where the disk holds something there. Without it only mapped blocks are touched.
    pub clear: bool,
    /// Reads back every range and compares its SHA-256.
    pub verify: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { resume: false, clear: true, verify: true }
    }
}

/// What is going on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Looking at what is there already.
    Comparing,
    /// Writing.
    Writing,
    /// Clearing what the map leaves out.
    Clearing,
    /// Reading back.
    Verifying,
}

/// How far a stage is, in octets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Which stage.
    pub stage: Stage,
    /// How much is done.
    pub done: u64,
    /// Of how much.
    pub total: u64,
}

/// What was done, in octets.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Report {
    /// Written.
    pub written: u64,
    /// Already there.
    pub kept: u64,
    /// Cleared.
    pub cleared: u64,
    /// Read back and found right.
    pub verified: u64,
}

/// Why it was not done.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The image cannot be read, or ends early.
    #[error("the image cannot be read: {0}")]
    Image(io::Error),
    /// The disk cannot be read or written.
    #[error("the disk fails {0} octets from its beginning: {1}")]
    Disk(u64, io::Error),
    /// The image is not the one of the map.
    #[error("the image is damaged or not the one of its block map: blocks {0}-{1} are others")]
    Damaged(u64, u64),
    /// The disk gives back something else than what was written to it.
    #[error("the disk did not keep what was written: blocks {0}-{1} read otherwise")]
    Differs(u64, u64),
    /// The map has no checksums, so that nothing can be compared.
    #[error("the block map has no checksums: neither resuming nor verifying is possible")]
    NoChecksums,
}

/// What is written to: a disk or a file.
pub struct Target<'a> {
    file: &'a mut File,
}

/// Writes the image. The target must be large enough. `progress` may be called many times.
pub fn write(
    image: &mut Image,
    map: &BlockMap,
    target: &mut File,
    options: Options,
    progress: &mut dyn FnMut(Progress),
) -> Result<Report, Error> {
    let mut target = Target { file: target };
    let mut report = Report::default();
    if (options.resume || options.verify) && map.ranges.iter().any(|range| range.digest.is_none()) {
        return Err(Error::NoChecksums);
    }
    let mut same = if options.resume { target.compare(map, Stage::Comparing, progress)? } else { Vec::new() };
    if same.is_empty() || same.contains(&false) {
        // From here until it is finished the disk has no partition table, whichever it had.
        target.put(0, &[0; TABLE])?;
        target.sync()?;
        for (same, range) in same.iter_mut().zip(&map.ranges) {
            *same &= map.octets_of(range).0 >= LAST;
        }
    }
    let total = map.mapped_octets();
    let mut head = Vec::new();
    let mut done = 0;
    for (index, range) in map.ranges.iter().enumerate() {
        let (start, length) = map.octets_of(range);
        if same.get(index).copied().unwrap_or(false) {
            report.kept += length;
        } else {
            target.copy(image, map, range, &mut head, &mut |octets| {
                progress(Progress { stage: Stage::Writing, done: done + octets, total });
            })?;
            report.written += length;
            // What is not yet on the disk is not lost with the power: at most 64 MiB wait in memory.
            if (start + length) >> 26 != start >> 26 {
                target.file.sync_data().map_err(|error| Error::Disk(start, error))?;
            }
        }
        done += length;
        progress(Progress { stage: Stage::Writing, done, total });
    }
    if options.clear {
        report.cleared = target.clear(map, progress)?;
    }
    target.sync()?;
    for (position, octets) in &head {
        target.put(*position, octets)?;
    }
    target.sync()?;
    if options.verify {
        report.verified = verify_target(map, &mut target, progress)?;
    }
    Ok(report)
}

/// Reads every range back and compares it with the map.
pub fn verify(map: &BlockMap, target: &mut File, progress: &mut dyn FnMut(Progress)) -> Result<u64, Error> {
    if map.ranges.iter().any(|range| range.digest.is_none()) {
        return Err(Error::NoChecksums);
    }
    verify_target(map, &mut Target { file: target }, progress)
}

fn verify_target(
    map: &BlockMap,
    target: &mut Target<'_>,
    progress: &mut dyn FnMut(Progress),
) -> Result<u64, Error> {
    target.sync()?;
    let same = target.compare(map, Stage::Verifying, progress)?;
    match map.ranges.iter().zip(&same).find(|(_, same)| !**same) {
        Some((range, _)) => Err(Error::Differs(range.first, range.last)),
        None => Ok(map.mapped_octets()),
    }
}

impl Target<'_> {
    /// Copies a range and compares what was read with the map. What lies in the first MiB is put into `head` instead.
    fn copy(
        &mut self,
        image: &mut Image,
        map: &BlockMap,
        range: &Range,
        head: &mut Vec<(u64, Vec<u8>)>,
        step: &mut dyn FnMut(u64),
    ) -> Result<(), Error> {
        let (start, length) = map.octets_of(range);
        image.skip_to(start).map_err(Error::Image)?;
        let mut hash = Sha256::new();
        let mut buffer = vec![0; CHUNK];
        let mut done = 0;
        while done < length {
            let position = start + done;
            // No piece crosses the end of the first MiB.
            let limit = if position < LAST { LAST - position } else { u64::MAX };
            let piece = (length - done).min(CHUNK as u64).min(limit) as usize;
            let here = buffer.get_mut(..piece).unwrap_or_default();
            image.read_exact(here).map_err(Error::Image)?;
            hash.update(&*here);
            match position < LAST {
                true => head.push((position, here.to_vec())),
                false => self.put(position, here)?,
            }
            done += piece as u64;
            step(done);
        }
        let found: Digest = hash.finalize().into();
        match range.digest {
            Some(digest) if digest != found => Err(Error::Damaged(range.first, range.last)),
            _ => Ok(()),
        }
    }

    /// For each range whether the target holds it.
    fn compare(
        &mut self,
        map: &BlockMap,
        stage: Stage,
        progress: &mut dyn FnMut(Progress),
    ) -> Result<Vec<bool>, Error> {
        let total = map.mapped_octets();
        let mut buffer = vec![0; CHUNK];
        let mut same = Vec::with_capacity(map.ranges.len());
        let mut done = 0;
        for range in &map.ranges {
            let (start, length) = map.octets_of(range);
            let mut hash = Sha256::new();
            let mut whole = true;
            let mut at = 0;
            while at < length {
                let piece = (length - at).min(CHUNK as u64) as usize;
                let here = buffer.get_mut(..piece).unwrap_or_default();
                whole &= self.get(start + at, here)?;
                hash.update(&*here);
                at += piece as u64;
            }
            let found: Digest = hash.finalize().into();
            same.push(whole && range.digest.is_some_and(|digest| digest == found));
            done += length;
            progress(Progress { stage, done, total });
        }
        Ok(same)
    }

    /// Makes zeros of what the map leaves out, where it is something else. How many octets were written for that.
    fn clear(&mut self, map: &BlockMap, progress: &mut dyn FnMut(Progress)) -> Result<u64, Error> {
        let gaps = map.gaps();
        let total = gaps.iter().map(|gap| gap.1).sum();
        let mut buffer = vec![0; CHUNK];
        let zeros = vec![0; CHUNK];
        let (mut done, mut cleared) = (0, 0);
        for (start, length) in gaps {
            let mut at = 0;
            while at < length {
                let piece = (length - at).min(CHUNK as u64) as usize;
                let here = buffer.get_mut(..piece).unwrap_or_default();
                let whole = self.get(start + at, here)?;
                if !whole || here.iter().any(|octet| *octet != 0) {
                    self.put(start + at, zeros.get(..piece).unwrap_or_default())?;
                    cleared += piece as u64;
                }
                at += piece as u64;
                done += piece as u64;
                progress(Progress { stage: Stage::Clearing, done, total });
            }
        }
        Ok(cleared)
    }

    fn put(&mut self, position: u64, octets: &[u8]) -> Result<(), Error> {
        let write = self.file.seek(SeekFrom::Start(position)).and_then(|_| self.file.write_all(octets));
        write.map_err(|error| Error::Disk(position, error))
    }

    /// Fills the buffer; false when the target (a file that is yet to grow) ends before.
    fn get(&mut self, position: u64, buffer: &mut [u8]) -> Result<bool, Error> {
        let read = self.file.seek(SeekFrom::Start(position)).and_then(|_| self.file.read_exact(buffer));
        match read {
            Ok(()) => Ok(true),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                buffer.fill(0);
                Ok(false)
            }
            Err(error) => Err(Error::Disk(position, error)),
        }
    }

    /// On the disk, and no longer in memory: what is read afterwards is read from the disk.
    fn sync(&mut self) -> Result<(), Error> {
        self.file.sync_all().map_err(|error| Error::Disk(0, error))?;
        // Advice only: a file system that cannot follow it is no reason to stop.
        let _ = posix_fadvise(&*self.file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
        Ok(())
    }
}
