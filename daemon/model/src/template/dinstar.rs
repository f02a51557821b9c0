//! Dinstar MTG and SMG (E1/T1), DAG (analog), UC2000 (mobile).

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::{CauseProfile, DiversionForm, SipPeer};

pub(super) fn template() -> TrunkTemplate {
    TrunkTemplate {
        id: "dinstar",
        maker: "Dinstar",
        models: "MTG and SMG for E1/T1, DAG for lines, UC2000 for mobile networks",
        peer: SipPeer {
            cause_profile: Some(CauseProfile::Rfc3398),
            diversion: DiversionForm::Diversion,
            ..SipPeer::new("")
        },
        steps: vec![
            step(
                "SIP Config > SIP Trunk",
                "Remote address GATEWAY, port PORT, UDP; register to remote: no",
                "calls are known by the address they come from",
            ),
            step(
                "SIP Config > SIP Trunk",
                "Heartbeat: yes (OPTIONS)",
                "without it the box keeps sending calls while we are away",
            ),
            codecs("IP Group Config > IP Profile", "G.711 A-law and G.711 µ-law, 20 ms"),
            digits("IP Group Config > IP Profile", "DTMF by RFC 2833, payload type 101"),
            step(
                "Call Routing > PSTN to IP",
                "Any called number of the PSTN group goes to this SIP trunk",
                "calls from the telco do not reach us",
            ),
            step(
                "Call Routing > IP to PSTN",
                "Calls of this SIP trunk go to the PSTN group",
                "calls to the telco are refused",
            ),
        ],
        notes: vec!["Its heartbeat is answered without a password: it comes from the address of the trunk."],
    }
}
