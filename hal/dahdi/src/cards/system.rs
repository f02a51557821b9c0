//! What the system has to drive cards with: modules, firmware, and what the kernel said.

use super::known::release;
use crate::Paths;
use std::cell::OnceCell;
use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// Octets of the kernel's log that are looked at at most.
const LOG: usize = 4 << 20;

/// The system, as one inventory sees it.
#[derive(Debug)]
pub struct System<'a> {
    paths: &'a Paths,
    /// The release of dahdi-linux that is loaded.
    version: Option<String>,
    kernel: Option<String>,
    log: OnceCell<Vec<String>>,
}

/// What the kernel said of a firmware file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Firmware {
    /// Nobody gave it.
    Missing,
    /// It was given, and refused.
    Refused,
}

impl<'a> System<'a> {
    pub fn new(paths: &'a Paths) -> Self {
        let text = |path: &Path| fs::read_to_string(path).ok().map(|text| text.trim().to_owned());
        Self {
            paths,
            version: text(&paths.sys.join("module/dahdi/version")),
            kernel: text(&paths.proc.join("sys/kernel/osrelease")),
            log: OnceCell::new(),
        }
    }

    pub fn paths(&self) -> &Paths {
        self.paths
    }

    /// The release of dahdi-linux, in words.
    pub fn dahdi(&self) -> &str {
        self.version.as_deref().unwrap_or("of an unknown release")
    }

    /// Its first two numbers.
    pub fn release(&self) -> Option<(u16, u16)> {
        release(self.version.as_deref()?)
    }

    pub fn kernel(&self) -> &str {
        self.kernel.as_deref().unwrap_or("that runs")
    }

    /// Is a module loaded, or built in?
    pub fn loaded(&self, module: &str) -> bool {
        self.paths.sys.join("module").join(module).is_dir()
    }

    /// Could it be loaded? True when nobody can tell.
    pub fn installed(&self, module: &str) -> bool {
        let Some(kernel) = &self.kernel else { return true };
        let Ok(list) = fs::read_to_string(self.paths.modules.join(kernel).join("modules.dep")) else {
            return true;
        };
        let file = format!("/{module}.ko");
        list.lines().filter_map(|line| line.split(':').next()).any(|path| {
            path.rfind(&file).is_some_and(|at| {
                let rest = path.get(at + file.len()..).unwrap_or_default();
                rest.is_empty() || rest.starts_with('.')
            })
        })
    }

    /// Would the kernel find a firmware file? It looks in these places, and takes packed ones.
    pub fn has_firmware(&self, file: &str) -> bool {
        let root = &self.paths.firmware;
        let kernel = self.kernel.as_deref().unwrap_or_default();
        let folders =
            [root.join("updates").join(kernel), root.join("updates"), root.join(kernel), root.clone()];
        folders.iter().any(|folder| {
            ["", ".xz", ".zst"].iter().any(|packed| folder.join(format!("{file}{packed}")).is_file())
        })
    }

    /// Is a file for an Astribank there?
    pub fn has_astribank_file(&self, file: &str) -> bool {
        self.paths.astribank.join(file).is_file()
    }

    /// Does Sangoma's driver have a configuration?
    pub fn has_wanpipe_configuration(&self) -> bool {
        crate::sysfs::names(&self.paths.wanpipe).iter().any(|name| {
            let number = name.strip_prefix("wanpipe").and_then(|rest| rest.strip_suffix(".conf"));
            number.is_some_and(|number| number.parse::<u16>().is_ok())
        })
    }

    /// What the kernel said last of a firmware file, for the device at this place.
    pub fn said_of_firmware(&self, place: &str, file: &str) -> Option<Firmware> {
        let line = self.log().iter().rev().find(|line| line.contains(place) && line.contains(file))?;
        let line = line.to_ascii_lowercase();
        if ["not available", "failed with error", "failed to load"].iter().any(|word| line.contains(word)) {
            Some(Firmware::Missing)
        } else if line.contains("invalid") {
            Some(Firmware::Refused)
        } else {
            None
        }
    }

    /// The last thing that a driver said of the device at this place.
    pub fn said(&self, module: &str, place: &str) -> Option<&str> {
        let line = self.log().iter().rev().find(|line| line.contains(place) && line.starts_with(module))?;
        let said = line.split_once(place).map_or(line.as_str(), |(_, said)| said);
        let said = said.trim_start_matches([':', ' ']);
        Some(said.char_indices().nth(160).map_or(said, |(end, _)| said.get(..end).unwrap_or(said)))
    }

    /// The kernel's log, read when it is asked for first. Empty where we may not read it.
    fn log(&self) -> &[String] {
        self.log.get_or_init(|| read_log(&self.paths.kmsg))
    }
}

/// Reads `/dev/kmsg`: one record a read, `6,339,5140900,-;message`.
fn read_log(path: &Path) -> Vec<String> {
    let mut options = OpenOptions::new();
    let Ok(mut file) = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(path) else {
        return Vec::new();
    };
    let (mut text, mut record) = (Vec::new(), [0; 8192]);
    while text.len() < LOG {
        match file.read(&mut record) {
            Ok(0) => break,
            Ok(octets) => text.extend(record.get(..octets).unwrap_or_default()),
            // The oldest records were overwritten meanwhile: go on with the next.
            Err(error) if error.raw_os_error() == Some(nix::libc::EPIPE) => {}
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            // No more for now, or no right to read.
            Err(_) => break,
        }
    }
    let text = String::from_utf8_lossy(&text);
    // Lines that begin with a space say more of the record before.
    text.lines().filter_map(|line| line.split_once(';').map(|(_, said)| said.to_owned())).collect()
}
