//! Cards on PCI. The first row that fits wins: rows with a subsystem stand before rows without.
//!
//! The numbers are those that the modules themselves ask the kernel for, in dahdi-linux 2.11 and 3.4;
//! which release has which module is the difference between them.

use super::known::{Known, Releases, Support};

const DIGIUM: u16 = 0xD161;
/// A bridge chip that many makers put before their analog cards: the subsystem vendor is the card.
const TIGER_JET: u16 = 0xE159;
const COLOGNE: u16 = 0x1397;
const RHINO: u16 = 0x0B0B;
const SANGOMA: u16 = 0x1923;
const OPENVOX: u16 = 0x1B74;
const XILINX: u16 = 0x10EE;
const PLX: u16 = 0x10B5;

const fn digium(device: u16, model: &'static str, module: &'static str) -> Known {
    Known::dahdi(DIGIUM, device, model, module)
}

const fn tiger(subvendor: u16, model: &'static str, module: &'static str) -> Known {
    Known::dahdi(TIGER_JET, 0x0001, model, module).sub(subvendor).releases(Releases::Back(4))
}

const fn tdm400(subvendor: u16, model: &'static str) -> Known {
    tiger(subvendor, model, "wctdm").releases(Releases::Back(3))
}

/// Four or eight basic rate ports on a chip of Cologne Chip.
const fn hfc(device: u16, subdevice: u16, model: &'static str) -> Known {
    let card = Known::dahdi(COLOGNE, device, model, "wcb4xxp").releases(Releases::Before3);
    card.sub(COLOGNE).subdev(subdevice)
}

const fn rhino(device: u16, model: &'static str, module: &'static str) -> Known {
    Known::maker((RHINO, device), model, module, "Rhino")
}

const fn nothing(
    (vendor, device): (u16, u16),
    model: &'static str,
    reason: &'static str,
    remedy: &'static str,
) -> Known {
    Known { support: Support::Nothing { reason, remedy }, ..Known::dahdi(vendor, device, model, "") }
}

const REPLACE: &str = "Use a card that dahdi-linux has a module for.";

/// Every card that is known.
pub const CARDS: &[Known] = &[
    // E1 and T1.
    Known::dahdi(XILINX, 0x0314, "Digium TE410P/TE405P (1st gen)", "wct4xxp"),
    digium(0x1820, "Digium TE820", "wct4xxp").firmware("dahdi-fw-te820.bin"),
    digium(0x1420, "Digium TE420 (5th gen)", "wct4xxp").sub(5),
    digium(0x1410, "Digium TE410P (5th gen)", "wct4xxp").sub(5),
    digium(0x1405, "Digium TE405P (5th gen)", "wct4xxp").sub(5),
    digium(0x0420, "Digium TE420 (4th gen)", "wct4xxp").sub(4),
    digium(0x0410, "Digium TE410P (4th gen)", "wct4xxp").sub(4),
    digium(0x0405, "Digium TE405P (4th gen)", "wct4xxp").sub(4),
    digium(0x0410, "Digium TE410P (3rd gen)", "wct4xxp").sub(3),
    digium(0x0405, "Digium TE405P (3rd gen)", "wct4xxp").sub(3),
    digium(0x0410, "Digium TE410P (2nd gen)", "wct4xxp"),
    digium(0x0405, "Digium TE405P (2nd gen)", "wct4xxp"),
    digium(0x1220, "Digium TE220 (5th gen)", "wct4xxp").sub(5),
    digium(0x1205, "Digium TE205P (5th gen)", "wct4xxp").sub(5),
    digium(0x1210, "Digium TE210P (5th gen)", "wct4xxp").sub(5),
    digium(0x0220, "Digium TE220 (4th gen)", "wct4xxp").sub(4),
    digium(0x0205, "Digium TE205P (4th gen)", "wct4xxp").sub(4),
    digium(0x0210, "Digium TE210P (4th gen)", "wct4xxp").sub(4),
    digium(0x0205, "Digium TE205P (3rd gen)", "wct4xxp").sub(3),
    digium(0x0210, "Digium TE210P (3rd gen)", "wct4xxp").sub(3),
    digium(0x0205, "Digium TE205P", "wct4xxp"),
    digium(0x0210, "Digium TE210P", "wct4xxp"),
    digium(0x800A, "Digium TE131/TE133", "wcte13xp").firmware("dahdi-fw-te133.bin"),
    digium(0x800B, "Digium TE132/TE134", "wcte13xp").firmware("dahdi-fw-te134.bin"),
    digium(0x800E, "Digium TE435/TE235", "wcte43x").firmware("dahdi-fw-te435.bin"),
    digium(0x8013, "Digium TE436/TE236", "wcte43x").firmware("dahdi-fw-te436.bin"),
    digium(0x0120, "Digium TE120P", "wcte12xp").releases(Releases::Back(4)),
    digium(0x8000, "Digium TE121", "wcte12xp").releases(Releases::Back(4)),
    digium(0x8001, "Digium TE122", "wcte12xp").releases(Releases::Back(4)),
    tiger(0x71FE, "Digium TE110P", "wcte11xp"),
    tiger(0x79FE, "Digium TE110P", "wcte11xp"),
    tiger(0x795E, "Digium TE110P", "wcte11xp"),
    tiger(0x79DE, "Digium TE110P", "wcte11xp"),
    tiger(0x797E, "Digium TE110P", "wcte11xp"),
    tiger(0x6159, "Digium T100P/E100P", "wct1xxp"),
    Known::dahdi(PLX, 0xD00D, "Tormenta 2", "tor2").releases(Releases::Before3),
    Known::dahdi(PLX, 0x4000, "Tormenta 2 (clone)", "tor2").releases(Releases::Before3),
    // Basic rate.
    digium(0xB410, "Digium B410P", "wcb4xxp"),
    digium(0x8014, "Digium B433", "wcb4xxp"),
    digium(0x8015, "Digium B434", "wcb4xxp"),
    digium(0x8016, "Digium B233", "wcb4xxp"),
    digium(0x8017, "Digium B234", "wcb4xxp"),
    hfc(0x16B8, 0xB552, "Junghanns OctoBRI"),
    hfc(0x16B8, 0xB55B, "Junghanns OctoBRI"),
    hfc(0x08B4, 0xB520, "Junghanns QuadBRI"),
    hfc(0x08B4, 0xB550, "Junghanns QuadBRI"),
    hfc(0x08B4, 0xB752, "Junghanns QuadBRI PCIe"),
    hfc(0x08B4, 0xB556, "Junghanns DuoBRI"),
    hfc(0x08B4, 0xE884, "OpenVox B200P"),
    hfc(0x08B4, 0xE888, "OpenVox B400P"),
    hfc(0x16B8, 0xE998, "OpenVox B800P"),
    hfc(0x08B4, 0xB566, "beroNet BN2S0"),
    hfc(0x08B4, 0xB761, "beroNet BN2S0 PCIe"),
    hfc(0x08B4, 0xB560, "beroNet BN4S0"),
    hfc(0x08B4, 0xB762, "beroNet BN4S0 PCIe"),
    hfc(0x16B8, 0xB562, "beroNet BN8S0"),
    hfc(0x16B8, 0xB56B, "beroNet BN8S0"),
    hfc(0x08B4, 0xB540, "Swyx 4xS0 SX2 QuadBri"),
    hfc(0x08B4, 0x08B4, "Cologne Chip HFC-4S evaluation board"),
    nothing((COLOGNE, 0x08B4), "HFC-4S card", "no module of DAHDI knows its subsystem", REPLACE),
    nothing((COLOGNE, 0x16B8), "HFC-8S card", "no module of DAHDI knows its subsystem", REPLACE),
    nothing((COLOGNE, 0x30B1), "HFC-E1 card", "it had a module for Zaptel only", REPLACE),
    Known::dahdi(COLOGNE, 0x2BD0, "HFC-S ISDN card", "zaphfc").releases(Releases::Before3),
    Known::dahdi(0x1043, 0x0675, "ASUS ISDNLink P-IN100-ST-D", "zaphfc").releases(Releases::Before3),
    // Analog.
    digium(0x2400, "Digium TDM2400P", "wctdm24xxp"),
    digium(0x8003, "Digium AEX2400", "wctdm24xxp"),
    digium(0x8007, "Digium HA8", "wctdm24xxp").firmware("dahdi-fw-hx8.bin"),
    digium(0x8008, "Digium HB8", "wctdm24xxp").firmware("dahdi-fw-hx8.bin"),
    digium(0x0800, "Digium TDM800P", "wctdm24xxp").releases(Releases::Before3),
    digium(0x8002, "Digium AEX800", "wctdm24xxp").releases(Releases::Before3),
    digium(0x8005, "Digium TDM410P", "wctdm24xxp").releases(Releases::Before3),
    digium(0x8006, "Digium AEX410", "wctdm24xxp").releases(Releases::Before3),
    digium(0x800C, "Digium A8A", "wcaxx").firmware("dahdi-fw-a8a.bin"),
    digium(0x800D, "Digium A8B", "wcaxx").firmware("dahdi-fw-a8b.bin"),
    digium(0x800F, "Digium A4A", "wcaxx").firmware("dahdi-fw-a4a.bin"),
    digium(0x8010, "Digium A4B", "wcaxx").firmware("dahdi-fw-a4b.bin"),
    tdm400(0xA159, "Digium S400P prototype"),
    tdm400(0xE159, "Digium S400P prototype"),
    tdm400(0xB100, "Digium TDM400P or OpenVox A400P (rev E/F)"),
    tdm400(0xB1D9, "Digium TDM400P or OpenVox A400P (rev I)"),
    tdm400(0xB118, "Digium TDM400P (rev I)"),
    tdm400(0xB119, "Digium TDM400P (rev I)"),
    tdm400(0xA9FD, "Digium TDM400P (rev H)"),
    tdm400(0xA8FD, "Digium TDM400P (rev H)"),
    tdm400(0xA800, "Digium TDM400P (rev H)"),
    tdm400(0xA801, "Digium TDM400P (rev H)"),
    tdm400(0xA908, "Digium TDM400P (rev H)"),
    tdm400(0xA901, "Digium TDM400P (rev H)"),
    tiger(0x9100, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x9519, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x95D9, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x9500, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x9532, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x8519, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x9559, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x9599, "OpenVox A800P/A1200P", "opvxa1200"),
    tiger(0x8084, "X101P clone", "wcfxo"),
    tiger(0x8085, "Digium X101P", "wcfxo"),
    tiger(0x8086, "X101P clone", "wcfxo"),
    tiger(0x8087, "X101P clone", "wcfxo"),
    Known::dahdi(0x1057, 0x5608, "Digium X100P", "wcfxo").releases(Releases::Back(4)),
    tiger(0xE16B, "PCI radio interface", "pciradio").releases(Releases::Before3),
    Known::maker((TIGER_JET, 0x0001), "Yeastar YSTDM8xx", "ystdm8xx", "Yeastar").sub(0x2151),
    // Netjet ISDN cards have the same bridge, and nothing behind it that DAHDI could use.
    nothing((TIGER_JET, 0x0001), "Netjet ISDN-S card", "DAHDI has no module for passive ISDN cards", REPLACE)
        .sub(0x0059),
    nothing((TIGER_JET, 0x0001), "Teles S0 ISDN card", "DAHDI has no module for passive ISDN cards", REPLACE)
        .sub(0x00A7),
    // The module asks for any card with this bridge.
    Known::dahdi(TIGER_JET, 0x0001, "TDM400P clone", "wctdm").releases(Releases::Back(3)),
    nothing((TIGER_JET, 0x0002), "Netjet ISDN-U card", "DAHDI has no module for passive ISDN cards", REPLACE),
    // Transcoders.
    digium(0x3400, "Digium TC400P", "wctc4xxp").firmware("dahdi-fw-tc400m.bin").transcoder(),
    digium(0x8004, "Digium TCE400P", "wctc4xxp").firmware("dahdi-fw-tc400m.bin").transcoder(),
    // Sangoma says in the subsystem vendor what it is.
    sangoma(0xA010, "Sangoma A101"),
    sangoma(0xA011, "Sangoma A102"),
    sangoma(0xA013, "Sangoma A104"),
    sangoma(0xA111, "Sangoma A101D"),
    sangoma(0xA112, "Sangoma A102D"),
    sangoma(0xA113, "Sangoma A104D"),
    sangoma(0xA114, "Sangoma A108D"),
    sangoma(0xA117, "Sangoma A116D"),
    sangoma(0xA200, "Sangoma A200"),
    sangoma(0xA400, "Sangoma A400"),
    sangoma(0xA500, "Sangoma A500"),
    sangoma(0xB500, "Sangoma B500"),
    sangoma(0xA700, "Sangoma B700"),
    sangoma(0xA600, "Sangoma B600"),
    sangoma(0xA601, "Sangoma B601"),
    sangoma(0xA610, "Sangoma B610"),
    sangoma(0xB800, "Sangoma B800"),
    sangoma(0xF400, "Sangoma W400"),
    data(0xA020, "Sangoma A300"),
    data(0xA030, "Sangoma A305"),
    data(0xA115, "Sangoma A300"),
    data(0xA116, "Sangoma A305"),
    data(0xA118, "Sangoma T116"),
    data(0xA056, "Sangoma A056"),
    data(0xA031, "Sangoma A142"),
    data(0xA032, "Sangoma A144"),
    data(0xA033, "Sangoma A142"),
    data(0xA034, "Sangoma A144"),
    Known::wanpipe(XILINX, 0x0300, "Sangoma A101 (old numbers)"),
    // Makers with modules of their own.
    Known::maker((OPENVOX, 0x0115), "OpenVox D115", "opvxd115", "OpenVox"),
    Known::maker((OPENVOX, 0xD130), "OpenVox D130", "opvxd115", "OpenVox"),
    Known::maker((OPENVOX, 0xD210), "OpenVox D210", "wct4xxp", "OpenVox"),
    Known::maker((OPENVOX, 0xD230), "OpenVox D230", "wct4xxp", "OpenVox"),
    Known::maker((OPENVOX, 0xD410), "OpenVox D410", "wct4xxp", "OpenVox"),
    Known::maker((OPENVOX, 0xD430), "OpenVox D430", "wct4xxp", "OpenVox"),
    Known::maker((XILINX, 0x1004), "Aligera AP40x", "ap400", "Aligera"),
    rhino(0x0105, "Rhino R1T1", "r1t1"),
    rhino(0x0205, "Rhino R4FXO", "r4fxo"),
    rhino(0x0206, "Rhino RCB4FXO", "rcbfx"),
    rhino(0x0305, "Rhino R4T1", "rxt1"),
    rhino(0x0405, "Rhino R8FXX", "rcbfx"),
    rhino(0x0406, "Rhino RCB8FXX", "rcbfx"),
    rhino(0x0505, "Rhino R24FXX", "rcbfx"),
    rhino(0x0506, "Rhino RCB24FXS", "rcbfx"),
    rhino(0x0605, "Rhino R2T1", "rxt1"),
    rhino(0x0705, "Rhino R24FXS", "rcbfx"),
    rhino(0x0706, "Rhino RCB24FXO", "rcbfx"),
    rhino(0x0906, "Rhino RCB24FXX", "rcbfx"),
];

/// A Sangoma card by its subsystem vendor; the device is the size of its FPGA.
const fn sangoma(subvendor: u16, model: &'static str) -> Known {
    Known::wanpipe(SANGOMA, 0, model).sub(subvendor)
}

const fn data(subvendor: u16, model: &'static str) -> Known {
    nothing((SANGOMA, 0), model, "it carries data, and no telephony", "Use a voice card.").sub(subvendor)
}

/// Vendors whose every card is a telephony card, with the maker's name.
const TELEPHONY: &[(u16, &str)] =
    &[(DIGIUM, "Digium"), (SANGOMA, "Sangoma"), (OPENVOX, "OpenVox"), (RHINO, "Rhino")];

/// Class and subclass of a network controller for ISDN (PCI Code and ID Assignment Specification).
const ISDN: u32 = 0x0204;

/// A card by its numbers, if it is one for telephony.
pub fn find(vendor: u16, device: u16, subvendor: u16, subdevice: u16) -> Option<Known> {
    let size = if vendor == SANGOMA { 0 } else { device };
    CARDS.iter().find(|card| card.fits(vendor, size, subvendor, subdevice)).copied()
}

/// What a card is that no row fits: one of a telephony maker's, or one that says that it is ISDN.
pub fn unknown(vendor: u16, class: u32) -> Option<String> {
    let maker = TELEPHONY.iter().find(|(known, _)| *known == vendor);
    match maker {
        Some((_, maker)) => Some(format!("{maker} card")),
        None => (class >> 8 == ISDN).then(|| "ISDN card".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn module(vendor: u16, device: u16, subvendor: u16, subdevice: u16) -> &'static str {
        match find(vendor, device, subvendor, subdevice).map(|card| card.support) {
            Some(Support::Dahdi { module, .. } | Support::Maker { module, .. }) => module,
            Some(Support::Wanpipe) => "wanpipe",
            other => panic!("{other:?}"),
        }
    }

    /// Each row is reached by its own numbers: none stands behind one that hides it.
    #[test]
    fn no_row_hides_another() {
        for card in CARDS {
            let subvendor = card.subvendor.unwrap_or(0xFFFF);
            let subdevice = card.subdevice.unwrap_or(0xFFFF);
            assert_eq!(find(card.vendor, card.device, subvendor, subdevice), Some(*card), "{}", card.model);
        }
    }

    #[test]
    fn no_two_rows_are_the_same() {
        let keys: BTreeSet<_> =
            CARDS.iter().map(|card| (card.vendor, card.device, card.subvendor, card.subdevice)).collect();
        assert_eq!(keys.len(), CARDS.len());
    }

    #[test]
    fn the_subsystem_tells_cards_of_one_bridge_apart() {
        assert_eq!(module(0xE159, 1, 0x79FE, 3), "wcte11xp");
        assert_eq!(module(0xE159, 1, 0x8085, 3), "wcfxo");
        assert_eq!(module(0xE159, 1, 0x9532, 3), "opvxa1200");
        assert_eq!(module(0xE159, 1, 0x2151, 0), "ystdm8xx");
        assert_eq!(module(0xE159, 1, 0x1234, 0), "wctdm");
        let netjet = find(0xE159, 1, 0x0059, 1).unwrap();
        assert!(matches!(netjet.support, Support::Nothing { .. }));
    }

    #[test]
    fn generations_are_told_apart() {
        assert_eq!(find(0xD161, 0x0410, 3, 0).unwrap().model, "Digium TE410P (3rd gen)");
        assert_eq!(find(0xD161, 0x0410, 0, 0).unwrap().model, "Digium TE410P (2nd gen)");
        assert_eq!(find(0xD161, 0x1420, 4, 0), None, "a fifth generation has 5");
    }

    #[test]
    fn every_size_of_a_sangoma_is_the_same_card() {
        for size in [0x0030, 0x0040, 0x0100, 0x0300, 0x0400] {
            assert_eq!(find(0x1923, size, 0xA114, 0).unwrap().model, "Sangoma A108D");
        }
        assert_eq!(find(0x1923, 0x0100, 0x4753, 0), None);
        assert_eq!(unknown(0x1923, 0x02_80_00).as_deref(), Some("Sangoma card"));
    }

    #[test]
    fn what_is_no_telephony_is_not_seen() {
        // A network card, and QEMU's test device.
        assert_eq!(find(0x8086, 0x100E, 0x1AF4, 0x1100), None);
        assert_eq!(unknown(0x8086, 0x02_00_00), None);
        assert_eq!(unknown(0x1B36, 0x00_FF_00), None);
        assert_eq!(unknown(0x1244, 0x02_04_00).as_deref(), Some("ISDN card"));
    }

    #[test]
    fn transcoders_have_no_spans() {
        let card = find(0xD161, 0x3400, 0, 0).unwrap();
        assert!(matches!(card.support, Support::Dahdi { spans: false, firmware: Some(_), .. }));
    }
}
