//! What is sent is received, through G.711.

use super::*;
use crate::codec::g711;
use demarc_hal::{BLOCK, Companding};
use demarc_model::media::CallerIdForm::{self, *};
use demarc_model::{CallerId, Presentation};

fn through(law: Companding, form: CallerIdForm, caller: &CallerId) -> (Option<CallerId>, usize) {
    let mut sender = CallerIdSender::new(form, caller, [11, 21, 9, 5]).unwrap();
    let mut receiver = CallerIdReceiver::new(form).unwrap();
    let mut received = None;
    // Silence before, and after: a line is not cut at the last bit.
    let mut blocks = 0;
    let (mut before, mut after) = (10, 10);
    while after > 0 {
        let mut samples = [0; BLOCK];
        if before > 0 {
            before -= 1;
        } else if after == 10 && sender.send(&mut samples) {
            blocks += 1;
            assert!(blocks < 500, "never ends");
        } else {
            after -= 1;
        }
        let line = g711::decode_block(law, &g711::encode_block(law, &samples));
        if let Some(Message::Caller(caller)) = receiver.listen(&line) {
            received = Some(caller);
        }
    }
    (received, blocks)
}

fn anna() -> CallerId {
    CallerId { number: Some("02079460018".into()), name: Some("Anna Example".into()), ..CallerId::default() }
}

#[test]
fn number_and_name_arrive_in_each_form_and_law() {
    for form in [Bell202, V23] {
        for law in [Companding::ALaw, Companding::MuLaw] {
            let (received, blocks) = through(law, form, &anna());
            assert_eq!(received, Some(anna()), "{form:?} {law:?}");
            assert!((25..75).contains(&blocks), "{form:?}: {blocks} blocks fit between two rings");
        }
    }
}

#[test]
fn the_number_arrives_in_the_form_of_japan() {
    let (received, _) = through(Companding::MuLaw, V23Japan, &anna());
    assert_eq!(received, Some(CallerId { name: None, ..anna() }));
}

#[test]
fn withheld_and_unavailable_arrive_as_such() {
    for form in [Bell202, V23, V23Japan] {
        for presentation in [Presentation::Restricted, Presentation::Unavailable] {
            let (received, _) = through(Companding::ALaw, form, &CallerId { presentation, ..anna() });
            let nobody = CallerId { presentation, ..CallerId::default() };
            assert_eq!(received, Some(nobody), "{form:?}");
        }
    }
}

#[test]
fn names_that_a_telephone_cannot_show_are_made_to_fit() {
    let caller = CallerId { name: Some("Zoë of the very long name".into()), ..anna() };
    let (received, _) = through(Companding::ALaw, V23, &caller);
    assert_eq!(received.unwrap().name.as_deref(), Some("Zo? of the very"));
}

#[test]
fn speech_and_noise_are_nobody() {
    for form in [Bell202, V23, V23Japan, Dtmf] {
        let mut receiver = CallerIdReceiver::new(form).unwrap();
        let mut state = 7u32;
        for _ in 0..2000 {
            let samples = std::array::from_fn(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 16) as i16 / 4
            });
            assert_eq!(receiver.listen(&samples), None, "{form:?}");
        }
    }
}
