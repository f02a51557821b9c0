//! What tshark's dissectors of Q.921, Q.931 and Q.932 say of a D channel.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// One capture of the far end.
#[derive(Debug)]
pub struct Capture {
    /// Frames in it.
    pub frames: usize,
    /// Q.931 message types that the user side sent.
    pub from_user: BTreeSet<u8>,
    /// Those that the network side sent.
    pub from_network: BTreeSet<u8>,
    /// Frames in which the dissectors found something malformed, in their words.
    pub malformed: Vec<String>,
}

/// Expert information of the group "malformed", whatever its severity.
const MALFORMED: &str = "_ws.expert.group == 0x07000000";
/// A FACILITY element of Nortel's own: DMS-100 offers release link trunk with service discriminator 0xBE
/// (NIS-A211-1), which the dissector of Q.932 takes for the beginning of a component.
const NORTEL: &str = "frame contains 1c:0a:11:be";

/// Reads one. `qsig` tells whether the private operations of QSIG are meant by local values: ETSI's
/// have the same values, and the dissector would read one as the other.
pub fn read(file: &Path, qsig: bool) -> Capture {
    let filter = format!("{MALFORMED} && !({NORTEL})");
    let malformed = fields(file, qsig, &filter, &["frame.number", "q931.message_type", "_ws.expert.message"]);
    let messages = fields(file, qsig, "q931", &["lapd.direction", "q931.message_type"]);
    let side = |direction: &str| {
        let own =
            messages.iter().filter_map(|line| line.split_once('\t')).filter(|(from, _)| *from == direction);
        own.filter_map(|(_, kind)| u8::from_str_radix(kind.trim_start_matches("0x"), 16).ok()).collect()
    };
    let frames = fields(file, qsig, "lapd", &["frame.number"]).len();
    Capture { frames, from_user: side("0"), from_network: side("1"), malformed }
}

fn fields(file: &Path, qsig: bool, filter: &str, names: &[&str]) -> Vec<String> {
    let mut command = Command::new("tshark");
    command.arg("-r").arg(file).args(["-Y", filter, "-T", "fields"]);
    if !qsig {
        command.args(["--disable-protocol", "qsig"]);
    }
    for name in names {
        command.args(["-e", name]);
    }
    let done = command.output().expect("tshark");
    assert!(done.status.success(), "tshark: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).lines().map(str::to_owned).collect()
}
