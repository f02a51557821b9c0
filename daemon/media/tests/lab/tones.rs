//! Call-progress tones where there are none.
#![allow(dead_code)] // each test file uses a part

use super::{Lab, Line, signal, stream};
use demarc_model::Country;
use demarc_model::media::{Detect, MediaEvent};

/// The tones of a country that are heard in speech, known or unknown.
pub fn in_speech(country: Country, speech: &[i16]) -> Vec<MediaEvent> {
    let line = Line::new(country.plan().companding);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.detect(stream(1), Detect { progress: Some(country), unknown_tones: true, ..Detect::NONE });
    for block in signal::blocks(line.law, speech) {
        line.say(block);
        lab.tick();
        line.heard();
    }
    lab.events
}
