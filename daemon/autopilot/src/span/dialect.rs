//! Which dialect the far end speaks, as far as its messages betray it.
//!
//! Each thing that is seen leaves some dialects possible. Most of what crosses a D channel is the same
//! in all of them: then the country's default stands, and the finding says so.

use super::names::spoken;
use demarc_isdn::Dialect;
use demarc_isdn::q931::{Element, Message};

/// All, the likelier first where nothing tells them apart.
const ALL: [Dialect; 7] = [
    Dialect::EuroIsdn,
    Dialect::Ni2,
    Dialect::Att5ess,
    Dialect::Dms100,
    Dialect::Att4ess,
    Dialect::Ni1,
    Dialect::Qsig,
];
const EUROPE: [Dialect; 2] = [Dialect::EuroIsdn, Dialect::Qsig];
const AMERICA: [Dialect; 5] =
    [Dialect::Ni2, Dialect::Att5ess, Dialect::Dms100, Dialect::Att4ess, Dialect::Ni1];

/// Information elements of codeset 0, Q.931 Table 4-3.
const BEARER_CAPABILITY: u8 = 0x04;
const FACILITY: u8 = 0x1C;
const NETWORK_SPECIFIC: u8 = 0x20;
const DISPLAY: u8 = 0x28;
const SENDING_COMPLETE: u8 = 0xA1;

/// What is still possible.
#[derive(Debug)]
pub(super) struct Judge {
    possible: Vec<Dialect>,
    /// What was seen does not go together.
    contradiction: bool,
}

/// One thing that was seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Sign {
    pub(super) of: Vec<Dialect>,
    pub(super) seen: &'static str,
}

impl Default for Judge {
    fn default() -> Self {
        Self { possible: ALL.to_vec(), contradiction: false }
    }
}

impl Judge {
    /// Takes a sign in.
    pub(super) fn weigh(&mut self, sign: &Sign) {
        let both: Vec<_> = self.possible.iter().copied().filter(|d| sign.of.contains(d)).collect();
        if both.is_empty() {
            // The latest word counts: a PBX may have been replaced.
            self.contradiction = true;
            self.possible.clone_from(&sign.of);
        } else {
            self.possible = both;
        }
    }

    /// Nothing was seen that tells.
    pub(super) fn is_open(&self) -> bool {
        self.possible.len() == ALL.len()
    }

    /// The dialect is this one and no other.
    pub(super) fn is_sure(&self) -> bool {
        self.possible.len() == 1 && !self.contradiction
    }

    /// What to speak: `now` while that is possible.
    pub(super) fn choice(&self, now: Dialect) -> Dialect {
        if self.possible.contains(&now) { now } else { self.possible.first().copied().unwrap_or(now) }
    }

    /// The possible ones, for a sentence.
    pub(super) fn words(&self) -> String {
        let names: Vec<_> = self.possible.iter().map(|dialect| spoken(*dialect)).collect();
        match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} and {last} alike", rest.join(", ")),
            Some((last, _)) => (*last).to_owned(),
            None => String::new(),
        }
    }
}

/// What a message from the far end betrays.
pub(super) fn signs(octets: &[u8]) -> Vec<Sign> {
    let sign = |of: &[Dialect], seen| Sign { of: of.to_vec(), seen };
    match octets.first() {
        Some(0x43) => return vec![sign(&[Dialect::Ni2], "SERVICE with the discriminator of NI-2 (0x43).")],
        Some(0x03) => {
            let att = [Dialect::Att5ess, Dialect::Dms100, Dialect::Att4ess];
            return vec![sign(&att, "SERVICE with the discriminator of AT&T switches (0x03).")];
        }
        _ => {}
    }
    let Some(message) = Message::parse(octets) else { return Vec::new() };
    message.elements().filter_map(|element| element_sign(message.kind, &element)).collect()
}

fn element_sign(message: u8, element: &Element<'_>) -> Option<Sign> {
    let sign = |of: &[Dialect], seen| Some(Sign { of: of.to_vec(), seen });
    match (element.codeset, element.id) {
        (0, SENDING_COMPLETE) => {
            sign(&EUROPE, "SETUP with Sending Complete, which North America does not use.")
        }
        (0, DISPLAY) => match element.content {
            // Q.931 Amendment for North America: display type and character set go before the text.
            [0x80..=0xFF, ..] => {
                sign(&AMERICA, "Display information with a type octet, as in North America.")
            }
            [_, ..] => sign(&EUROPE, "Display information is text alone, as in Europe."),
            [] => None,
        },
        (0, BEARER_CAPABILITY) if message == Message::SETUP => bearer(element.content),
        (0, FACILITY) => facility(element.content),
        (0, NETWORK_SPECIFIC) => sign(&AMERICA, "Network-specific facilities, which Europe does not use."),
        (4, _) => sign(&[Dialect::Qsig], "Elements of codeset 4 (ISO), as between PBXs."),
        (6, _) => {
            let att = [Dialect::Att5ess, Dialect::Dms100, Dialect::Att4ess];
            sign(&att, "Elements of codeset 6, as from AT&T and Nortel switches.")
        }
        _ => None,
    }
}

/// Bearer capability, Q.931 §4.5.5: user information layer 1.
fn bearer(content: &[u8]) -> Option<Sign> {
    let law = content.get(2).map(|octet| octet & 0x7F);
    let seen = "Voice in A-law, which North America does not use.";
    (law == Some(0x23)).then(|| Sign { of: EUROPE.to_vec(), seen })
}

/// Facility: the protocol profile (Q.932 §8.2.3), then components.
fn facility(content: &[u8]) -> Option<Sign> {
    let sign = |of, seen| Some(Sign { of: vec![of], seen });
    match content {
        // ECMA-165: a network facility extension says which PBX is meant.
        [profile, 0xAA, ..] if profile & 0x1F == 0x1F => {
            sign(Dialect::Qsig, "Facility with a network facility extension (ECMA-165).")
        }
        [profile, _, ..] if profile & 0x1F == 0x1F => sign(
            Dialect::Ni2,
            "Facility with networking extensions but no network facility extension: a name in NI-2.",
        ),
        [profile, 0xBE, ..] if profile & 0x1F == 0x11 => {
            sign(Dialect::Dms100, "Facility with the service identifier of release link trunk (NIS-A211).")
        }
        [profile, 0xA1..=0xA4, ..] if profile & 0x1F == 0x11 => {
            sign(Dialect::EuroIsdn, "Facility with remote operations alone (EN 300 196).")
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A SETUP with these elements.
    fn setup(elements: &[&[u8]]) -> Vec<u8> {
        [&[0x08, 2, 0, 1, Message::SETUP][..], &elements.concat()].concat()
    }

    fn judged(messages: &[Vec<u8>]) -> Judge {
        let mut judge = Judge::default();
        messages.iter().flat_map(|octets| signs(octets)).for_each(|sign| judge.weigh(&sign));
        judge
    }

    #[test]
    fn what_every_dialect_sends_tells_nothing() {
        let judge = judged(&[setup(&[&[0x04, 3, 0x80, 0x90, 0xA2], &[0x18, 3, 0xA9, 0x83, 0x81]])]);
        assert!(judge.is_open() && judge.choice(Dialect::Ni1) == Dialect::Ni1);
    }

    #[test]
    fn signs_narrow_and_the_last_of_two_that_differ_counts() {
        let euro = setup(&[&[0xA1], &[0x28, 3, b'A', b'd', b'a']]);
        let judge = judged(std::slice::from_ref(&euro));
        assert_eq!(judge.words(), "EuroISDN and QSIG alike");
        assert_eq!(
            (judge.choice(Dialect::Ni2), judge.choice(Dialect::Qsig)),
            (Dialect::EuroIsdn, Dialect::Qsig)
        );
        let american = setup(&[&[0x28, 2, 0xB1, b'A']]);
        let judge = judged(&[euro, american]);
        assert!(!judge.is_sure() && judge.choice(Dialect::EuroIsdn) == Dialect::Ni2);
    }

    #[test]
    fn some_signs_are_of_one_dialect_alone() {
        for (octets, dialect) in [
            (setup(&[&[0x1C, 3, 0x9F, 0xAA, 0]]), Dialect::Qsig),
            (setup(&[&[0x1C, 3, 0x9F, 0x8B, 0]]), Dialect::Ni2),
            (setup(&[&[0x1C, 3, 0x91, 0xBE, 0]]), Dialect::Dms100),
            (setup(&[&[0x1C, 3, 0x91, 0xA1, 0]]), Dialect::EuroIsdn),
            (vec![0x43, 2, 0, 0, 0x07], Dialect::Ni2),
        ] {
            let judge = judged(std::slice::from_ref(&octets));
            assert!(judge.is_sure() && judge.choice(Dialect::Ni1) == dialect, "{octets:?}");
        }
    }
}
