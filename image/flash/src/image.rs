//! An image as a stream of octets from its first to its last: a raw file, or one compressed with Zstandard.

use ruzstd::decoding::StreamingDecoder;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Reads an image once, forwards.
pub struct Image {
    source: Source,
    at: u64,
}

enum Source {
    Raw(File),
    Zstandard(Box<StreamingDecoder<BufReader<File>, ruzstd::decoding::FrameDecoder>>),
}

impl Image {
    /// Opens an image; what begins with Zstandard's mark is decompressed.
    pub fn open(path: &Path) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let mut mark = [0; 4];
        let compressed = file.read_exact(&mut mark).is_ok() && mark == [0x28, 0xB5, 0x2F, 0xFD];
        file.seek(SeekFrom::Start(0))?;
        let source = if compressed {
            let decoder = StreamingDecoder::new(BufReader::with_capacity(1 << 20, file));
            Source::Zstandard(Box::new(decoder.map_err(damaged)?))
        } else {
            Source::Raw(file)
        };
        Ok(Self { source, at: 0 })
    }

    /// How many octets have been read or passed over.
    pub fn at(&self) -> u64 {
        self.at
    }

    /// Passes over what lies before `position`, which must not lie behind.
    pub fn skip_to(&mut self, position: u64) -> io::Result<()> {
        let distance = position.checked_sub(self.at).ok_or(io::ErrorKind::InvalidInput)?;
        match &mut self.source {
            Source::Raw(file) => {
                file.seek(SeekFrom::Start(position))?;
                self.at = position;
            }
            Source::Zstandard(_) => {
                let passed = io::copy(&mut self.by_ref().take(distance), &mut io::sink())?;
                if passed < distance {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
            }
        }
        Ok(())
    }
}

impl Read for Image {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let got = match &mut self.source {
            Source::Raw(file) => file.read(buffer)?,
            Source::Zstandard(decoder) => decoder.read(buffer).map_err(damaged)?,
        };
        self.at += got as u64;
        Ok(got)
    }
}

fn damaged(error: impl std::fmt::Display) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, format!("the compressed image is damaged: {error}"))
}

/// Where the block map of an image is looked for: `demarc.raw.zst` has `demarc.raw.bmap` or `demarc.raw.zst.bmap`.
pub fn map_beside(image: &Path) -> Option<PathBuf> {
    let with = |path: PathBuf| {
        let mut name = path.into_os_string();
        name.push(".bmap");
        PathBuf::from(name)
    };
    let candidates = [with(image.to_owned()), with(image.with_extension("")), image.with_extension("bmap")];
    candidates.into_iter().find(|path| path.is_file())
}
