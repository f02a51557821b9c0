//! What each of two joined parties hears.

use crate::leg::Leg;
use demarc_model::StreamId;
use demarc_model::live::LegState;
use demarc_model::media::{Source, Tone, TonePart};

/// What `party` hears when it is joined to `other`.
///
/// Who puts the other on hold hears nothing; who is put on hold hears a soft beep every four
/// seconds, so that the line is known to be alive.
pub(crate) fn source(party: &Leg, other: &Leg) -> Source {
    match (party.held, other.held, other.stream) {
        (true, _, _) | (_, false, None) => Source::Silence,
        (false, true, _) => Source::Tone(hold_tone()),
        (false, false, Some(stream)) => Source::Stream(stream),
    }
}

/// The state of a leg in a conversation.
pub(crate) fn state(leg: &Leg) -> LegState {
    if leg.held { LegState::Held } else { LegState::Active }
}

/// What `party` hears when a third one takes part.
pub(crate) fn with_third(party: &Leg, other: &Leg, third: StreamId) -> Source {
    match (party.held, other.stream) {
        (true, _) => Source::Silence,
        (false, Some(stream)) => Source::Mix(vec![stream, third]),
        (false, None) => Source::Stream(third),
    }
}

/// What somebody on hold hears.
pub(crate) fn hold_tone() -> Tone {
    let part = |f1, ms| TonePart { f1, f2: 0.0, modulated: false, level_dbm0: -26.0, ms };
    Tone { parts: vec![part(440.0, 120), part(0.0, 3880)], repeat: true }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::DeviceId;
    use demarc_model::{LegId, Party, Room, StreamId};

    fn leg(n: u64) -> Leg {
        let mut leg = Leg::new(LegId::new(Room::Sip, n), Party::Device(DeviceId(1)), "x".into());
        leg.stream = Some(StreamId::new(Room::Sip, n));
        leg
    }

    #[test]
    fn they_hear_each_other() {
        let (a, b) = (leg(1), leg(2));
        assert_eq!(Some(source(&a, &b)), b.stream.map(Source::Stream));
        assert_eq!(Some(source(&b, &a)), a.stream.map(Source::Stream));
    }

    #[test]
    fn on_hold_one_hears_silence_and_the_other_a_tone() {
        let (mut a, mut b) = (leg(1), leg(2));
        a.held = true;
        assert_eq!(source(&a, &b), Source::Silence);
        assert!(matches!(source(&b, &a), Source::Tone(_)));
        b.held = true;
        assert_eq!(source(&a, &b), Source::Silence);
        assert_eq!(source(&b, &a), Source::Silence);
        assert_eq!(state(&a), LegState::Held);
    }

    #[test]
    fn without_audio_there_is_silence() {
        let (a, mut b) = (leg(1), leg(2));
        b.stream = None;
        assert_eq!(source(&a, &b), Source::Silence);
    }
}
