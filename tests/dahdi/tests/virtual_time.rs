//! The driver and the helpers in virtual time: everything that needs neither a gateway nor a peer outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_dahdi_tests::capture;
use demarc_dahdi_tests::isdn::{DIALECTS, Wire};
use demarc_dahdi_tests::lab::{Boot, far_end, program};
use demarc_isdn::Dialect;
use std::path::Path;

/// SETUP, CALL PROCEEDING, ALERTING, CONNECT, CONNECT ACKNOWLEDGE, DISCONNECT, RELEASE, RELEASE COMPLETE,
/// RESTART, RESTART ACKNOWLEDGE.
const MESSAGES: [u8; 10] = [0x05, 0x02, 0x01, 0x07, 0x0F, 0x45, 0x4D, 0x5A, 0x46, 0x4E];

#[test]
fn calls_with_libpri_alone_and_no_malformed_frame() {
    let folder = tempfile::tempdir().unwrap();
    let boot = Boot::new("e1x2,t1x2").with(&far_end(folder.path())).with(&program("demarc-isdn-helper"));
    let left = boot.run(env!("CARGO_BIN_EXE_in-guest"), &["interop"]);
    left.check();
    for wire in [Wire::E1, Wire::T1] {
        for (dialect, name) in DIALECTS {
            for side in ["user", "network"] {
                let file = format!("{}-{name}-{side}.pcap", wire.name());
                judge(&left.out.path().join(&file), dialect, &file);
            }
        }
    }
}

#[test]
fn conformance_pri_r2_analog_calls_alarms_and_changes() {
    Boot::new("e1x2,t1x2")
        .with(&program("demarc-isdn-helper"))
        .with(&program("demarc-r2-helper"))
        .run(env!("CARGO_BIN_EXE_in-guest"), &["conformance,pri,analog,bulk,r2,trouble"])
        .check();
}

fn judge(path: &Path, dialect: Dialect, name: &str) {
    let capture = capture::read(path, dialect == Dialect::Qsig);
    assert!(capture.malformed.is_empty(), "{name}: {:#?}", capture.malformed);
    for kind in MESSAGES {
        assert!(capture.from_user.contains(&kind), "{name}: the user side sent no {kind:#04x}");
        assert!(capture.from_network.contains(&kind), "{name}: the network side sent no {kind:#04x}");
    }
    println!("{name}: {} frames, none malformed", capture.frames);
}

/// A capture of one frame whose Cause element ends behind the frame.
#[test]
fn a_malformed_frame_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("bad.pcap");
    let header = [0xA1B2_C3D4_u32, 2 | 4 << 16, 0, 0, 65_535, 177];
    let cooked = [0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x30];
    let frame = [0x00, 0x01, 0x00, 0x00, 0x08, 0x02, 0x00, 0x01, 0x45, 0x08, 0x06, 0x80];
    let length = u32::try_from(cooked.len() + frame.len()).unwrap();
    let mut octets: Vec<u8> =
        header.into_iter().chain([0, 0, length, length]).flat_map(u32::to_le_bytes).collect();
    octets.extend(cooked);
    octets.extend(frame);
    std::fs::write(&path, octets).unwrap();
    let capture = capture::read(&path, false);
    assert_eq!(capture.frames, 1);
    assert_eq!(capture.malformed.len(), 1, "{capture:?}");
}
