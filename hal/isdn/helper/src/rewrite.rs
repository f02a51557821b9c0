//! What Q.931 has and libpri's interface lacks, put into the messages on their way out.
//!
//! - DISCONNECT with progress indicator 8: a tone is in band until the release (§5.4).
//! - RELEASE after that DISCONNECT: libpri would wait for T305, 30 s. It is told to send
//!   INFORMATION, which changes no state, and that becomes the RELEASE.
//! - DISCONNECT with any cause: with some (1, 6, 7, 26, 34, 44, 81, 82, 88) libpri skips it in states
//!   where it is due (§5.3.3).
//! - RELEASE COMPLETE with any cause as the first answer to a SETUP (§5.3.2): libpri does it only
//!   for a few causes and says nothing at all for the others.

use demarc_isdn::q931::Message;

/// What is to be said differently in one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rewrite {
    /// DISCONNECT gets the progress indicator; INFORMATION becomes RELEASE with this cause.
    InBand(u8),
    /// DISCONNECT gets this cause.
    Disconnect(u8),
    /// RELEASE COMPLETE gets this cause.
    Refuse(u8),
}

/// Progress indicator 8, from the private network that serves the local user.
const PROGRESS: [u8; 4] = [0x1E, 0x02, 0x81, 0x88];

/// The message to send instead, from the protocol discriminator on; `None` to leave it.
pub fn rewrite(octets: &[u8], message: &Message<'_>, wish: &Rewrite) -> Option<Vec<u8>> {
    let head = octets.get(..octets.len().checked_sub(message.body.len() + 1)?)?;
    let with = |kind: u8, body: &[u8]| Some([head, &[kind], body].concat());
    match (wish, message.kind) {
        (Rewrite::InBand(_), Message::DISCONNECT) => {
            // Elements stand in the order of their identifiers (§4.5.1).
            let before = message.elements().take_while(|element| element.id < 0x1E);
            let at = before.map(|element| 2 + element.content.len()).sum();
            let (before, after) = message.body.split_at_checked(at)?;
            with(message.kind, &[before, &PROGRESS, after].concat())
        }
        (Rewrite::InBand(cause), Message::INFORMATION) => with(Message::RELEASE, &said(*cause)),
        (Rewrite::Disconnect(cause), Message::DISCONNECT)
        | (Rewrite::Refuse(cause), Message::RELEASE_COMPLETE) => with(message.kind, &said(*cause)),
        _ => None,
    }
}

/// The element "cause", from the private network that serves the local user.
fn said(cause: u8) -> [u8; 4] {
    [0x08, 0x02, 0x81, 0x80 | cause]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rewritten(octets: &[u8], wish: Rewrite) -> Option<Vec<u8>> {
        rewrite(octets, &Message::parse(octets)?, &wish)
    }

    #[test]
    fn disconnect_says_that_a_tone_is_in_band() {
        let plain = [0x08, 0x02, 0x80, 0x07, 0x45, 0x08, 0x02, 0x81, 0x91, 0x7E, 0x01, 0x04];
        let tone =
            [0x08, 0x02, 0x80, 0x07, 0x45, 0x08, 0x02, 0x81, 0x91, 0x1E, 0x02, 0x81, 0x88, 0x7E, 0x01, 0x04];
        assert_eq!(rewritten(&plain, Rewrite::InBand(17)), Some(tone.to_vec()));
        assert_eq!(rewritten(&plain, Rewrite::Refuse(17)), None);
    }

    #[test]
    fn information_becomes_the_release_that_is_due() {
        let digit = [0x08, 0x02, 0x80, 0x07, 0x7B, 0x70, 0x02, 0x81, b'0'];
        let release = [0x08, 0x02, 0x80, 0x07, 0x4D, 0x08, 0x02, 0x81, 0x91];
        assert_eq!(rewritten(&digit, Rewrite::InBand(17)), Some(release.to_vec()));
    }

    #[test]
    fn a_refusal_keeps_its_cause() {
        let plain = [0x08, 0x02, 0x80, 0x07, 0x5A, 0x08, 0x02, 0x81, 0xD8];
        let busy = [0x08, 0x02, 0x80, 0x07, 0x5A, 0x08, 0x02, 0x81, 0x91];
        assert_eq!(rewritten(&plain, Rewrite::Refuse(17)), Some(busy.to_vec()));
    }
}
