//! Patton SmartNode, SmartWare and Trinity.

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::{CauseProfile, DiversionForm, SipPeer};

pub(super) fn template() -> TrunkTemplate {
    TrunkTemplate {
        id: "patton",
        maker: "Patton",
        models: "SmartNode 4110 to 10300 (SmartWare, Trinity)",
        peer: SipPeer {
            cause_profile: Some(CauseProfile::Rfc3398),
            diversion: DiversionForm::Diversion,
            ..SipPeer::new("")
        },
        steps: vec![
            step(
                "context cs > interface sip",
                "Bind it to the SIP gateway; remote host GATEWAY, port PORT",
                "calls from the telco do not reach us",
            ),
            step(
                "context cs > routing",
                "Route the interface of the telephone network to the interface of SIP, and back",
                "a call without a route is refused with 404",
            ),
            step(
                "context cs > interface sip",
                "Leave early-connect off and early-disconnect on",
                "with early-connect every call counts as answered while it still rings",
            ),
            step(
                "context cs > interface sip",
                "session-timer 1800 and penalty-box with OPTIONS each 30 s (both are off from the factory)",
                "without them a call may outlive the other side, and each call waits for a dead gateway",
            ),
            codecs("profile voip", "G.711 A-law 64k and µ-law 64k, 20 ms, no silence suppression"),
            digits("profile voip", "DTMF relay by RTP (RFC 2833), payload type 101"),
            step(
                "profile sip",
                "Leave the tables of causes as they are",
                "the gateway counts on the tables of RFC 3398",
            ),
        ],
        notes: vec![
            "It can send charges in INFO (aoc-d emit): the gateway refuses those with 415, the call goes on.",
        ],
    }
}
