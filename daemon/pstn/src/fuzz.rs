//! The room under random inputs: whatever comes, it keeps its promises and comes to rest.

use crate::Input;
use crate::bench::{self, Bench, FXO, PHONE, PRI, SPAN, fxo, fxs};
use demarc_hal::{Alarm, LineEvent};
use demarc_isdn::{CallRef, Event};
use demarc_model::config::{DistinctiveRing, ExtensionFeatures, SpanSide};
use demarc_model::learned::LineProbe;
use demarc_model::media::{CallerIdForm, HangupTone, ProgressTone};
use demarc_model::{
    CallerId, Cause, ChannelId, Country, LegCommand, LegId, MediaEvent, Party, Room, StreamId,
};
use proptest::prelude::*;
use std::sync::Arc;

#[derive(Debug, Clone)]
enum Act {
    In(Box<Input>),
    Dial(Party, bool),
    Pass(u64),
    Configure { network: bool, overlap: bool, trunks: bool },
}

fn channel() -> impl Strategy<Value = ChannelId> {
    prop_oneof![(1u8..=2).prop_map(fxo), (1u8..=2).prop_map(fxs)]
}

fn line_event() -> impl Strategy<Value = LineEvent> {
    prop_oneof![
        4 => Just(LineEvent::RingStarted),
        4 => Just(LineEvent::RingStopped),
        3 => Just(LineEvent::PolarityReversed),
        2 => Just(LineEvent::LoopBreak),
        1 => Just(LineEvent::BatteryLost),
        2 => Just(LineEvent::BatteryRestored),
        6 => Just(LineEvent::OffHook),
        4 => Just(LineEvent::OnHook),
        2 => Just(LineEvent::Flash),
        2 => Just(LineEvent::PulseDigit('4')),
        1 => Just(LineEvent::LineInUse),
        2 => Just(LineEvent::LineFree),
    ]
}

fn isdn_event() -> impl Strategy<Value = Event> {
    (0u32..12, 1u8..=4, any::<bool>(), 1u8..=127, 0u8..16).prop_map(|(call, slot, flag, cause, kind)| {
        let call = CallRef(call);
        // Timeslots at both ends of the span, where calls of both sides meet.
        let slot = if slot > 2 { slot + 27 } else { slot };
        match kind {
            0..=2 => bench::incoming(call.0 * 2, slot, flag),
            3 => Event::SetupAck { call, interface: 0, slot, in_band: flag },
            4 | 5 => Event::Proceeding { call, interface: 0, slot, in_band: flag },
            6 => Event::Alerting { call, in_band: flag },
            7 => Event::Progress { call, in_band: flag, cause: Some(cause) },
            8 => Event::Connect { call, connected: None },
            9 => Event::Disconnect { call, cause, in_band: flag },
            10 | 11 => Event::Cleared { call, cause: if flag { 44 } else { cause } },
            12 => Event::Information { call, digits: "20#4".into(), complete: flag },
            13 => Event::Restarted { interface: 0, slot: flag.then_some(slot) },
            14 => Event::Frame { call: Some(call), outgoing: flag, octets: vec![8, 2, 0, cause, slot] },
            _ if flag => Event::Up,
            _ => Event::Down,
        }
    })
}

fn leg() -> impl Strategy<Value = LegId> {
    (any::<bool>(), 1u64..24).prop_map(|(ours, n)| LegId::new(if ours { Room::Pstn } else { Room::Pbx }, n))
}

fn command() -> impl Strategy<Value = LegCommand> {
    (leg(), any::<bool>(), 1u8..=127, 0u8..11).prop_map(|(leg, flag, cause, kind)| {
        let cause = Cause::from_received(cause);
        match kind {
            0 => LegCommand::NeedDigits { leg, dial_tone: flag },
            1 => LegCommand::Proceed { leg },
            2 => LegCommand::Ring { leg, in_band: flag },
            3 => LegCommand::Progress { leg, cause: flag.then_some(cause) },
            4 | 5 => LegCommand::Answer { leg, connected: None },
            8 => LegCommand::Flash { leg },
            9 => LegCommand::Emergency { leg },
            10 => LegCommand::MoreDigits { leg, digits: "79460".into(), complete: flag },
            _ => LegCommand::Hangup { leg, cause },
        }
    })
}

fn media_event() -> impl Strategy<Value = MediaEvent> {
    use ProgressTone::*;
    let tone = prop::sample::select(vec![Dial, Busy, Congestion, Ringback, SpecialInformation]);
    (1u64..40, tone, prop::sample::select(vec!['0', '1', '2', '3', '#', '*', 'D']), 0u8..9).prop_map(
        |(n, tone, digit, kind)| {
            let stream = StreamId::new(Room::Pstn, n);
            match kind {
                0 => MediaEvent::Digit { stream, digit },
                1 => MediaEvent::DigitsSent { stream },
                2 => MediaEvent::ProgressTone { stream, tone },
                3 => MediaEvent::Voice { stream },
                4 => MediaEvent::CallerIdSent { stream },
                5 => MediaEvent::Silent { stream },
                6 => {
                    let tone = HangupTone { f1: 620, f2: 0, on_ms: 300, off_ms: 200 };
                    MediaEvent::UnknownTone { stream, tone }
                }
                7 => MediaEvent::CallWaitingIdSent { stream, acknowledged: digit == 'D' },
                _ => MediaEvent::CallerId {
                    stream,
                    caller: bench::caller("02079460123"),
                    form: CallerIdForm::V23,
                },
            }
        },
    )
}

fn alarms() -> impl Strategy<Value = Vec<Alarm>> {
    prop_oneof![3 => Just(Vec::new()), 1 => Just(vec![Alarm::Red]), 1 => Just(vec![Alarm::Recovering])]
}

fn act() -> impl Strategy<Value = Act> {
    let input = prop_oneof![
        8 => (channel(), line_event()).prop_map(|(channel, event)| Input::Line { channel, event }),
        12 => isdn_event().prop_map(|event| Input::Isdn { span: SPAN, event }),
        1 => alarms().prop_map(|alarms| Input::Alarms { span: SPAN, alarms }),
        1 => Just(Input::HelperGone { span: SPAN }),
        8 => command().prop_map(Input::Leg),
        8 => media_event().prop_map(Input::Media),
        4 => (channel(), 0u8..4).prop_map(|(channel, step)| Input::Probe {
            channel,
            step: match step {
                0 | 1 => LineProbe::Seize,
                2 => LineProbe::Listen(Country::FR),
                _ => LineProbe::Release,
            },
        }),
    ];
    let party = prop::sample::select(vec![PRI, FXO, PHONE]);
    prop_oneof![
        40 => input.prop_map(|input| Act::In(Box::new(input))),
        10 => (party, any::<bool>()).prop_map(|(party, emergency)| Act::Dial(party, emergency)),
        6 => (0u64..3000).prop_map(Act::Pass),
        1 => (5_000u64..60_000).prop_map(Act::Pass),
        1 => (any::<bool>(), any::<bool>(), any::<bool>())
            .prop_map(|(network, overlap, trunks)| Act::Configure { network, overlap, trunks }),
    ]
}

fn configured(country: Country, network: bool, overlap: bool, trunks: bool) -> demarc_model::Config {
    let mut config = bench::config(country);
    // The lamp changes with the trunks: any change will do.
    let features = ExtensionFeatures { message_waiting: trunks, ..ExtensionFeatures::default() };
    bench::with_extension(&mut config, features);
    for span in &mut config.spans {
        span.side = if network { SpanSide::Network } else { SpanSide::User };
        span.overlap = overlap;
    }
    if let Some(line) = config.lines.first_mut() {
        line.ring_debounce_ms = if overlap { 100 } else { 0 };
        let ring = DistinctiveRing { cadence: vec![800, 400, 800], number: "+442079460989".into() };
        line.distinctive = if network { vec![ring] } else { Vec::new() };
    }
    if !trunks {
        config.trunks.clear();
        config.lines.pop();
        config.devices.pop();
    }
    config
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, ..ProptestConfig::default() })]

    #[test]
    fn the_room_keeps_its_promises(
        country in prop::sample::select(Country::ALL.to_vec()),
        network: bool,
        overlap: bool,
        acts in prop::collection::vec(act(), 0..120),
    ) {
        let mut bench = Bench::up(configured(country, network, overlap, true));
        for act in acts {
            match act {
                Act::In(input) => bench.input(*input),
                Act::Dial(to, emergency) => {
                    let mut dial = bench.a_dial(to, "+442079460123", CallerId::default());
                    dial.emergency = emergency;
                    bench.leg(LegCommand::Dial(Box::new(dial)));
                }
                Act::Pass(ms) => bench.pass(ms),
                Act::Configure { network, overlap, trunks } => {
                    bench.input(Input::Config(Arc::new(configured(country, network, overlap, trunks))));
                }
            }
        }
        // Brazil's lines are listened to while they are idle; a plan without that must fall silent.
        bench.input(Input::Config(Arc::new(configured(Country::GB, network, overlap, false))));
        bench.settle();
    }
}
