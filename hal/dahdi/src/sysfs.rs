//! What sysfs says of devices and spans: `/sys/bus/dahdi_devices` and `/sys/bus/dahdi_spans`.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A DAHDI device: a card whose driver is loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// Its name on the bus: `pci:0000:05:00.0`, `astribanks:xbus-00`.
    pub name: String,
    /// What names it for good, as its driver says: a serial number. Empty when it has none.
    pub hardware_id: String,
    /// Where it is plugged in, in its driver's words.
    pub location: String,
    /// Who made it.
    pub manufacturer: String,
    /// Its model.
    pub model: String,
    /// How many spans it has, assigned or not.
    pub span_count: u32,
    path: PathBuf,
}

/// A span that has a number and channels in the kernel.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FoundSpan {
    /// The kernel's number, which hangs on the order of probing.
    pub number: i32,
    /// Its name: `TE4/0/1`.
    pub name: String,
    /// Its kind in the kernel's words: `E1`, `BRI_NT`, `DYNAMIC`, `FXS`.
    pub kind: String,
    /// Which of the device's ports it is, from 1.
    pub port: u32,
    /// Its first channel.
    pub first: i32,
    /// How many channels it has.
    pub channels: u8,
    /// Which appearance of it this is: another each time that it comes back.
    pub appearance: u64,
    /// The device that it is on.
    pub device: Device,
}

/// The manufacturer that Sangoma's wanpipe gives.
const WANPIPE: &str = "Sangoma Technologies";

impl Device {
    /// Its folder, without links: below that of the card that it is on.
    pub(crate) fn folder(&self) -> PathBuf {
        fs::canonicalize(&self.path).unwrap_or_else(|_| self.path.clone())
    }

    /// What its numbers hang on: the serial number, or else where it is plugged in.
    pub fn identity(&self) -> &str {
        if self.hardware_id.is_empty() { &self.name } else { &self.hardware_id }
    }

    fn read(path: PathBuf) -> Option<Self> {
        let name = path.file_name()?.to_str()?.to_owned();
        let text = |file: &str| attribute(&path, file).unwrap_or_default();
        let manufacturer = text("manufacturer");
        // wanpipe gives memory that it has never written to as the serial number.
        let sound = |id: &String| manufacturer != WANPIPE && id.bytes().all(|octet| octet.is_ascii_graphic());
        Some(Self {
            name,
            hardware_id: Some(text("hardware_id")).filter(sound).unwrap_or_default(),
            location: text("location"),
            manufacturer,
            model: text("type"),
            span_count: text("span_count").parse().unwrap_or(0),
            path,
        })
    }

    fn assigned(&self) -> usize {
        let names = names(&self.path);
        names.iter().filter(|name| name.starts_with("span-")).count()
    }
}

/// Every span that the kernel has numbered, in its order.
pub fn spans(sysfs: &Path) -> Vec<FoundSpan> {
    let bus = sysfs.join("bus/dahdi_spans/devices");
    let mut spans: Vec<FoundSpan> = names(&bus).iter().filter_map(|name| span(&bus.join(name))).collect();
    spans.sort_by_key(|span| span.number);
    spans
}

/// Every device, in the order of names.
pub fn devices(sysfs: &Path) -> Vec<Device> {
    let bus = sysfs.join("bus/dahdi_devices/devices");
    names(&bus).iter().filter_map(|name| Device::read(bus.join(name))).collect()
}

/// Lets the kernel number the spans that it has not: with `auto_assign_spans=0` it waits to be told.
/// True when there were any.
pub fn assign(sysfs: &Path) -> bool {
    let mut any = false;
    for device in devices(sysfs) {
        let waiting = usize::try_from(device.span_count).is_ok_and(|count| count > device.assigned());
        any |= waiting && fs::write(device.path.join("auto_assign"), "1").is_ok();
    }
    any
}

/// Switches a port of a device to another line mode (`E1`, `T1`), which only a span without a number
/// lets happen, and numbers it again.
///
/// # Errors
/// `EBUSY` when a channel is open; `EINVAL` when the card has one mode only.
pub fn set_line_mode(span: &FoundSpan, mode: &str) -> std::io::Result<()> {
    let (device, port) = (&span.device.path, span.port);
    fs::write(device.join("unassign_span"), port.to_string())?;
    // dahdi-linux 2.x and 3.x name the file differently.
    let file =
        ["spantype", "dahdi_spantype"].into_iter().map(|name| device.join(name)).find(|path| path.exists());
    let result = match file {
        Some(file) => fs::write(file, format!("{port}:{mode}")),
        None => Err(std::io::ErrorKind::Unsupported.into()),
    };
    // Zero lets the kernel choose the numbers; ours hang on the hardware.
    fs::write(device.join("assign_span"), format!("{port}:0:0"))?;
    result
}

fn span(path: &Path) -> Option<FoundSpan> {
    let number = path.file_name()?.to_str()?.strip_prefix("span-")?.parse().ok()?;
    let device = Device::read(fs::canonicalize(path.join("ddev")).ok()?)?;
    Some(FoundSpan {
        number,
        name: attribute(path, "name")?,
        kind: attribute(path, "spantype")?,
        port: attribute(path, "local_spanno")?.parse().ok()?,
        first: attribute(path, "basechan")?.parse().ok()?,
        channels: attribute(path, "channels")?.parse().ok()?,
        appearance: fs::metadata(path).ok()?.ino(),
        device,
    })
}

pub fn attribute(path: &Path, file: &str) -> Option<String> {
    let text = fs::read_to_string(path.join(file)).ok()?;
    // A driver that says nothing is shown as a null pointer.
    Some(text.trim().to_owned()).filter(|text| text != "(null)")
}

pub fn names(path: &Path) -> BTreeSet<String> {
    let entries = fs::read_dir(path).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// A sysfs with an Astribank of two spans, one of them numbered.
    fn sysfs() -> tempfile::TempDir {
        let root = tempfile::tempdir().unwrap();
        let device = root.path().join("devices/astribanks:xbus-00");
        let span = device.join("span-7");
        fs::create_dir_all(&span).unwrap();
        let write = |path: PathBuf, text: &str| fs::write(path, text).unwrap();
        for (file, text) in [
            ("hardware_id", "usb:X1040120\n"),
            ("location", "(null)\n"),
            ("manufacturer", "Xorcom\n"),
            ("type", "Astribank: E1\n"),
            ("span_count", "2\n"),
            ("auto_assign", ""),
        ] {
            write(device.join(file), text);
        }
        for (file, text) in [
            ("name", "XBUS-00/XPD-00\n"),
            ("spantype", "E1\n"),
            ("local_spanno", "1\n"),
            ("basechan", "94\n"),
            ("channels", "31\n"),
        ] {
            write(span.join(file), text);
        }
        symlink(&device, span.join("ddev")).unwrap();
        for (bus, target) in [("dahdi_devices", &device), ("dahdi_spans", &span)] {
            let bus = root.path().join("bus").join(bus).join("devices");
            fs::create_dir_all(&bus).unwrap();
            symlink(target, bus.join(target.file_name().unwrap())).unwrap();
        }
        root
    }

    #[test]
    fn a_span_is_found_with_its_device() {
        let root = sysfs();
        let spans = spans(root.path());
        let [span] = &spans[..] else { panic!("{spans:?}") };
        assert_eq!((span.number, span.port, span.first, span.channels), (7, 1, 94, 31));
        assert_eq!(span.device.identity(), "usb:X1040120");
        assert_eq!(span.device.location, "");
    }

    #[test]
    fn what_has_no_number_is_given_one() {
        let root = sysfs();
        assert!(assign(root.path()));
        let asked = fs::read_to_string(root.path().join("devices/astribanks:xbus-00/auto_assign")).unwrap();
        assert_eq!(asked, "1");
        fs::create_dir(root.path().join("devices/astribanks:xbus-00/span-8")).unwrap();
        assert!(!assign(root.path()));
    }

    #[test]
    fn rubbish_is_no_serial_number() {
        let root = sysfs();
        let device = root.path().join("devices/astribanks:xbus-00");
        fs::write(device.join("hardware_id"), "\u{1}@x").unwrap();
        assert_eq!(devices(root.path())[0].identity(), "astribanks:xbus-00");
        // wanpipe's happens to look like one.
        fs::write(device.join("hardware_id"), "X").unwrap();
        assert_eq!(devices(root.path())[0].identity(), "X");
        fs::write(device.join("manufacturer"), "Sangoma Technologies\n").unwrap();
        assert_eq!(devices(root.path())[0].identity(), "astribanks:xbus-00");
    }

    #[test]
    fn a_machine_without_dahdi_has_none() {
        assert!(spans(Path::new("/nowhere")).is_empty() && devices(Path::new("/nowhere")).is_empty());
    }
}
