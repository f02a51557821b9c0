//! The stages of a Xorcom Astribank: no firmware, USB firmware, FPGA firmware, `xpp_usb`, modules
//! started, registered with DAHDI.

use super::bus::Found;
use super::known::Stage;
use super::system::System;
use super::usb::firmware;
use super::verdict::{Made, works};
use crate::sysfs::{attribute, names};
use demarc_hal::CardState;
use std::fs;
use std::path::{Path, PathBuf};

/// The state of an Astribank.
pub fn state(card: &Found, stage: Stage, made: Made, system: &System<'_>) -> CardState {
    if made != Made::Nothing {
        return works(made);
    }
    match (stage, firmware(stage, card.device, card.revision)) {
        (_, Some(file)) if !system.has_astribank_file(&file) => CardState::FirmwareMissing {
            remedy: "Put it into /usr/share/dahdi, then plug the Astribank out and in again.".to_owned(),
            file,
        },
        (Stage::Bare, _) => starting("it is waiting for the firmware of its USB controller"),
        (Stage::Usb(_), _) => starting("its USB controller runs; its FPGA is being loaded"),
        (Stage::Service, _) => not_driven(
            "it is in its service mode, in which its EEPROM is written",
            "Let astribank_upgrade finish, then plug it out and in again.",
        ),
        (Stage::Fpga, _) => loaded(card, system),
    }
}

/// It has all its firmware.
fn loaded(card: &Found, system: &System<'_>) -> CardState {
    if card.driver.is_none() {
        return if system.loaded("xpp_usb") {
            not_driven(
                "xpp_usb is loaded, and has not taken it",
                "Plug it out and in again, at a USB 2.0 port without a hub; look at the kernel's log.",
            )
        } else if system.installed("xpp_usb") {
            not_driven("xpp_usb is not loaded", "Load it: modprobe xpp_usb")
        } else {
            not_driven(
                "xpp_usb is not installed for this kernel",
                "Build dahdi-linux with its xpp modules for this kernel.",
            )
        };
    }
    let xbus = buses(&system.paths().sys).into_iter().find(|xbus| xbus.starts_with(&card.path));
    match xbus.and_then(|xbus| word(&xbus)).as_deref() {
        Some("READY") => starting("its modules run; it is being registered with DAHDI"),
        Some("FAIL") => not_driven(
            "its modules did not start",
            "See that the init_card files of this dahdi-linux are in /usr/share/dahdi; plug it out and in again.",
        ),
        Some("DEACTIVATING" | "DEACTIVATED") => not_driven("it was stopped", "Plug it out and in again."),
        _ => starting("its modules are being started"),
    }
}

/// Registers with DAHDI what is ready for it, as `dahdi_registration` would. True when there was any.
pub fn register(sysfs: &Path) -> bool {
    let mut any = false;
    for xbus in buses(sysfs) {
        let waits = attribute(&xbus, "dahdi_registration").as_deref() == Some("0");
        if waits && word(&xbus).as_deref() == Some("READY") {
            any |= fs::write(xbus.join("dahdi_registration"), "1").is_ok();
        }
    }
    any
}

/// The folder of each Astribank that `xpp_usb` has taken, without links.
fn buses(sysfs: &Path) -> Vec<PathBuf> {
    let folder = sysfs.join("bus/astribanks/devices");
    names(&folder).iter().filter_map(|name| fs::canonicalize(folder.join(name)).ok()).collect()
}

/// The state of one: `READY (4)`.
fn word(xbus: &Path) -> Option<String> {
    attribute(xbus, "xbus_state")?.split_whitespace().next().map(str::to_owned)
}

fn starting(stage: &str) -> CardState {
    CardState::Starting { stage: stage.to_owned() }
}

fn not_driven(reason: &str, remedy: &str) -> CardState {
    CardState::NotDriven { reason: reason.to_owned(), remedy: remedy.to_owned() }
}
