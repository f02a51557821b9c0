//! Grandstream: GXW410x and HT813 for lines, GXW450x for E1.

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::{CauseProfile, DiversionForm, SipPeer};

pub(super) fn analog() -> TrunkTemplate {
    TrunkTemplate {
        id: "grandstream-fxo",
        maker: "Grandstream",
        models: "GXW4104, GXW4108, HT813: FXO lines",
        peer: SipPeer {
            // A line knows of no diversion.
            diversion: DiversionForm::None,
            ..SipPeer::new("")
        },
        steps: vec![
            step(
                "Accounts",
                "SIP server GATEWAY:PORT; SIP registration: no; outgoing call without registration: yes",
                "calls are known by the address they come from",
            ),
            step(
                "FXO Lines > Dialing",
                "Stage method 1, wait for dial tone as the line has it",
                "with two stages the box answers every call at once and waits for digits: calls count as answered",
            ),
            step(
                "Channels > Unconditional call forward to VoIP",
                "A user ID with the number of an inbound route, SIP server GATEWAY, port PORT",
                "calls from the lines are answered by the box itself and get a dial tone",
            ),
            codecs(
                "Accounts or Profile > Audio",
                "G.711 A-law (PCMA) and µ-law (PCMU) in every place of the list",
            ),
            digits("Channels > DTMF methods", "RFC 2833 for every channel, payload type 101"),
            step(
                "FXO Lines > Tone settings and disconnect",
                "Busy tone of the country; current disconnect or polarity reversal if the line has them",
                "the box does not see that the caller hung up, and the line stays taken",
            ),
        ],
        notes: vec![
            "A call to a line counts as answered when the box says so: without polarity reversal that is \
             at the end of dialling.",
        ],
    }
}

pub(super) fn digital() -> TrunkTemplate {
    TrunkTemplate {
        id: "grandstream-e1",
        maker: "Grandstream",
        models: "GXW4501, GXW4502, GXW4504: E1, T1 and J1",
        peer: SipPeer { cause_profile: Some(CauseProfile::Asterisk), ..SipPeer::new("") },
        steps: vec![
            step(
                "VoIP Trunks",
                "Peer SIP trunk: host GATEWAY:PORT, keep-alive by OPTIONS",
                "calls are known by the address they come from",
            ),
            step(
                "Outbound routes",
                "From the digital trunk to the peer trunk, any number, nothing stripped",
                "calls from the telco do not reach us",
            ),
            step(
                "Inbound routes",
                "From the peer trunk to the digital trunk, any number, nothing stripped",
                "calls to the telco are refused with 404",
            ),
            codecs("VoIP Trunks > Codec", "G.711 A-law (PCMA) and µ-law (PCMU), no other"),
            digits("VoIP Trunks > DTMF mode", "RFC 4733 (RFC 2833)"),
        ],
        notes: vec!["Its causes map as Asterisk maps them, when it tells none in a Reason header."],
    }
}
