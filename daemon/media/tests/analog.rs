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
            let received = MediaEvent::CallerId { stream: stream(2), caller: shown, form };
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

/// A telephone in a call is told who else calls, and answers as `answer` says.
fn call_waiting(form: CallerIdForm, answer: Option<&str>) -> Vec<MediaEvent> {
    let mut lab = cabled(Country::US);
    lab.detect(stream(1), Detect { dtmf: true, ..Detect::NONE });
    let detect = Detect { caller_id: Some(form), alerting_signal: true, ..Detect::NONE };
    lab.detect(stream(2), detect);
    let caller = CallerId { number: Some("2125550123".into()), ..CallerId::default() };
    let order = MediaCommand::SendCallWaitingId { stream: stream(1), caller, form, clock: [1, 2, 3, 4] };
    lab.engine.command(order);
    let mut answered = false;
    for _ in 0..150 {
        lab.ticks(1);
        let heard = lab.events.contains(&MediaEvent::AlertingSignal { stream: stream(2) });
        if heard
            && !std::mem::replace(&mut answered, true)
            && let Some(digits) = answer
        {
            let digits = digits.to_owned();
            lab.engine.command(MediaCommand::SendDigits { stream: stream(2), digits, on_ms: 60, off_ms: 40 });
        }
    }
    lab.events.retain(|event| !matches!(event, MediaEvent::DigitsSent { .. }));
    lab.events
}

#[test]
fn a_telephone_in_a_call_that_answers_the_alerting_signal_learns_who_calls() {
    for form in [CallerIdForm::Bell202, CallerIdForm::V23] {
        for answer in ["A", "D"] {
            let events = call_waiting(form, Some(answer));
            let caller = CallerId { number: Some("2125550123".into()), ..CallerId::default() };
            let expected = [
                MediaEvent::AlertingSignal { stream: stream(2) },
                MediaEvent::CallWaitingIdSent { stream: stream(1), acknowledged: true },
                MediaEvent::CallerId { stream: stream(2), caller, form },
            ];
            assert!(expected.iter().all(|event| events.contains(event)), "{form:?} {answer}: {events:?}");
            assert_eq!(events.len(), 3, "the answer is no key: {events:?}");
        }
    }
}

#[test]
fn a_telephone_that_does_not_answer_gets_no_data() {
    for answer in [None, Some("5")] {
        let events = call_waiting(CallerIdForm::Bell202, answer);
        let over = MediaEvent::CallWaitingIdSent { stream: stream(1), acknowledged: false };
        assert!(events.contains(&over), "{answer:?}: {events:?}");
        assert!(!events.iter().any(|event| matches!(event, MediaEvent::CallerId { .. })));
    }
    let events = call_waiting(CallerIdForm::V23Japan, Some("D"));
    assert_eq!(events, [MediaEvent::CallWaitingIdSent { stream: stream(1), acknowledged: false }]);
}

#[test]
fn the_message_lamp_goes_on_and_off() {
    for (form, single) in
        [(CallerIdForm::Bell202, false), (CallerIdForm::Bell202, true), (CallerIdForm::V23, false)]
    {
        for waiting in [true, false] {
            let mut lab = cabled(Country::GB);
            lab.detect(stream(2), Detect { caller_id: Some(form), ..Detect::NONE });
            let order = MediaCommand::SendMessageWaiting { stream: stream(1), waiting, form, single };
            lab.engine.command(order);
            lab.ticks(100);
            let sent = MediaEvent::MessageWaitingSent { stream: stream(1) };
            let heard = MediaEvent::MessageWaiting { stream: stream(2), waiting };
            assert_eq!(lab.events.len(), 2, "{form:?} {single}: {:?}", lab.events);
            assert!(lab.events.contains(&sent) && lab.events.contains(&heard), "{:?}", lab.events);
        }
    }
}
