use super::{Act, Service};
use demarc_model::Cause;
use std::time::Duration;

/// Rings and never answers; gives up as a real party's ringing would.
#[derive(Debug)]
pub(super) struct NoAnswer {
    pub ring_timeout: Duration,
}

impl Service for NoAnswer {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::Ring, Act::Wait(self.ring_timeout)]
    }

    fn timeout(&mut self) -> Vec<Act> {
        vec![Act::End(Cause::NO_ANSWER)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rings_until_the_end() {
        let wait = Duration::from_secs(60);
        let mut service = NoAnswer { ring_timeout: wait };
        assert_eq!(service.start(), [Act::Ring, Act::Wait(wait)]);
        assert_eq!(service.digit('1'), []);
        assert_eq!(service.timeout(), [Act::End(Cause::NO_ANSWER)]);
    }
}
