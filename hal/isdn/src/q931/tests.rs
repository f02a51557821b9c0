use super::{Message, describe};
use proptest::prelude::*;

/// A SETUP as EN 300 403 wants it, from an E1.
const SETUP: &[u8] = &[
    0x08, 0x02, 0x00, 0x05, 0x05, 0xA1, 0x04, 0x03, 0x80, 0x90, 0xA3, 0x18, 0x03, 0xA9, 0x83, 0x83, 0x1E,
    0x02, 0x81, 0x83, 0x28, 0x05, b'A', b'l', b'i', b'c', b'e', 0x6C, 0x0D, 0x11, 0x81, b'4', b'4', b'2',
    b'0', b'7', b'9', b'4', b'6', b'0', b'0', b'0', 0x70, 0x05, 0x81, b'1', b'0', b'0', b'2', 0x74, 0x05,
    0x01, 0x01, 0x8F, b'4', b'2',
];

#[test]
fn a_setup_reads_like_one() {
    let description = describe(SETUP);
    assert_eq!(description.label, "SETUP");
    assert_eq!(
        description.detail,
        "Call reference: 5, from the originator\n\
         Sending complete\n\
         Bearer capability: speech, circuit mode, 64 kbit/s, A-law\n\
         Channel identification: B channel 3, exclusive\n\
         Progress indicator: 3 the calling side is not ISDN, from: private network of the local user\n\
         Display: Alice\n\
         Calling party number: 44207946000, international, E.164, presentation allowed, user provided, verified\n\
         Called party number: 1002, unknown type, E.164\n\
         Redirecting number: 42, unknown type, E.164, presentation allowed, user provided, verified, redirected: unconditional"
    );
}

#[test]
fn a_withheld_number_and_its_digits_are_told_apart() {
    let octets = [0x08, 0x02, 0x80, 0x05, 0x07, 0x4C, 0x02, 0x00, 0xA3];
    let description = describe(&octets);
    assert_eq!(description.label, "CONNECT");
    assert_eq!(
        description.detail,
        "Call reference: 5, to the originator\n\
         Connected number: no digits, unknown type, unknown plan, presentation restricted, network provided"
    );
}

#[test]
fn a_disconnect_names_its_cause_and_the_tone() {
    let octets = [0x08, 0x02, 0x80, 0x05, 0x45, 0x08, 0x02, 0x82, 0x91, 0x1E, 0x02, 0x82, 0x88];
    let description = describe(&octets);
    assert_eq!(description.label, "DISCONNECT");
    assert!(description.detail.contains("Cause: 17 user busy, from: public network of the local user"));
    assert_eq!(Message::parse(&octets).unwrap().cause(), Some(17));
    assert!(Message::parse(&octets).unwrap().has_progress(8));
    assert!(!Message::parse(&octets).unwrap().has_progress(1));
}

#[test]
fn a_restart_names_its_channels() {
    let octets = [0x08, 0x02, 0x00, 0x00, 0x46, 0x18, 0x04, 0xA1, 0x83, 0x01, 0x82, 0x79, 0x01, 0x80];
    assert_eq!(
        describe(&octets).detail,
        "Call reference: global\n\
         Channel identification: B channel 1 2, preferred\n\
         Restart indicator: the indicated channels"
    );
}

#[test]
fn what_is_cut_short_is_shown_as_it_is() {
    let octets = [0x08, 0x02, 0x00, 0x05, 0x05, 0x70, 0x09, 0x81, b'1'];
    assert_eq!(
        describe(&octets).detail,
        "Call reference: 5, from the originator\nNot understood: 70 09 81 31"
    );
    assert_eq!(describe(&[]).label, "not a Q.931 message");
}

#[test]
fn another_codeset_is_not_read_as_codeset_0() {
    let octets =
        [0x08, 0x02, 0x00, 0x05, 0x62, 0x9E, 0x28, 0x01, b'A', 0x28, 0x01, b'B', 0x95, 0x28, 0x01, b'C'];
    let detail = describe(&octets).detail;
    assert!(detail.contains("Element 6:0x28: 41"), "{detail}");
    assert!(detail.contains("Display: B"), "{detail}");
    assert!(detail.contains("Element 5:0x28: 43"), "{detail}");
}

proptest! {
    #[test]
    fn any_octets_give_a_bounded_answer(octets in prop::collection::vec(any::<u8>(), 0..600)) {
        let description = describe(&octets);
        prop_assert!(!description.label.is_empty());
        prop_assert!(description.detail.len() < 16_384);
    }

    #[test]
    fn a_damaged_setup_gives_a_bounded_answer(at in 0..SETUP.len(), octet: u8, cut in 0..=SETUP.len()) {
        let mut octets = SETUP.to_vec();
        octets[at] = octet;
        octets.truncate(cut);
        prop_assert!(describe(&octets).detail.len() < 16_384);
    }
}
