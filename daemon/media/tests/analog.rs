//! What an analog line brings: caller identity, tones of the exchange, an answer by voice.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::Companding;
use demarc_model::media::*;
use demarc_model::{CallerId, Country, Presentation};
use lab::*;

/// Line 1 is an exchange's port, line 2 ours.
fn cabled(country: Country) -> Lab {
    let law: Companding = country.plan().companding;
    let exchange = Line::new(law);
    let ours = Line { law, to_line: exchange.from_line.clone(), from_line: exchange.to_line.clone() };
    let mut lab = Lab::new(&[&exchange, &ours]);
    lab.open_line(stream(1), 1);
    lab.open_line(stream(2), 2);
    lab
}

#[test]
fn caller_identity_crosses_a_line_in_the_form_of_the_country() {
    let known = CallerId { number: Some("02079460018".into()), ..CallerId::default() };
    let withheld = CallerId { presentation: Presentation::Restricted, ..known.clone() };
    let unavailable = CallerId { presentation: Presentation::Unavailable, ..CallerId::default() };
    for country in [Country::GB, Country::US, Country::NL, Country::JP] {
        let form = country.plan().caller_id.form;
        for caller in [&known, &withheld, &unavailable] {
            let mut lab = cabled(country);
            lab.detect(stream(2), Detect { caller_id: Some(form), ..Detect::default() });
            let clock = [12, 31, 23, 59];
            lab.engine.command(MediaCommand::SendCallerId {
                stream: stream(1),
                caller: caller.clone(),
                form,
                clock,
            });
            lab.ticks(200);
            let shown = CallerId { number: caller.shown_number().map(str::to_owned), ..caller.clone() };
            let sent = MediaEvent::CallerIdSent { stream: stream(1) };
            let received = MediaEvent::CallerId { stream: stream(2), caller: shown };
            assert!(lab.events.contains(&sent), "{country:?}");
            assert_eq!(lab.events.len(), 2, "{country:?}: {:?}", lab.events);
            assert!(lab.events.contains(&received), "{country:?}: {:?}", lab.events);
        }
    }
}

#[test]
fn the_tones_of_an_exchange_are_named() {
    for country in [Country::US, Country::GB, Country::DE, Country::JP] {
        let plan = country.plan();
        for (tone, name) in [(plan.dial, ProgressTone::Dial), (plan.busy, ProgressTone::Busy)] {
            let mut lab = cabled(country);
            lab.detect(stream(2), Detect { progress: Some(country), voice: true, ..Detect::default() });
            lab.play(stream(1), Source::Tone(tone.tone()));
            lab.ticks(400);
            let heard: Vec<_> = lab.events.iter().filter(|e| e.stream() == stream(2)).collect();
            let expected = MediaEvent::ProgressTone { stream: stream(2), tone: name };
            assert!(heard.contains(&&expected), "{country:?}: {heard:?}");
            assert!(heard.iter().all(|e| !matches!(e, MediaEvent::Voice { .. })), "a tone is no voice");
        }
    }
}
