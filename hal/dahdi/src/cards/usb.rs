//! Cards on USB. An Astribank is another product at each stage of its start.

use super::known::{Known, Stage, Support};

const XORCOM: u16 = 0xE4E4;

const fn astribank(product: u16, model: &'static str, stage: Stage) -> Known {
    Known { support: Support::Astribank(stage), ..Known::dahdi(XORCOM, product, model, "") }
}

const fn old(product: u16, model: &'static str) -> Known {
    let support = Support::Nothing {
        reason: "its module left DAHDI years ago",
        remedy: "Use a card that dahdi-linux has a module for.",
    };
    Known { support, ..Known::dahdi(0x06E6, product, model, "") }
}

/// Every one that is known.
pub const CARDS: &[Known] = &[
    astribank(0x1130, "Xorcom Astribank 8/16", Stage::Bare),
    astribank(0x1131, "Xorcom Astribank 8/16", Stage::Usb("FPGA_FXS.hex")),
    astribank(0x1132, "Xorcom Astribank 8/16", Stage::Fpga),
    astribank(0x1140, "Xorcom Astribank BRI", Stage::Bare),
    astribank(0x1141, "Xorcom Astribank BRI", Stage::Usb("FPGA_1141.hex")),
    astribank(0x1142, "Xorcom Astribank BRI", Stage::Fpga),
    astribank(0x1150, "Xorcom Astribank multi", Stage::Bare),
    astribank(0x1151, "Xorcom Astribank multi", Stage::Usb("FPGA_1151.hex")),
    astribank(0x1152, "Xorcom Astribank multi", Stage::Fpga),
    astribank(0x1160, "Xorcom Astribank", Stage::Bare),
    astribank(0x1161, "Xorcom Astribank", Stage::Usb("FPGA_1161.hex")),
    astribank(0x1162, "Xorcom Astribank", Stage::Fpga),
    astribank(0x1163, "Xorcom Astribank (TwinStar monitor)", Stage::Bare),
    astribank(0x1164, "Xorcom Astribank", Stage::Service),
    Known::wanpipe(0x10C4, 0x8461, "Sangoma U100"),
    old(0x831C, "Digium S100U"),
    old(0x831E, "Digium S110U"),
];

/// A card by its numbers.
pub fn find(vendor: u16, product: u16) -> Option<Known> {
    CARDS.iter().find(|card| card.fits(vendor, product, 0, 0)).copied()
}

/// What a device is that no row fits.
pub fn unknown(vendor: u16) -> Option<String> {
    (vendor == XORCOM).then(|| "Xorcom Astribank".to_owned())
}

/// The file that the next stage of an Astribank wants. `revision` is `bcdDevice`: 1.01 was the first
/// generation, later ones have files of their own.
pub fn firmware(stage: Stage, product: u16, revision: u16) -> Option<String> {
    const FIRST: u16 = 0x0101;
    match stage {
        Stage::Bare if revision == FIRST => Some("USB_FW.hex".to_owned()),
        Stage::Bare => Some(format!("USB_FW.{revision:x}.hex")),
        Stage::Usb(file) if revision == FIRST => Some(file.to_owned()),
        Stage::Usb(_) => Some(format!("FPGA_{product:x}.{revision:x}.hex")),
        Stage::Fpga | Stage::Service => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_two_rows_are_the_same() {
        let keys: BTreeSet<_> = CARDS.iter().map(|card| (card.vendor, card.device)).collect();
        assert_eq!(keys.len(), CARDS.len());
        for card in CARDS {
            assert_eq!(find(card.vendor, card.device), Some(*card));
        }
    }

    #[test]
    fn each_stage_wants_its_file() {
        let file = |product, revision| match find(0xE4E4, product).unwrap().support {
            Support::Astribank(stage) => firmware(stage, product, revision),
            other => panic!("{other:?}"),
        };
        assert_eq!(file(0x1130, 0x0101).as_deref(), Some("USB_FW.hex"));
        assert_eq!(file(0x1160, 0x0101).as_deref(), Some("USB_FW.hex"));
        assert_eq!(file(0x1160, 0x0201).as_deref(), Some("USB_FW.201.hex"));
        assert_eq!(file(0x1163, 0x0203).as_deref(), Some("USB_FW.203.hex"));
        assert_eq!(file(0x1131, 0x0101).as_deref(), Some("FPGA_FXS.hex"));
        assert_eq!(file(0x1151, 0x0101).as_deref(), Some("FPGA_1151.hex"));
        assert_eq!(file(0x1161, 0x0202).as_deref(), Some("FPGA_1161.202.hex"));
        assert_eq!(file(0x1162, 0x0202), None);
        assert_eq!(file(0x1164, 0x0202), None);
    }

    #[test]
    fn what_is_no_telephony_is_not_seen() {
        assert_eq!(find(0x0627, 0x0001), None);
        assert_eq!(unknown(0x0627), None);
        assert!(unknown(0xE4E4).is_some());
    }
}
