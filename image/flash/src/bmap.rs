//! The block map of an image, in the format 2.0 of bmaptool, so that either tool takes the other's maps.
//!
//! A map says which blocks of an image hold something, and the SHA-256 of each range of them. What it does not
//! name need not be written. The map carries its own SHA-256, computed with zeros in its place.

use crate::{Digest, hex};
use sha2::{Digest as _, Sha256};
use std::fmt::Write as _;

/// The longest map that is read, in octets: 64 MiB describe far more than any image of ours.
pub const LONGEST_TEXT: usize = 64 << 20;
const MOST_RANGES: usize = 4 << 20;

/// Blocks `first..=last` and their SHA-256, when the map has one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Range {
    /// The first block.
    pub first: u64,
    /// The last block, which belongs to it.
    pub last: u64,
    /// SHA-256 of what the image holds there; the last block of an image may be shorter than a block.
    pub digest: Option<Digest>,
}

/// Which blocks of an image hold something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BlockMap {
    /// The image's size in octets.
    pub image_size: u64,
    /// The size of a block in octets, a power of two from 512 to 1 MiB.
    pub block_size: u64,
    /// In order, none touching the one before with a smaller number.
    pub ranges: Vec<Range>,
}

/// Why a text is not a block map.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum Error {
    /// Longer than [`LONGEST_TEXT`] or with more ranges than memory should hold.
    #[error("the block map is too long")]
    TooLong,
    /// An element that must be there is not, or holds no number.
    #[error("the block map has no valid {0}")]
    Missing(&'static str),
    /// A format that is not 2.x, or checksums that are not SHA-256.
    #[error("the block map is of a kind that is not known: {0}")]
    Unknown(String),
    /// A range that is malformed, out of order, or beyond the image.
    #[error("the block map has a wrong range: {0}")]
    Range(String),
    /// Not what was written: its own checksum is another.
    #[error("the block map is damaged: its checksum is wrong")]
    Damaged,
}

impl BlockMap {
    /// How many blocks the image has.
    pub fn blocks(&self) -> u64 {
        self.image_size.div_ceil(self.block_size.max(1))
    }

    /// How many blocks the map names.
    pub fn mapped_blocks(&self) -> u64 {
        self.ranges.iter().map(|range| range.last - range.first + 1).sum()
    }

    /// Where a range begins and how long it is, in octets.
    pub fn octets_of(&self, range: &Range) -> (u64, u64) {
        let start = range.first * self.block_size;
        (start, ((range.last + 1) * self.block_size).min(self.image_size) - start)
    }

    /// How many octets the map names.
    pub fn mapped_octets(&self) -> u64 {
        self.ranges.iter().map(|range| self.octets_of(range).1).sum()
    }

    /// The stretches between the ranges and after the last, as octets: where they begin and how long they are.
    pub fn gaps(&self) -> Vec<(u64, u64)> {
        let mut found = Vec::new();
        let mut at = 0;
        for range in &self.ranges {
            let (start, length) = self.octets_of(range);
            if start > at {
                found.push((at, start - at));
            }
            at = start + length;
        }
        if self.image_size > at {
            found.push((at, self.image_size - at));
        }
        found
    }

    /// The map as bmaptool writes it.
    pub fn to_xml(&self) -> String {
        let zeros = "0".repeat(64);
        let mut text = String::from("<?xml version=\"1.0\" ?>\n<bmap version=\"2.0\">\n");
        let mut line = |name: &str, value: &dyn std::fmt::Display| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "    <{name}> {value} </{name}>");
        };
        line("ImageSize", &self.image_size);
        line("BlockSize", &self.block_size);
        line("BlocksCount", &self.blocks());
        line("MappedBlocksCount", &self.mapped_blocks());
        line("ChecksumType", &"sha256");
        line("BmapFileChecksum", &zeros);
        text.push_str("    <BlockMap>\n");
        for range in &self.ranges {
            let checksum =
                range.digest.map(|digest| format!(" chksum=\"{}\"", hex(&digest))).unwrap_or_default();
            let _ = match range.first == range.last {
                true => writeln!(text, "        <Range{checksum}> {} </Range>", range.first),
                false => writeln!(text, "        <Range{checksum}> {}-{} </Range>", range.first, range.last),
            };
        }
        text.push_str("    </BlockMap>\n</bmap>\n");
        let own = hex(&Sha256::digest(text.as_bytes()));
        text.replacen(&zeros, &own, 1)
    }

    /// Reads a map of bmaptool's format 2.x with SHA-256.
    pub fn parse(text: &str) -> Result<Self, Error> {
        if text.len() > LONGEST_TEXT {
            return Err(Error::TooLong);
        }
        let text = &without_comments(text)?.0;
        let version = attribute(text, "bmap", "version").ok_or(Error::Missing("version"))?;
        if !version.starts_with("2.") {
            return Err(Error::Unknown(format!("version {}", cut(version))));
        }
        let kind = element(text, "ChecksumType").ok_or(Error::Missing("ChecksumType"))?;
        if kind != "sha256" {
            return Err(Error::Unknown(format!("checksums of kind {}", cut(kind))));
        }
        let number = |name: &'static str| -> Result<u64, Error> {
            element(text, name).and_then(|value| value.parse().ok()).ok_or(Error::Missing(name))
        };
        let block_size = number("BlockSize")?;
        if !block_size.is_power_of_two() || !(512..=1 << 20).contains(&block_size) {
            return Err(Error::Missing("BlockSize"));
        }
        let image_size = number("ImageSize")?;
        if image_size > 1 << 50 {
            return Err(Error::Missing("ImageSize"));
        }
        let mut map = Self { image_size, block_size, ranges: Vec::new() };
        map.ranges = map.parse_ranges(text)?;
        Ok(map)
    }

    /// Reads a map and compares its own checksum: the text must be that which was written, to the octet.
    pub fn parse_checked(text: &str) -> Result<Self, Error> {
        let map = Self::parse(text)?;
        let own = element(text, "BmapFileChecksum").ok_or(Error::Missing("BmapFileChecksum"))?;
        let blank = text.replacen(own, &"0".repeat(own.len()), 1);
        match hex(&Sha256::digest(blank.as_bytes())) == own {
            true => Ok(map),
            false => Err(Error::Damaged),
        }
    }

    fn parse_ranges(&self, text: &str) -> Result<Vec<Range>, Error> {
        let start = text.find("<BlockMap>").ok_or(Error::Missing("BlockMap"))?;
        let mut rest = text.get(start..).unwrap_or_default();
        let mut ranges: Vec<Range> = Vec::new();
        while let Some(at) = rest.find("<Range") {
            let tail = rest.get(at..).unwrap_or_default();
            let end = tail.find("</Range>").ok_or_else(|| Error::Range("it does not end".into()))?;
            let whole = tail.get(..end).unwrap_or_default();
            let (head, body) =
                whole.split_once('>').ok_or_else(|| Error::Range("it does not begin".into()))?;
            let range = self.parse_range(head, body.trim())?;
            if ranges.last().is_some_and(|before| before.last >= range.first) {
                return Err(Error::Range(format!("{} is out of order", cut(body.trim()))));
            }
            if ranges.len() >= MOST_RANGES {
                return Err(Error::TooLong);
            }
            ranges.push(range);
            rest = tail.get(end..).unwrap_or_default();
        }
        Ok(ranges)
    }

    fn parse_range(&self, head: &str, body: &str) -> Result<Range, Error> {
        let wrong = || Error::Range(cut(body));
        let (first, last) = body.split_once('-').unwrap_or((body, body));
        let first: u64 = first.trim().parse().map_err(|_| wrong())?;
        let last: u64 = last.trim().parse().map_err(|_| wrong())?;
        if first > last || last >= self.blocks() {
            return Err(wrong());
        }
        let digest = match attribute_of(head, "chksum") {
            Some(text) => Some(digest_of(text).ok_or_else(wrong)?),
            None => None,
        };
        Ok(Range { first, last, digest })
    }
}

/// Not more of a wrong text than a message should show.
fn cut(text: &str) -> String {
    text.chars().take(40).collect()
}

struct Plain(String);

fn without_comments(text: &str) -> Result<Plain, Error> {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("<!--") {
        plain.push_str(before);
        rest = after.split_once("-->").ok_or(Error::Missing("end of a comment"))?.1;
    }
    plain.push_str(rest);
    Ok(Plain(plain))
}

/// The trimmed text of the first element of that name.
fn element<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{name}>"))?;
    Some(after.split_once(&format!("</{name}>"))?.0.trim())
}

fn attribute<'a>(text: &'a str, name: &str, attribute: &str) -> Option<&'a str> {
    let (_, after) = text.split_once(&format!("<{name} "))?;
    attribute_of(after.split_once('>')?.0, attribute)
}

fn attribute_of<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    let (_, after) = head.split_once(&format!("{name}="))?;
    let quote = after.chars().next().filter(|quote| matches!(quote, '"' | '\''))?;
    Some(after.get(1..)?.split_once(quote)?.0)
}

fn digest_of(text: &str) -> Option<Digest> {
    let mut digest = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (octet, pair) in digest.iter_mut().zip(text.as_bytes().chunks(2)) {
        *octet = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

#[cfg(test)]
#[path = "bmap_tests.rs"]
mod tests;
