//! How a card on PCI does, and what to do about it.

use super::bus::Found;
use super::known::{Releases, Support};
use super::system::{Firmware, System};
use demarc_hal::CardState;

/// What a card has made in DAHDI.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    /// Nothing.
    Nothing,
    /// A device whose spans have no numbers yet.
    Device,
    /// Spans that can be used.
    Spans,
}

/// The state of a card that has no stages.
pub fn state(card: &Found, made: Made, system: &System<'_>) -> CardState {
    let Some(known) = card.known else { return unknown(card, made) };
    match known.support {
        Support::Dahdi { module, firmware, releases, spans } => {
            let wanted = Wanted { module, firmware, releases, spans };
            dahdi(card, made, wanted, system)
        }
        Support::Wanpipe => wanpipe(made, system),
        Support::Maker { module, maker } => match made {
            Made::Nothing => CardState::Unsupported {
                reason: format!(
                    "{}: dahdi-linux has no module for it; {maker} has one, {module}",
                    card.numbers()
                ),
                remedy: format!(
                    "Build {maker}'s {module} against dahdi-linux {} and kernel {}, or use another card.",
                    system.dahdi(),
                    system.kernel()
                ),
            },
            made => works(made),
        },
        Support::Nothing { reason, remedy } => match made {
            Made::Nothing => CardState::Unsupported {
                reason: format!("{}: {reason}", card.numbers()),
                remedy: remedy.to_owned(),
            },
            made => works(made),
        },
        // Those have a file of their own.
        Support::Astribank(_) => works(made),
    }
}

/// A card that has made something works, or will in a moment.
pub fn works(made: Made) -> CardState {
    match made {
        Made::Spans => CardState::Working,
        Made::Device | Made::Nothing => {
            CardState::Starting { stage: "its spans are waiting for their numbers".to_owned() }
        }
    }
}

/// A card that nobody has told us of.
pub fn unknown(card: &Found, made: Made) -> CardState {
    match made {
        Made::Nothing => CardState::Unsupported {
            reason: format!("{}: no module of dahdi-linux that we know of asks for it", card.numbers()),
            remedy: "Ask its maker for a module for DAHDI, or use another card.".to_owned(),
        },
        made => works(made),
    }
}

#[derive(Debug, Clone, Copy)]
struct Wanted {
    module: &'static str,
    firmware: Option<&'static str>,
    releases: Releases,
    spans: bool,
}

fn dahdi(card: &Found, made: Made, wanted: Wanted, system: &System<'_>) -> CardState {
    let module = wanted.module;
    match card.driver.as_deref() {
        // wctdm asks for every card with this bridge, and finds no modules on those of others.
        Some(other) if other != module => CardState::NotDriven {
            reason: format!("{other} has taken the card, and {module} is the one for it"),
            remedy: format!("Put {other} on the blacklist of modprobe, load {module}, and start anew."),
        },
        _ if made != Made::Nothing => works(made),
        Some(_) if !wanted.spans => CardState::Working,
        // The kernel takes the driver away again when it refuses the card.
        Some(_) => CardState::Starting { stage: format!("{module} is starting it") },
        None => undriven(card, wanted, system),
    }
}

fn undriven(card: &Found, wanted: Wanted, system: &System<'_>) -> CardState {
    let Wanted { module, firmware, releases, .. } = wanted;
    if system.release().is_some_and(|release| !releases.contain(release)) {
        return CardState::Unsupported {
            reason: format!("{}: dahdi-linux {} no longer serves it", card.numbers(), system.dahdi()),
            remedy: format!("Use dahdi-linux {}: its {module} serves this card.", releases.words()),
        };
    }
    if !system.loaded(module) {
        return if system.installed(module) {
            CardState::NotDriven {
                reason: format!("{module} is not loaded"),
                remedy: format!("Load it: modprobe {module}"),
            }
        } else {
            CardState::NotDriven {
                reason: format!("{module} is not installed for kernel {}", system.kernel()),
                remedy: format!("Build dahdi-linux {} with {module} for this kernel.", system.dahdi()),
            }
        };
    }
    if let Some(file) = firmware {
        match system.said_of_firmware(&card.place, file) {
            Some(Firmware::Refused) => return missing(file, "Install it again: it is damaged", module),
            Some(Firmware::Missing) => return missing(file, "Put it into /lib/firmware", module),
            None if !system.has_firmware(file) => return missing(file, "Put it into /lib/firmware", module),
            None => {}
        }
    }
    let reason = match system.said(module, &card.place) {
        Some(said) => format!("{module} has not taken the card; the kernel said: {said}"),
        None => format!("{module} is loaded, and has not taken the card"),
    };
    let remedy = format!("Look at the kernel's log; seat the card anew; load {module} anew.");
    CardState::NotDriven { reason, remedy }
}

fn missing(file: &str, remedy: &str, module: &str) -> CardState {
    let remedy = format!("{remedy}, then load {module} anew.");
    CardState::FirmwareMissing { file: file.to_owned(), remedy }
}

/// wanpipe looks for its cards itself: sysfs never shows it as their driver.
fn wanpipe(made: Made, system: &System<'_>) -> CardState {
    if made != Made::Nothing {
        return works(made);
    }
    let (reason, remedy) = if system.loaded("wanpipe") {
        if system.has_wanpipe_configuration() {
            ("wanpipe is loaded, and its cards are not started", "Start them: wanrouter start".to_owned())
        } else {
            (
                "wanpipe is loaded, and has no configuration",
                "Let wancfg_dahdi write /etc/wanpipe/wanpipe1.conf, then: wanrouter start".to_owned(),
            )
        }
    } else if system.installed("wanpipe") {
        ("wanpipe is not loaded", "Let wancfg_dahdi configure it, then: wanrouter start".to_owned())
    } else {
        (
            "Sangoma's wanpipe, which is no part of dahdi-linux, is not installed",
            format!(
                "Build wanpipe for kernel {} against dahdi-linux {}, then run wancfg_dahdi.",
                system.kernel(),
                system.dahdi()
            ),
        )
    };
    CardState::NotDriven { reason: reason.to_owned(), remedy }
}
