//! Where a party's packets come from and go to (symmetric RTP, RFC 4961).

use std::net::SocketAddr;

/// The place a stream listens to.
///
/// The first valid packet after an agreement decides, so that a telephone behind a NAT is found.
/// From then on other places are refused, so that nobody talks into a call, unless the place has
/// been silent for [`PATIENCE`] ticks (the NAT gave the telephone another port). Packets from the
/// very place that was agreed are always taken.
#[derive(Debug, Default)]
pub struct Latch {
    agreed: Option<SocketAddr>,
    heard: Option<SocketAddr>,
    silent: u32,
}

/// One second, in ticks.
const PATIENCE: u32 = 50;

impl Latch {
    /// A new agreement. An unchanged place keeps what was learnt.
    pub fn agree(&mut self, place: Option<SocketAddr>) {
        if self.agreed != place {
            *self = Self { agreed: place, ..Self::default() };
        }
    }

    /// May a valid packet from `from` come in?
    pub fn admit(&mut self, from: SocketAddr) -> bool {
        let known = self.heard.is_none_or(|heard| heard == from);
        if !known && self.agreed != Some(from) && self.silent < PATIENCE {
            return false;
        }
        self.heard = Some(from);
        self.silent = 0;
        true
    }

    /// 20 ms passed.
    pub fn tick(&mut self) {
        self.silent = self.silent.saturating_add(1);
    }

    /// Where to send.
    pub fn destination(&self) -> Option<SocketAddr> {
        self.heard.or(self.agreed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(last: u8) -> SocketAddr {
        SocketAddr::from(([192, 0, 2, last], 4000))
    }

    fn agreed() -> Latch {
        let mut latch = Latch::default();
        latch.agree(Some(at(1)));
        latch
    }

    #[test]
    fn the_first_packet_shows_where_the_party_is() {
        let mut latch = agreed();
        assert_eq!(latch.destination(), Some(at(1)));
        assert!(latch.admit(at(2)), "behind a NAT");
        assert_eq!(latch.destination(), Some(at(2)));
    }

    #[test]
    fn nobody_talks_into_a_call() {
        let mut latch = agreed();
        assert!(latch.admit(at(2)));
        for _ in 0..1000 {
            latch.tick();
            assert!(latch.admit(at(2)));
            assert!(!latch.admit(at(3)));
        }
        assert_eq!(latch.destination(), Some(at(2)));
    }

    #[test]
    fn a_party_may_move_when_its_old_place_is_silent() {
        let mut latch = agreed();
        assert!(latch.admit(at(2)));
        (0..PATIENCE - 1).for_each(|_| latch.tick());
        assert!(!latch.admit(at(3)));
        latch.tick();
        assert!(latch.admit(at(3)));
        assert!(!latch.admit(at(2)));
    }

    #[test]
    fn the_agreed_place_wins_over_an_intruder_who_was_first() {
        let mut latch = agreed();
        assert!(latch.admit(at(3)));
        assert!(latch.admit(at(1)));
        assert!(!latch.admit(at(3)));
    }

    #[test]
    fn a_new_agreement_forgets_and_an_equal_one_does_not() {
        let mut latch = agreed();
        assert!(latch.admit(at(2)));
        latch.agree(Some(at(1)));
        assert_eq!(latch.destination(), Some(at(2)));
        latch.agree(Some(at(9)));
        assert_eq!(latch.destination(), Some(at(9)));
    }
}
