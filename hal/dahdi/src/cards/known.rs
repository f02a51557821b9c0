//! How the tables of known cards are written.

/// A card by its numbers on the bus.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    pub vendor: u16,
    pub device: u16,
    /// Subsystem vendor; any when none.
    pub subvendor: Option<u16>,
    /// Subsystem device; any when none.
    pub subdevice: Option<u16>,
    pub model: &'static str,
    pub support: Support,
}

/// What serves a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// A module of dahdi-linux.
    Dahdi {
        module: &'static str,
        /// Firmware that the card does not start without when its own is of another version.
        firmware: Option<&'static str>,
        releases: Releases,
        /// A transcoder has none.
        spans: bool,
    },
    /// Sangoma's wanpipe, which makes DAHDI spans of its own.
    Wanpipe,
    /// A module that its maker gives out for some kernels, and dahdi-linux never had.
    Maker { module: &'static str, maker: &'static str },
    /// An Astribank at some stage of its start.
    Astribank(Stage),
    /// Nothing that we know of.
    Nothing { reason: &'static str, remedy: &'static str },
}

/// How far an Astribank has come. Each stage is another USB product.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// It has no firmware at all.
    Bare,
    /// Its USB controller runs, its FPGA is empty; the file for an FPGA of the first generation.
    Usb(&'static str),
    /// Its FPGA runs: `xpp_usb` takes it.
    Fpga,
    /// It lets its EEPROM be written.
    Service,
}

/// Which releases of dahdi-linux serve a card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Releases {
    All,
    /// Those before 3.0, where it was taken out.
    Before3,
    /// Those before 3.0, and again from 3.`n`.
    Back(u16),
}

impl Releases {
    /// Is it in this release (`3.4`)?
    pub const fn contain(self, (major, minor): (u16, u16)) -> bool {
        match self {
            Releases::All => true,
            Releases::Before3 => major < 3,
            Releases::Back(from) => major != 3 || minor >= from,
        }
    }

    /// In words, after "dahdi-linux".
    pub fn words(self) -> String {
        match self {
            Releases::All => "of any release".to_owned(),
            Releases::Before3 => "2.11".to_owned(),
            Releases::Back(from) => format!("3.{from}.0 or newer"),
        }
    }
}

/// `2.11.1.0.20170917` and `3.4.0` begin with what matters.
pub fn release(version: &str) -> Option<(u16, u16)> {
    let mut parts = version.split(['.', '-', '~']);
    Some((parts.next()?.trim().parse().ok()?, parts.next()?.trim().parse().ok()?))
}

impl Known {
    /// A card that the module makes spans of, whatever the subsystem.
    pub const fn dahdi(vendor: u16, device: u16, model: &'static str, module: &'static str) -> Self {
        let support = Support::Dahdi { module, firmware: None, releases: Releases::All, spans: true };
        Self { vendor, device, subvendor: None, subdevice: None, model, support }
    }

    /// A card of Sangoma's.
    pub const fn wanpipe(vendor: u16, device: u16, model: &'static str) -> Self {
        Self { support: Support::Wanpipe, ..Self::dahdi(vendor, device, model, "") }
    }

    /// A card that its maker has a module for.
    pub const fn maker(
        (vendor, device): (u16, u16),
        model: &'static str,
        module: &'static str,
        maker: &'static str,
    ) -> Self {
        Self { support: Support::Maker { module, maker }, ..Self::dahdi(vendor, device, model, "") }
    }

    /// Only with this subsystem vendor.
    pub const fn sub(self, vendor: u16) -> Self {
        Self { subvendor: Some(vendor), ..self }
    }

    /// Only with this subsystem device.
    pub const fn subdev(self, device: u16) -> Self {
        Self { subdevice: Some(device), ..self }
    }

    /// Served by some releases only.
    pub const fn releases(self, releases: Releases) -> Self {
        match self.support {
            Support::Dahdi { module, firmware, spans, .. } => {
                Self { support: Support::Dahdi { module, firmware, releases, spans }, ..self }
            }
            _ => self,
        }
    }

    /// Wants firmware.
    pub const fn firmware(self, file: &'static str) -> Self {
        match self.support {
            Support::Dahdi { module, releases, spans, .. } => {
                Self { support: Support::Dahdi { module, firmware: Some(file), releases, spans }, ..self }
            }
            _ => self,
        }
    }

    /// Has no spans.
    pub const fn transcoder(self) -> Self {
        match self.support {
            Support::Dahdi { module, firmware, releases, .. } => {
                Self { support: Support::Dahdi { module, firmware, releases, spans: false }, ..self }
            }
            _ => self,
        }
    }

    /// Is it this one?
    pub fn fits(&self, vendor: u16, device: u16, subvendor: u16, subdevice: u16) -> bool {
        self.vendor == vendor
            && self.device == device
            && self.subvendor.is_none_or(|wanted| wanted == subvendor)
            && self.subdevice.is_none_or(|wanted| wanted == subdevice)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_come_and_go() {
        assert!(Releases::All.contain((3, 0)));
        assert!(Releases::Before3.contain((2, 11)) && !Releases::Before3.contain((3, 4)));
        let back = Releases::Back(3);
        assert!(
            back.contain((2, 11)) && !back.contain((3, 2)) && back.contain((3, 3)) && back.contain((4, 0))
        );
        assert_eq!(release("2.11.1.0.20170917"), Some((2, 11)));
        assert_eq!(release("3.4.0-rc1"), Some((3, 4)));
        assert_eq!(release("SVN-branch"), None);
    }
}
