use super::{Act, Service};
use demarc_model::media::Source;
use std::time::Duration;

/// Rings for a while, then answers with echo.
#[derive(Debug)]
pub(super) struct DelayedAnswer {
    pub after: Duration,
}

impl Service for DelayedAnswer {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::Ring, Act::Wait(self.after)]
    }

    fn timeout(&mut self) -> Vec<Act> {
        vec![Act::Answer, Act::Play(Source::Echo)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_first() {
        let after = Duration::from_secs(5);
        let mut service = DelayedAnswer { after };
        assert_eq!(service.start(), [Act::Ring, Act::Wait(after)]);
        assert_eq!(service.timeout(), [Act::Answer, Act::Play(Source::Echo)]);
    }
}
