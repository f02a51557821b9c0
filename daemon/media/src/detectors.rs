//! What is listened for in one stream's audio. Nothing runs that was not asked for.

use crate::alerting::AlertingDetector;
use crate::caller_id::{AnyReceiver, CallerIdReceiver, Message};
use crate::codec::g711::{Samples, decode_block};
use crate::dtmf::{DtmfReceiver, KeyEdge};
use crate::progress::ProgressDetector;
use crate::silence::SilenceDetector;
use crate::voice::VoiceDetector;
use demarc_hal::{BLOCK, Block, Companding};
use demarc_model::media::{CallerIdForm, Detect, HangupTone, MediaEvent};
use demarc_model::{Country, StreamId};

/// The detectors of a stream.
#[derive(Default)]
pub struct Detectors {
    /// Keys as tones.
    keys: Option<DtmfReceiver>,
    /// Blocks in which our own tones, and their echo, may be heard.
    deaf: u8,
    progress: Option<(ProgressOrder, ProgressDetector)>,
    caller_id: Option<(CallerIdForm, CallerIdReceiver)>,
    any_caller_id: Option<AnyReceiver>,
    /// Silence, and after how many seconds it is told.
    silence: Option<(u16, SilenceDetector)>,
    voice: Option<VoiceDetector>,
    alerting: Option<AlertingDetector>,
}

/// What a detector of tones was made for.
type ProgressOrder = (Country, Option<HangupTone>, bool);

/// Blocks until the echo of our own tones has died away.
const ECHO: u8 = 3;

impl Detectors {
    /// Listens as ordered, and for keys as tones when `keys`. A detector that is ordered again goes on.
    pub fn order(&mut self, detect: &Detect, keys: bool) {
        self.listen_for_keys(keys);
        self.progress = detect.progress.map(|country| {
            let order = (country, detect.hangup_tone, detect.unknown_tones);
            let heard = self.progress.take();
            let tone_ended = heard.as_ref().is_some_and(|(_, detector)| detector.has_heard_a_tone());
            let same = heard.filter(|(before, _)| *before == order);
            same.unwrap_or_else(|| {
                let mut detector = ProgressDetector::new(country, detect.hangup_tone, detect.unknown_tones);
                detector.goes_on(tone_ended);
                (order, detector)
            })
        });
        let one = detect.caller_id.filter(|_| !detect.caller_id_any);
        let heard = self.caller_id.take().filter(|(form, _)| Some(*form) == one);
        self.caller_id = heard.or_else(|| one.and_then(|f| Some((f, CallerIdReceiver::new(f)?))));
        self.any_caller_id = match detect.caller_id_any {
            true => self.any_caller_id.take().or_else(AnyReceiver::new),
            false => None,
        };
        let silence = self.silence.take().map(|(_, detector)| detector).unwrap_or_default();
        self.silence = Some((detect.silent_after_s, silence)).filter(|(after, _)| *after > 0);
        self.voice = detect.voice.then(|| self.voice.take().unwrap_or_default());
        self.alerting = detect.alerting_signal.then(|| self.alerting.take().unwrap_or_default());
    }

    /// Listens for keys as tones, or no more.
    pub fn listen_for_keys(&mut self, keys: bool) {
        match (keys, &self.keys) {
            (true, None) => self.keys = Some(DtmfReceiver::default()),
            (false, Some(_)) => self.keys = None,
            _ => {}
        }
    }

    /// We send keys as tones now: their echo is not the party's.
    pub fn deafen(&mut self) {
        self.deaf = ECHO;
    }

    /// Listens to a block. What happened goes to `edge` and `event`.
    pub fn listen(
        &mut self,
        stream: StreamId,
        law: Companding,
        block: &Block,
        mut edge: impl FnMut(KeyEdge),
        mut event: impl FnMut(MediaEvent),
    ) {
        let idle = self.keys.is_none() && self.progress.is_none() && self.any_caller_id.is_none();
        let idle = idle && self.silence.is_none() && self.alerting.is_none();
        if idle && self.caller_id.is_none() && self.voice.is_none() {
            return;
        }
        let samples = decode_block(law, block);
        if let Some(keys) = &mut self.keys {
            // Deaf ears still notice the end of what they heard.
            let silence: Samples = [0; BLOCK];
            let heard = if self.deaf > 0 { &silence } else { &samples };
            keys.listen(heard).for_each(&mut edge);
        }
        self.deaf = self.deaf.saturating_sub(1);
        if let Some((_, progress)) = &mut self.progress
            && let Some(tone) = progress.listen(&samples)
        {
            event(MediaEvent::ProgressTone { stream, tone });
        }
        if let Some(tone) = self.progress.as_mut().and_then(|(_, progress)| progress.take_unknown()) {
            event(MediaEvent::UnknownTone { stream, tone });
        }
        let one = self.caller_id.as_mut().and_then(|(form, one)| Some((*form, one.listen(&samples)?)));
        let any = self.any_caller_id.as_mut().and_then(|any| any.listen(&samples));
        match one.or(any) {
            Some((form, Message::Caller(caller))) => event(MediaEvent::CallerId { stream, caller, form }),
            Some((_, Message::Waiting(waiting))) => event(MediaEvent::MessageWaiting { stream, waiting }),
            None => {}
        }
        if let Some((after, silence)) = &mut self.silence
            && silence.listen(&samples, *after)
        {
            event(MediaEvent::Silent { stream });
        }
        if self.voice.as_mut().is_some_and(|voice| voice.listen(&samples)) {
            event(MediaEvent::Voice { stream });
        }
        if self.alerting.as_mut().is_some_and(|alerting| alerting.listen(&samples)) {
            event(MediaEvent::AlertingSignal { stream });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::codec::g711::encode_block;
    use crate::tone::ToneGenerator;
    use demarc_model::StreamId;
    use demarc_model::id::Room;
    use demarc_model::media::TonePart;

    const ROWS: [f32; 4] = [697.0, 770.0, 852.0, 941.0];
    const COLUMNS: [f32; 4] = [1209.0, 1336.0, 1477.0, 1633.0];
    const KEYS: [&str; 4] = ["123A", "456B", "789C", "*0#D"];

    /// The keys heard in `ms` of two tones at levels, between silences.
    fn keys(law: Companding, f: [f32; 2], level: [f32; 2], ms: usize) -> Vec<KeyEdge> {
        let mut detectors = Detectors::default();
        detectors.order(&Detect { dtmf: true, ..Detect::default() }, true);
        let mut samples = vec![0; 800 + ms * 8 + 1600];
        for (f1, level_dbm0) in f.into_iter().zip(level) {
            let mut tone = vec![0; ms * 8];
            let part = TonePart { f1, f2: 0.0, modulated: false, level_dbm0, ms: 0 };
            ToneGenerator::default().fill(&part, &mut tone);
            samples[800..].iter_mut().zip(tone).for_each(|(s, t)| *s += t);
        }
        let mut edges = Vec::new();
        for block in samples.chunks_exact(BLOCK) {
            let block = encode_block(law, &std::array::from_fn(|i| block[i]));
            detectors.listen(StreamId::new(Room::Pstn, 1), law, &block, |e| edges.push(e), |_| {});
        }
        edges
    }

    #[test]
    fn every_key_is_heard_at_every_level_and_twist_that_q24_asks_for() {
        for law in [Companding::ALaw, Companding::MuLaw] {
            for (row, keys_of_row) in ROWS.iter().zip(KEYS) {
                for (column, key) in COLUMNS.iter().zip(keys_of_row.chars()) {
                    for level in [[-9.0, -7.0], [-3.0, -3.0], [-27.0, -25.0], [-10.0, -16.0], [-13.0, -10.0]]
                    {
                        let heard = keys(law, [*row, *column], level, 60);
                        assert_eq!(heard, [KeyEdge::Down(key), KeyEdge::Up], "{key} at {level:?} {law:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn what_is_no_key_is_not_heard() {
        let law = Companding::ALaw;
        assert_eq!(keys(law, [697.0, 1209.0], [-9.0, -7.0], 20), [], "too short");
        assert_eq!(keys(law, [697.0 * 1.04, 1209.0], [-9.0, -7.0], 100), [], "off by 4 %");
        assert_eq!(keys(law, [697.0, 1209.0], [-9.0, -25.0], 100), [], "twisted by 16 dB");
        assert_eq!(keys(law, [350.0, 440.0], [-13.0, -13.0], 400), [], "dial tone");
        assert_eq!(keys(law, [697.0, 770.0], [-9.0, -7.0], 100), [], "two rows");
    }
}
