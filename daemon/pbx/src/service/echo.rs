use super::{Act, Service};
use demarc_model::media::Source;

/// Answers and returns what it hears.
#[derive(Debug)]
pub(crate) struct Echo;

impl Service for Echo {
    fn start(&mut self) -> Vec<Act> {
        vec![Act::Answer, Act::Play(Source::Echo)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_with_echo() {
        assert_eq!(Echo.start(), [Act::Answer, Act::Play(Source::Echo)]);
    }
}
