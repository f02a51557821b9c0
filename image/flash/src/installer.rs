//! What a system that was started from an installer stick does: shows the disks, asks, installs.

use crate::bmap::BlockMap;
use crate::disks::{Disk, Roots, list};
use crate::image::Image;
use crate::refuse::{Danger, dangers};
use crate::site::{LICENCE, Site};
use crate::write::{Options, Progress, write};
use crate::{size_text, stick};
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, Write};
use std::path::Path;

/// Lines of the licence that are shown at once: a screen has 24.
const PAGE: usize = 20;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Installed on the disk of that name.
    Installed(String),
    /// Nobody wanted it, or the input ended.
    Left,
}

/// The payload of a stick, read.
#[derive(Debug)]
pub struct Ready {
    map: BlockMap,
    site: Site,
    zero_touch: bool,
}

impl Ready {
    /// Reads the folder where the payload is.
    pub fn read(payload: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(payload.join(stick::MAP))?;
        Ok(Self {
            map: BlockMap::parse_checked(&text).map_err(io::Error::other)?,
            site: Site::read(&payload.join(stick::SITE)).map_err(io::Error::other)?,
            zero_touch: payload.join(stick::ZERO_TOUCH).exists(),
        })
    }

    /// The licence of the site, when the stick has one, as lines that a terminal takes for text.
    pub fn licence(&self) -> Vec<String> {
        let file = self.site.files.iter().find(|(name, _)| name == LICENCE);
        let text = file.map(|(_, octets)| String::from_utf8_lossy(octets)).unwrap_or_default();
        text.lines().map(|line| line.chars().filter(|letter| !letter.is_control()).collect()).collect()
    }

    /// The disks on which it can be installed: not the stick itself, large enough, not in use.
    pub fn candidates(&self, disks: &[Disk]) -> Vec<Disk> {
        let fits = |disk: &&Disk| {
            dangers(disk, &disk.name, self.map.image_size).iter().all(|danger| *danger == Danger::Internal)
        };
        disks.iter().filter(fits).cloned().collect()
    }

    /// The disk on which it may be installed without asking: the only one that is inside the machine, and empty.
    pub fn chosen_without_asking(&self, candidates: &[Disk]) -> io::Result<Option<Disk>> {
        let mut inside = candidates.iter().filter(|disk| !disk.is_portable());
        let (Some(disk), None, true) = (inside.next(), inside.next(), self.zero_touch) else {
            return Ok(None);
        };
        let mut file = OpenOptions::new().read(true).open(&disk.path)?;
        Ok(stick::is_empty(&mut file)?.then(|| disk.clone()))
    }
}

/// Talks with the person at the console until something is installed.
pub fn run(
    payload: &Path,
    roots: &Roots,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> io::Result<Outcome> {
    let ready = Ready::read(payload)?;
    writeln!(output, "\nDemarc installer\n")?;
    let chosen = ready.chosen_without_asking(&ready.candidates(&list(roots)?))?;
    if !show_licence(&ready.licence(), chosen.is_none(), input, output)? {
        return Ok(Outcome::Left);
    }
    if let Some(disk) = chosen {
        writeln!(
            output,
            "The only disk of this machine is empty, and this stick is to install without asking."
        )?;
        return install(payload, &ready, &disk, output);
    }
    loop {
        let candidates = ready.candidates(&list(roots)?);
        writeln!(
            output,
            "Needed: {}. Everything on the disk will be lost.",
            size_text(ready.map.image_size)
        )?;
        for (index, disk) in candidates.iter().enumerate() {
            writeln!(
                output,
                "  {}  {:12} {:>10}  {}",
                index + 1,
                disk.name,
                size_text(disk.size),
                disk.model
            )?;
        }
        if candidates.is_empty() {
            writeln!(output, "There is no disk that can be used.")?;
        }
        let Some(answer) = ask(input, output, "Number of the disk, or Enter to look again: ")? else {
            return Ok(Outcome::Left);
        };
        let number = answer.parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some(disk) = number.and_then(|index| candidates.get(index)) else { continue };
        let question = format!("To erase {} ({}), type its name: ", disk.name, size_text(disk.size));
        match ask(input, output, &question)? {
            None => return Ok(Outcome::Left),
            Some(name) if name == disk.name => match install(payload, &ready, disk, output) {
                Ok(outcome) => return Ok(outcome),
                Err(error) => writeln!(output, "\nIt failed: {error}\n")?,
            },
            Some(_) => writeln!(output, "That is not its name. Nothing was written.\n")?,
        }
    }
}

/// Shows the licence, a page at a time when somebody is asked; false when nobody is there.
fn show_licence(
    lines: &[String],
    asks: bool,
    input: &mut dyn BufRead,
    output: &mut dyn Write,
) -> io::Result<bool> {
    let pages = lines.len().div_ceil(PAGE);
    for (index, page) in lines.chunks(PAGE).enumerate() {
        for line in page {
            writeln!(output, "{line}")?;
        }
        let question = match index + 1 == pages {
            true => "\nEnter to agree and go on: ",
            false => "\nEnter for the next page: ",
        };
        if asks && ask(input, output, question)?.is_none() {
            return Ok(false);
        }
    }
    Ok(true)
}

fn install(payload: &Path, ready: &Ready, disk: &Disk, output: &mut dyn Write) -> io::Result<Outcome> {
    let mut target = crate::open_target(&disk.path, true)?;
    let mut image = Image::open(&payload.join(stick::IMAGE))?;
    let mut line = Line::default();
    let report = write(&mut image, &ready.map, &mut target, Options::default(), &mut |progress| {
        if let Some(text) = line.of(progress) {
            // A console that is gone is no reason to stop halfway.
            let _ = write!(output, "\r{text}");
            let _ = output.flush();
        }
    })
    .map_err(io::Error::other)?;
    stick::give_site(&mut target, &ready.site)?;
    writeln!(output, "\rWritten and read back: {}.          ", size_text(report.verified))?;
    Ok(Outcome::Installed(disk.name.clone()))
}

/// An answer, trimmed; `None` at the end of the input.
fn ask(input: &mut dyn BufRead, output: &mut dyn Write, question: &str) -> io::Result<Option<String>> {
    write!(output, "{question}")?;
    output.flush()?;
    let mut answer = String::new();
    match io::Read::take(input, 256).read_line(&mut answer)? {
        0 => Ok(None),
        _ => Ok(Some(answer.trim().to_owned())),
    }
}

/// A line of progress, each time a whole percent is done.
#[derive(Debug, Default)]
pub struct Line(Option<(crate::write::Stage, u64)>);

impl Line {
    /// The text, when there is something new to say.
    pub fn of(&mut self, progress: Progress) -> Option<String> {
        let percent = (progress.done * 100).checked_div(progress.total).unwrap_or(100);
        let now = Some((progress.stage, percent));
        if self.0 == now {
            return None;
        }
        self.0 = now;
        Some(format!(
            "{:<10} {percent:3} %  {:>10}",
            format!("{:?}", progress.stage),
            size_text(progress.done)
        ))
    }
}
