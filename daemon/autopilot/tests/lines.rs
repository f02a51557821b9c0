//! Lines of many countries, and what the autopilot finds out about each: by listening to dial tone once, and
//! from the calls of the line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod exchange;

use demarc_autopilot::LineOrder;
use demarc_model::Country;
use demarc_model::Grade::{Country as Default, Learnt, Probed, Read};
use demarc_model::Setting;
use demarc_model::config::AnswerSupervision::{self, AfterDialling, Polarity, Voice};
use demarc_model::country::CallerIdStart::{self, AfterFirstRing, AfterPolarity, BeforeRing};
use demarc_model::country::Confidence::{High, Medium};
use demarc_model::media::CallerIdForm::{self, Bell202, Dtmf, V23};
use exchange::{End, Expected, World};

const LOOP_BREAK: Expected = (Setting::HangUp, Some("loop_break"), Learnt, High, "The loop was broken");
const POLARITY: Expected =
    (Setting::HangUp, Some("polarity"), Learnt, High, "Polarity was reversed when the far end hung up");
const ANSWER: Expected =
    (Setting::Answer, Some("polarity"), Learnt, High, "Polarity was reversed when the far end answered");
const BUSY: Expected = (Setting::HangupTone, Some("country"), Learnt, High, "A call ended with");
const AFTER_RING: Expected =
    (Setting::CallerIdStart, Some("after_first_ring"), Learnt, High, "after the first ring");
const AFTER_REVERSAL: Expected =
    (Setting::CallerIdStart, Some("after_polarity"), Learnt, High, "after a polarity reversal");
const BEFORE: Expected = (Setting::CallerIdStart, Some("before_ring"), Learnt, High, "before the first ring");

fn shown(form: &'static str) -> Expected {
    (Setting::CallerId, Some(form), Learnt, High, "Two calls in a row were shown by")
}

fn dial(words: &'static str) -> Expected {
    (Setting::DialTone, Some("true"), Probed, High, words)
}

fn only(country: &'static str, grade: demarc_model::Grade) -> Expected {
    (Setting::Country, Some(country), grade, High, "Only")
}

fn alike(country: &'static str) -> Expected {
    (Setting::Country, Some(country), Default, Medium, "fit alike: the configured")
}

struct Behaviour {
    identity: Option<(CallerIdForm, CallerIdStart)>,
    ends: &'static [(bool, End)],
    answer: AnswerSupervision,
}

fn check(name: &str, configured: Country, country: Country, behaviour: &Behaviour, expected: &[Expected]) {
    let mut world = World::new(configured, country, behaviour.answer);
    world.pass(50_000);
    assert_eq!(world.orders.first(), Some(&LineOrder::Seize), "{name}");
    assert_eq!(world.orders.last(), Some(&LineOrder::Release), "{name}");
    for (reverse, end) in behaviour.ends {
        world.call_out(*reverse, *end);
    }
    if let Some((form, start)) = behaviour.identity {
        world.call_in(form, start);
        world.call_in(form, start);
    }
    world.expect(name, expected);
}

/// A line a line: its name, the country that is configured, that of the exchange, how callers are shown, how
/// calls end, and what is found out.
macro_rules! lines {
    ($($name:ident: $configured:ident, $country:ident, $identity:expr, $answer:expr, $ends:expr, [$($expected:expr),* $(,)?];)*) => {$(
        #[test]
        fn $name() {
            let behaviour = Behaviour { identity: $identity, ends: &$ends, answer: $answer };
            check(stringify!($name), Country::$configured, Country::$country, &behaviour, &[$($expected),*]);
        }
    )*};
}

lines! {
    gb_with_loop_break: GB, GB, Some((V23, AfterPolarity)), AfterDialling, [(false, End::Busy), (false, End::LoopBreak)],
        [dial("350 + 440 Hz without a break"), only("GB", Learnt), BUSY, LOOP_BREAK, shown("v23"), AFTER_REVERSAL];
    us_with_bell_202: US, US, Some((Bell202, AfterFirstRing)), AfterDialling, [(false, End::Busy), (false, End::LoopBreak)],
        [dial("that of US, CA, GB"), alike("US"), BUSY, LOOP_BREAK, shown("bell202"), AFTER_RING];
    de_without_supervision: DE, DE, Some((V23, AfterFirstRing)), AfterDialling, [(false, End::Busy)],
        [dial("425 Hz without a break"), BUSY, shown("v23"), AFTER_RING];
    fr_by_its_dial_tone: FR, FR, None, AfterDialling, [],
        [dial("440 Hz without a break"), only("FR", Probed)];
    it_by_its_dial_tone: IT, IT, None, AfterDialling, [(false, End::Busy)],
        [dial("425 Hz with a cadence"), only("IT", Learnt), BUSY];
    nl_with_dtmf: NL, NL, Some((Dtmf, AfterPolarity)), Polarity, [(false, End::Busy), (true, End::Polarity)],
        [dial("425 Hz without a break"), BUSY, POLARITY, shown("dtmf"), AFTER_REVERSAL];
    se_answered_by_polarity: SE, SE, Some((Dtmf, AfterPolarity)), Voice, [(true, End::Busy)],
        [dial("425 Hz without a break"), BUSY, ANSWER, shown("dtmf"), AFTER_REVERSAL, only("SE", Learnt)];
    br_with_dtmf_before_the_ring: BR, BR, Some((Dtmf, BeforeRing)), AfterDialling, [(false, End::Busy)],
        [BUSY, shown("dtmf"), BEFORE, only("BR", Learnt)];
    au_by_its_dial_tone: AU, AU, None, AfterDialling, [(false, End::Busy)],
        [dial("415 + 440 Hz"), only("AU", Learnt), BUSY];
    jp_with_loop_break: JP, JP, None, AfterDialling, [(false, End::LoopBreak)],
        [dial("400 Hz"), alike("JP"), LOOP_BREAK];
    in_by_its_busy_tone: IN, IN, None, AfterDialling, [(false, End::Busy)],
        [dial("400 × 25 Hz"), only("IN", Learnt), BUSY];
    cn_with_bell_202: CN, CN, Some((Bell202, AfterFirstRing)), AfterDialling, [(false, End::Busy)],
        [dial("450 Hz"), only("CN", Learnt), BUSY, shown("bell202")];
    a_french_line_at_a_german_gateway: DE, FR, None, AfterDialling, [],
        [dial("440 Hz"), (Setting::Country, Some("FR"), Probed, High, "The configured DE does not fit; FR would")];
    a_german_line_at_a_british_gateway: GB, DE, None, AfterDialling, [(false, End::Busy)],
        [dial("425 Hz"), (Setting::HangupTone, Some("425+0 480,480"), Learnt, High, "A call ended with")];
}

#[test]
fn a_line_without_battery_is_not_probed() {
    let mut world = World::new(Country::GB, Country::GB, AfterDialling);
    world.cable.unplug();
    world.pass(60_000);
    assert_eq!(world.orders, []);
    world.expect("unplugged", &[(Setting::Battery, Some("false"), Read, High, "nothing is plugged in")]);
    world.cable.plug();
    world.pass(60_000);
    world.expect(
        "plugged",
        &[(Setting::Battery, Some("true"), Read, High, "Battery is there"), dial("350 + 440 Hz")],
    );
}

#[test]
fn a_ring_comes_before_a_probe() {
    let mut world = World::new(Country::GB, Country::GB, AfterDialling);
    world.pass(14_000);
    world.ring();
    world.pass(9_000);
    assert_eq!(world.orders, [], "a call may be coming");
    world.pass(60_000);
    world.expect("later", &[dial("350 + 440 Hz")]);
}
