//! Khomp KMG and UMG.

use super::{TrunkTemplate, codecs, digits, step};
use crate::config::{CauseProfile, DiversionForm, SipPeer};

pub(super) fn template() -> TrunkTemplate {
    TrunkTemplate {
        id: "khomp",
        maker: "Khomp",
        models: "KMG One, KMG 200 to 3200, UMG: E1 (R2 and ISDN), FXO, mobile",
        peer: SipPeer {
            cause_profile: Some(CauseProfile::Rfc3398),
            diversion: DiversionForm::Diversion,
            ..SipPeer::new("")
        },
        steps: vec![
            step(
                "SIP > Servers",
                "UDP on the address that this trunk names",
                "calls from any other address are asked for a password",
            ),
            step(
                "Routing > NAP",
                "A SIP NAP of type peer: GATEWAY, PORT, without registration, OPTIONS on",
                "without OPTIONS the NAP shows as up while we are away",
            ),
            codecs("Routing > NAP > Codecs", "G.711 A-law and G.711 µ-law, 20 ms"),
            digits("Routing > NAP > DTMF", "RFC 2833"),
            step(
                "Routing > Routes",
                "From the NAP of the telephone network to the SIP NAP, and one the other way",
                "calls are refused where there is no route",
            ),
            step(
                "Telephony > Signaling",
                "On E1 with R2: blocking of collect calls as the site wants it",
                "the double answer that drops collect calls is made by the box, not by us",
            ),
        ],
        notes: Vec::new(),
    }
}
