use super::{Act, Service};
use demarc_model::Cause;
use demarc_model::country::special_information;
use demarc_model::media::Source;
use std::time::Duration;

/// Plays the special information tone as early media and never answers.
#[derive(Debug)]
pub(super) struct Announcement {
    pub longest: Duration,
}

impl Service for Announcement {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::Progress, Act::Play(Source::Tone(special_information())), Act::Wait(self.longest)]
    }

    fn timeout(&mut self) -> Vec<Act> {
        vec![Act::End(Cause::NORMAL_UNSPECIFIED)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_heard_but_never_answers() {
        let mut service = Announcement { longest: Duration::from_secs(60) };
        let acts = service.start();
        assert_eq!(acts[0], Act::Progress);
        assert!(
            matches!(&acts[1], Act::Play(Source::Tone(tone)) if tone.repeat && tone.parts[0].f1 == 950.0)
        );
        assert!(!acts.contains(&Act::Answer));
        assert_eq!(service.timeout(), [Act::End(Cause::NORMAL_UNSPECIFIED)]);
    }
}
