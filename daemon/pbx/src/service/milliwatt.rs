use super::{Act, Service};
use demarc_model::media::{Source, Tone, TonePart};

/// Answers and sends 1004 Hz at 0 dBm0 without end.
#[derive(Debug)]
pub(super) struct Milliwatt;

impl Service for Milliwatt {
    fn start(&mut self) -> Vec<Act> {
        let part = TonePart { f1: 1004.0, f2: 0.0, modulated: false, level_dbm0: 0.0, ms: 0 };
        vec![Act::Answer, Act::Play(Source::Tone(Tone { parts: vec![part], repeat: true }))]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_1004_hz_at_0_dbm0() {
        let acts = Milliwatt.start();
        assert_eq!(acts[0], Act::Answer);
        let Act::Play(Source::Tone(tone)) = &acts[1] else { panic!("{acts:?}") };
        assert_eq!((tone.parts[0].f1, tone.parts[0].level_dbm0, tone.parts[0].ms), (1004.0, 0.0, 0));
    }
}
