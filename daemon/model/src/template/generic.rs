//! A gateway that has no template of its own.

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::SipPeer;

pub(super) fn template() -> TrunkTemplate {
    TrunkTemplate {
        id: "generic",
        maker: "Any other",
        models: "SIP gateways that can call an address without registering",
        peer: SipPeer::new(""),
        steps: vec![
            step(
                "SIP trunk or proxy",
                "GATEWAY and PORT over UDP, without registration",
                "calls are known by the address they come from",
            ),
            step(
                "Network",
                "A fixed address, the one that this trunk names",
                "calls from any other address are asked for a password",
            ),
            codecs("Codecs", "G.711 A-law and µ-law, 20 ms"),
            digits("DTMF", "RFC 4733 (also called RFC 2833), payload type 101"),
            step("Keep-alive", "OPTIONS to GATEWAY each 30 s", "otherwise the box finds out with a call"),
            step(
                "PRACK (100rel)",
                "Supported or off, not required",
                "a call that requires it fails with 420",
            ),
        ],
        notes: vec![
            "A provider gives a user name and a password: write them here and switch registration on.",
            "Digits as INFO are understood too; the gateway itself sends RFC 4733 or tones.",
        ],
    }
}
