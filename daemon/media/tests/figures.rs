//! What `cargo run --example figures` prints, as promises. The tests of speech need the recordings
//! that `tools/install-deps test` installs.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::Companding;
use demarc_model::Country;
use demarc_model::media::{CallerIdForm, Detect};
use lab::{Lab, Line, identity, keys, signal, speech, stream, tones};

#[test]
fn two_hundred_keys_are_heard_in_every_way_that_q24_knows() {
    for way in keys::WAYS {
        for law in [Companding::ALaw, Companding::MuLaw] {
            let expected = if way.heard { 200 } else { 0 };
            assert_eq!(keys::heard(&way, law), (expected, 0), "{} {law:?}", way.name);
        }
    }
}

#[test]
fn an_hour_of_speech_has_no_key_in_it() {
    assert_eq!(keys::talk_off(&speech::minutes(60), 0.0), "");
}

#[test]
fn quiet_caller_identity_in_noise_is_read_a_hundred_times_of_a_hundred() {
    for form in identity::FORMS {
        for any in [false, true] {
            let received = identity::received(form, Companding::ALaw, -30.0, 20.0, any);
            assert_eq!(received, 100, "{form:?} any: {any}");
        }
    }
}

#[test]
fn ten_minutes_of_speech_are_no_tone_of_any_country_and_nobody_calls() {
    let speech = speech::minutes(10);
    for country in Country::ALL {
        assert_eq!(tones::in_speech(country, &speech), [], "{country:?}");
    }
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    let caller_id = Some(CallerIdForm::V23);
    let detect = Detect { caller_id, caller_id_any: true, alerting_signal: true, ..Detect::NONE };
    lab.detect(stream(1), detect);
    for block in signal::blocks(line.law, &speech) {
        line.say(block);
        lab.tick();
        line.heard();
    }
    assert_eq!(lab.events, []);
}
