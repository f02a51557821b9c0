//! What sysfs says of devices on PCI and USB.

use super::known::Known;
use super::{pci, usb};
use crate::sysfs::{attribute, names};
use demarc_hal::Bus;
use std::fs;
use std::path::{Path, PathBuf};

/// A device that is a telephony card, or looks like one, or has a DAHDI device below it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    pub bus: Bus,
    /// Where it is plugged in: `0000:05:00.0`, `1-4`.
    pub place: String,
    pub vendor: u16,
    pub device: u16,
    pub subvendor: u16,
    pub subdevice: u16,
    /// `bcdDevice` of a USB device.
    pub revision: u16,
    /// Serial number of a USB device.
    pub serial: Option<String>,
    /// The kernel driver that is bound to it.
    pub driver: Option<String>,
    pub known: Option<Known>,
    /// What it looks like, when it is not known.
    pub looks_like: Option<String>,
    /// Its folder in sysfs, without links.
    pub path: PathBuf,
}

impl Found {
    /// What names it for good.
    pub fn id(&self) -> String {
        match (self.bus, &self.serial) {
            (Bus::Usb, Some(serial)) => format!("usb-{serial}"),
            (Bus::Usb, None) => format!("usb-{}", self.place),
            _ => format!("pci-{}", self.place),
        }
    }

    /// Its numbers, for people: `d161:8005 (0000:0000)`.
    pub fn numbers(&self) -> String {
        let main = format!("{:04x}:{:04x}", self.vendor, self.device);
        match self.bus {
            Bus::Usb => main,
            _ => format!("{main} ({:04x}:{:04x})", self.subvendor, self.subdevice),
        }
    }
}

/// Every device of both buses, telephony or not.
pub fn devices(sysfs: &Path) -> Vec<Found> {
    let folder = |bus: &str| sysfs.join("bus").join(bus).join("devices");
    let all = |bus: &str| {
        let folder = folder(bus);
        names(&folder).into_iter().map(move |name| (folder.join(&name), name)).collect::<Vec<_>>()
    };
    let pci = all("pci").into_iter().filter_map(|(path, name)| pci_device(&path, name));
    let usb = all("usb").into_iter().filter_map(|(path, name)| usb_device(&path, name));
    pci.chain(usb).collect()
}

fn pci_device(path: &Path, place: String) -> Option<Found> {
    let number = |file| hex(path, file).and_then(|value| u16::try_from(value).ok());
    let (vendor, device) = (number("vendor")?, number("device")?);
    let (subvendor, subdevice) =
        (number("subsystem_vendor").unwrap_or(0), number("subsystem_device").unwrap_or(0));
    Some(Found {
        bus: Bus::Pci,
        place,
        vendor,
        device,
        subvendor,
        subdevice,
        revision: 0,
        serial: None,
        driver: driver(path),
        known: pci::find(vendor, device, subvendor, subdevice),
        looks_like: pci::unknown(vendor, hex(path, "class").unwrap_or(0)),
        path: fs::canonicalize(path).ok()?,
    })
}

fn usb_device(path: &Path, place: String) -> Option<Found> {
    // Interfaces, `1-4:1.0`, have no vendor.
    let number = |file| hex(path, file).and_then(|value| u16::try_from(value).ok());
    let (vendor, device) = (number("idVendor")?, number("idProduct")?);
    Some(Found {
        bus: Bus::Usb,
        vendor,
        device,
        subvendor: 0,
        subdevice: 0,
        revision: number("bcdDevice").unwrap_or(0),
        // Some stages have an empty one, and clones have rubbish.
        serial: attribute(path, "serial").filter(|serial| is_name(serial)),
        // Drivers bind to interfaces; an Astribank has one.
        driver: driver(&path.join(format!("{place}:1.0"))),
        known: usb::find(vendor, device),
        looks_like: usb::unknown(vendor),
        path: fs::canonicalize(path).ok()?,
        place,
    })
}

/// Fit to name something for good.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= 64 && text.bytes().all(|octet| octet.is_ascii_graphic())
}

fn driver(path: &Path) -> Option<String> {
    let target = fs::read_link(path.join("driver")).ok()?;
    Some(target.file_name()?.to_str()?.to_owned())
}

fn hex(path: &Path, file: &str) -> Option<u32> {
    let text = attribute(path, file)?;
    u32::from_str_radix(text.trim_start_matches("0x"), 16).ok()
}
