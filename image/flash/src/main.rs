//! `demarc-flash`: writes images to disks and sticks, and makes installer sticks.
#![forbid(unsafe_code)]

use clap::{Args, Parser, Subcommand};
use demarc_flash::bmap::BlockMap;
use demarc_flash::disks::{Attached, Disk, Roots, find, list};
use demarc_flash::image::{Image, map_beside};
use demarc_flash::installer::{self, Line, Outcome};
use demarc_flash::refuse::{allowed, dangers};
use demarc_flash::site::Site;
use demarc_flash::stick::{self, Payload};
use demarc_flash::write::{self, Options, Progress};
use demarc_flash::{map, open_target, size_text};
use std::error::Error;
use std::fs::{self, File};
use std::io::{self, BufRead, IsTerminal, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Writes images to disks and sticks, reads back what it wrote, and makes installer sticks. Works without a network.
#[derive(Parser)]
#[command(name = "demarc-flash", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Shows the disks of this machine.
    List,
    /// Makes the block map of a raw image (bmaptool's format).
    Map {
        /// The raw image.
        image: PathBuf,
        /// Where the map goes; standard output when not given.
        #[arg(long, short)]
        output: Option<PathBuf>,
    },
    /// Writes an image to a disk or a file.
    Write {
        #[command(flatten)]
        image: ImageArgs,
        #[command(flatten)]
        target: TargetArgs,
        /// First looks at what is there and writes only what differs: goes on after an interruption.
        #[arg(long)]
        resume: bool,
        /// Touches only mapped blocks and leaves in the others what the disk held before.
        #[arg(long)]
        only_mapped: bool,
        /// Does not read back what was written.
        #[arg(long)]
        no_verify: bool,
        /// A folder with what the unit is given: configuration.json, licence.txt, authorized_keys.
        #[arg(long, value_name = "FOLDER")]
        site: Option<PathBuf>,
    },
    /// Reads a disk or a file and compares it with the image's block map.
    Verify {
        /// The block map.
        map: PathBuf,
        /// The disk or file.
        target: PathBuf,
    },
    /// Makes an installer stick: it boots, shows the disks and installs.
    Stick {
        #[command(flatten)]
        image: ImageArgs,
        #[command(flatten)]
        target: TargetArgs,
        /// A folder with what the unit is given: configuration.json, licence.txt, authorized_keys.
        #[arg(long, value_name = "FOLDER")]
        site: Option<PathBuf>,
        /// The stick installs without asking when the machine has exactly one disk inside and that disk is empty.
        #[arg(long)]
        zero_touch: bool,
    },
    /// Installs from the stick that this system was started from.
    Installer {
        /// The folder with the payload; the stick's is mounted when this is not given.
        #[arg(long, value_name = "FOLDER")]
        payload: Option<PathBuf>,
    },
}

#[derive(Args)]
struct ImageArgs {
    /// The image, raw or compressed with Zstandard.
    image: PathBuf,
    /// Its block map; the one beside the image when this is not given.
    #[arg(long, value_name = "FILE")]
    bmap: Option<PathBuf>,
}

#[derive(Args)]
struct TargetArgs {
    /// The disk, or a file.
    target: PathBuf,
    /// Does not ask.
    #[arg(long)]
    yes: bool,
    /// Given twice: writes even to a disk that is mounted or inside this machine.
    #[arg(long, action = clap::ArgAction::Count)]
    yes_really: u8,
}

fn main() -> ExitCode {
    match run(Cli::parse().command) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("demarc-flash: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(command: Command) -> Result<()> {
    match command {
        Command::List => show(&list(&Roots::default())?),
        Command::Map { image, output } => {
            let text = map::make(&mut File::open(&image)?)?.to_xml();
            match output {
                Some(path) => fs::write(path, text)?,
                None => io::stdout().write_all(text.as_bytes())?,
            }
        }
        Command::Write { image, target, resume, only_mapped, no_verify, site } => {
            let options = Options { resume, clear: !only_mapped, verify: !no_verify };
            let site = site.map(|folder| Site::read(&folder)).transpose()?.unwrap_or_default();
            let (map, _) = read_map(&image)?;
            let mut file = open(&target, map.image_size)?;
            copy(&image.image, &map, &mut file, options)?;
            stick::give_site(&mut file, &site)?;
        }
        Command::Verify { map, target } => {
            let map = BlockMap::parse_checked(&fs::read_to_string(map)?)?;
            let mut line = Line::default();
            let octets = write::verify(&map, &mut File::open(target)?, &mut |progress| {
                show_line(&mut line, progress)
            })?;
            eprintln!("\nthe same: {}", size_text(octets));
        }
        Command::Stick { image, target, site, zero_touch } => {
            let site = site.map(|folder| Site::read(&folder)).transpose()?.unwrap_or_default();
            make_stick(&image, &target, &site, zero_touch)?;
        }
        Command::Installer { payload } => install(payload)?,
    }
    Ok(())
}

fn show(disks: &[Disk]) {
    for disk in disks {
        let kind = match disk.attached {
            Attached::Usb => "USB",
            Attached::Card => "card",
            Attached::Internal => "internal",
            Attached::Loop => "file",
        };
        let mut marks = Vec::new();
        if disk.system {
            marks.push("the running system".to_owned());
        }
        if !disk.used.is_empty() {
            marks.push(format!("in use: {}", disk.used.join(", ")));
        }
        if disk.read_only {
            marks.push("write-protected".to_owned());
        }
        let path = disk.path.display().to_string();
        println!("{path:16} {:>10}  {kind:8}  {:24}  {}", size_text(disk.size), disk.model, marks.join("; "));
    }
}

/// The block map of an image, and its text.
fn read_map(image: &ImageArgs) -> Result<(BlockMap, String)> {
    let path = image.bmap.clone().or_else(|| map_beside(&image.image));
    let path = path.ok_or(
        "there is no block map beside the image: make it with demarc-flash map, or name it with --bmap",
    )?;
    let text = fs::read_to_string(&path)?;
    Ok((BlockMap::parse_checked(&text)?, text))
}

/// Opens the target when it may be written. A disk that is none of ours must be told of twice.
fn open(target: &TargetArgs, size: u64) -> Result<File> {
    let known = if target.target.exists() { find(&Roots::default(), &target.target)? } else { None };
    let mut alone = true;
    if let Some(disk) = &known {
        show(std::slice::from_ref(disk));
        let name = fs::canonicalize(&target.target)?;
        let name = name.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let dangers = dangers(disk, &name, size);
        for danger in &dangers {
            eprintln!("{}: {danger}", disk.path.display());
        }
        if !allowed(&dangers, target.yes_really) {
            return Err(match dangers.iter().any(|danger| danger.is_final()) {
                true => "this is not done",
                false => "refused: give --yes-really twice if that is what you want",
            }
            .into());
        }
        alone = dangers.is_empty();
        if !target.yes && !confirmed(disk)? {
            return Err("nothing was written".into());
        }
    } else if target.target.starts_with("/dev") {
        return Err(format!("{} is no disk", target.target.display()).into());
    }
    Ok(open_target(&target.target, alone)?)
}

fn confirmed(disk: &Disk) -> Result<bool> {
    if !io::stdin().is_terminal() {
        return Err("nobody is there to ask: give --yes".into());
    }
    eprint!("Everything on {} will be lost. Type its name ({}) to go on: ", disk.path.display(), disk.name);
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(answer.trim() == disk.name)
}

fn copy(path: &Path, map: &BlockMap, target: &mut File, options: Options) -> Result<()> {
    let mut image = Image::open(path)?;
    // A file becomes as long as the image; a disk has its length.
    if target.metadata()?.is_file() && target.metadata()?.len() < map.image_size {
        target.set_len(map.image_size)?;
    }
    let mut line = Line::default();
    let report =
        write::write(&mut image, map, target, options, &mut |progress| show_line(&mut line, progress));
    eprintln!();
    let report = report
        .map_err(|error| format!("{error}\nAfter an interruption, --resume goes on where it stopped."))?;
    eprintln!(
        "written {}, already there {}, cleared {}, read back {}",
        size_text(report.written),
        size_text(report.kept),
        size_text(report.cleared),
        size_text(report.verified)
    );
    Ok(())
}

fn show_line(line: &mut Line, progress: Progress) {
    if let Some(text) = line.of(progress) {
        eprint!("\r{text}");
    }
}

fn make_stick(args: &ImageArgs, target: &TargetArgs, site: &Site, zero_touch: bool) -> Result<()> {
    let (map, text) = read_map(args)?;
    stick::check_image(&args.image, map.image_size)?;
    let needed = stick::needed(map.image_size, fs::metadata(&args.image)?.len());
    let mut file = open(target, needed)?;
    copy(&args.image, &map, &mut file, Options::default())?;
    if file.metadata()?.is_file() && file.metadata()?.len() < needed {
        file.set_len(needed)?;
    }
    let size = file.seek(SeekFrom::End(0))?;
    stick::make(&mut file, size, &Payload { image: &args.image, map: &text, site, zero_touch })?;
    eprintln!("the stick is ready");
    Ok(())
}

fn install(payload: Option<PathBuf>) -> Result<()> {
    let roots = Roots::default();
    let payload_is_stick = payload.is_none();
    let folder = match payload {
        Some(folder) => folder,
        None => mount_payload(&roots)?,
    };
    let stdin = io::stdin();
    let mut stdout = io::stdout();
    match installer::run(&folder, &roots, &mut stdin.lock(), &mut stdout)? {
        Outcome::Left => Err("nothing was installed".into()),
        Outcome::Installed(disk) => {
            writeln!(
                stdout,
                "Demarc is on {disk}. Take the stick out and press Enter to restart the machine."
            )?;
            let mut answer = String::new();
            // At the end of the input nobody is there to take the stick out: the machine waits.
            if stdin.lock().read_line(&mut answer)? > 0 && payload_is_stick {
                std::process::Command::new("reboot").status()?;
            }
            Ok(())
        }
    }
}

/// Mounts the partition `install` of the disk that this system was started from.
fn mount_payload(roots: &Roots) -> Result<PathBuf> {
    let disk =
        list(roots)?.into_iter().find(|disk| disk.system).ok_or("the disk of this system cannot be found")?;
    let table = demarc_flash::gpt::read(&mut File::open(&disk.path)?)?.ok_or("it has no partition table")?;
    let partition =
        table.named(stick::PARTITION).ok_or("this system was not started from an installer stick")?;
    // The kernel puts a p between a name that ends in a digit and the number.
    let between = if disk.name.ends_with(|letter: char| letter.is_ascii_digit()) { "p" } else { "" };
    let device = roots.dev.join(format!("{}{between}{}", disk.name, partition.number));
    let folder = PathBuf::from("/run/demarc-install");
    // The other console has mounted it already, or this one before it was started again.
    if folder.join(stick::MAP).exists() {
        return Ok(folder);
    }
    fs::create_dir_all(&folder)?;
    let flags =
        nix::mount::MsFlags::MS_RDONLY | nix::mount::MsFlags::MS_NOEXEC | nix::mount::MsFlags::MS_NODEV;
    nix::mount::mount(Some(&device), &folder, Some("vfat"), flags, None::<&str>)?;
    Ok(folder)
}
