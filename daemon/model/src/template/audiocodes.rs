//! AudioCodes MediaPack and Mediant.

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::{CauseProfile, DiversionForm, SipPeer};

pub(super) fn template() -> TrunkTemplate {
    TrunkTemplate {
        id: "audiocodes",
        maker: "AudioCodes",
        models: "MediaPack 11x and 1288, Mediant 500 to 3000 as gateway",
        peer: SipPeer {
            // Where its table differs from RFC 3398: 501, 482 and 483.
            cause_profile: Some(CauseProfile::Audiocodes),
            diversion: DiversionForm::Both,
            ..SipPeer::new("")
        },
        steps: vec![
            step(
                "Proxy Set",
                "GATEWAY:PORT, UDP, keep-alive by OPTIONS each 30 s",
                "without the keep-alive the box finds out with a call that we are away",
            ),
            step(
                "IP Group or Proxy & Registration",
                "Use the proxy set; no registration, no authentication",
                "calls are known by the address they come from",
            ),
            step(
                "Tel-to-IP routing",
                "Any prefix of the trunk group goes to the proxy set",
                "calls from the telco do not reach us",
            ),
            step(
                "IP-to-Tel routing",
                "Calls from GATEWAY go to the trunk group or hunt group",
                "calls to the telco are refused with 404",
            ),
            codecs("Coders", "G.711 A-law and G.711 µ-law, 20 ms, no other"),
            digits("DTMF & Dialing", "RFC 2833 in the SDP: yes; first transmit option RFC 2833"),
            step(
                "SIP general parameters",
                "Early media: enabled (it is disabled from the factory)",
                "callers hear silence where the telco announces something",
            ),
            step(
                "SIP general parameters",
                "PRACK: supported or disabled, not required",
                "a call that requires it fails with 420",
            ),
        ],
        notes: vec![
            "It tells its cause in a Reason header: that is taken before the status.",
            "Its keep-alive takes every answer for a sign of life.",
        ],
    }
}
