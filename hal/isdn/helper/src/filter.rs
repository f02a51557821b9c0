//! Frames that libpri is not to see, because it trusts them too far.

/// Shortest frame with FCS that has an address and a control field (Q.921 §2.2).
const SHORTEST: usize = 5;

/// A protocol discriminator of nobody's: libpri passes such a message over (Q.931 §5.8.1), and layer 2
/// has counted its frame.
const NOBODY: u8 = 0xFF;

/// Makes a frame harmless; `terminals` on the network side of a point-to-multipoint BRI. False: libpri
/// is not to have it at all.
pub fn tame(frame: &mut [u8], terminals: bool) -> bool {
    if frame.len() < SHORTEST {
        return false;
    }
    let global = message(frame).filter(|message| terminals && is_global(message));
    if let Some(discriminator) = global.and_then(<[u8]>::first_mut) {
        *discriminator = NOBODY;
    }
    true
}

/// The message in an I or UI frame, with FCS.
fn message(frame: &mut [u8]) -> Option<&mut [u8]> {
    let head = match frame.get(2)? {
        control if control & 1 == 0 => 4,
        0x03 | 0x13 => 3,
        _ => return None,
    };
    frame.get_mut(head..)
}

/// A message about no call in particular (global call reference, Q.931 §4.3).
///
/// libpri keeps a record of the terminal that sent one. When that terminal loses its TEI, libpri
/// frees the record and goes on from it through its list (`q931_dl_event`). It has no RESTART on a bus
/// in any case.
fn is_global(message: &[u8]) -> bool {
    let Some((_, [length, rest @ ..])) = message.split_first() else { return false };
    match rest.get(..usize::from(length & 0x0F)) {
        // The first bit is the flag.
        Some([first, others @ ..]) => first & 0x7F == 0 && others.iter().all(|octet| *octet == 0),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tamed(frame: &[u8], terminals: bool) -> Vec<u8> {
        let mut frame = frame.to_vec();
        assert!(tame(&mut frame, terminals));
        frame
    }

    #[test]
    fn a_frame_has_an_address_and_a_control_field() {
        assert!(tame(&mut [0x02, 0x01, 0x7F, 0, 0], false));
        assert!(!tame(&mut [0x02, 0x01, 0, 0], false));
        assert!(!tame(&mut [], true));
    }

    #[test]
    fn a_terminal_restarts_nothing_but_its_frame_counts() {
        // The frame after which libpri read freed memory, when T201 had removed its TEI.
        let restart =
            [0x00, 0x85, 0x03, 0x08, 0x02, 0x80, 0x00, 0x46, 0x18, 0x01, 0x89, 0x79, 0x01, 0x80, 0, 0];
        let mut passed_over = restart;
        passed_over[3] = NOBODY;
        assert_eq!(tamed(&restart, true), passed_over);
        assert_eq!(tamed(&restart, false), restart);
        let numbered = [0x00, 0x85, 0x02, 0x04, 0x08, 0x01, 0x00, 0x46, 0, 0];
        assert_eq!(tamed(&numbered, true), [0x00, 0x85, 0x02, 0x04, NOBODY, 0x01, 0x00, 0x46, 0, 0]);
        // Calls, the dummy reference of FACILITY, and what is no message pass as they are.
        for frame in [
            &[0x00, 0x85, 0x00, 0x00, 0x08, 0x01, 0x01, 0x05, 0, 0][..],
            &[0x00, 0x85, 0x00, 0x00, 0x08, 0x00, 0x62, 0, 0],
            &[0x00, 0x85, 0x01, 0x02, 0, 0],
        ] {
            assert_eq!(tamed(frame, true), frame);
        }
    }
}
