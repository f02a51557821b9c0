//! Failed attempts to sign in, per source: after a few, one has to wait longer each time.

use demarc_model::Instant;
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::time::Duration;

/// Attempts without a wait.
const FREE: u32 = 5;
/// The wait after the last free one; it doubles with each further.
const FIRST_WAIT: Duration = Duration::from_secs(5);
const LONGEST_WAIT: Duration = Duration::from_secs(15 * 60);
/// A source that has been quiet for so long begins anew.
const FORGET: Duration = Duration::from_secs(60 * 60);
/// Sources remembered; the one that was quiet for longest is forgotten when there are more.
const MAX_SOURCES: usize = 1024;

#[derive(Default)]
pub(crate) struct Attempts(BTreeMap<IpAddr, Source>);

#[derive(Clone, Copy)]
struct Source {
    failed: u32,
    last: Instant,
}

impl Attempts {
    /// Counts an attempt as failed before it is made, so that many at once gain nothing.
    ///
    /// # Errors
    /// How long to wait, when it may not be made.
    pub(crate) fn begin(&mut self, address: IpAddr, now: Instant) -> Result<(), Duration> {
        let address = network(address);
        self.0.retain(|_, source| now.since(source.last) < FORGET);
        let source = self.0.get(&address).copied().unwrap_or(Source { failed: 0, last: now });
        let wait = wait_after(source.failed).saturating_sub(now.since(source.last));
        if !wait.is_zero() {
            return Err(wait);
        }
        if self.0.len() >= MAX_SOURCES && !self.0.contains_key(&address) {
            let quietest = self.0.iter().min_by_key(|(_, source)| source.last).map(|(address, _)| *address);
            quietest.map(|address| self.0.remove(&address));
        }
        self.0.insert(address, Source { failed: source.failed.saturating_add(1), last: now });
        Ok(())
    }

    /// The attempt was good after all.
    pub(crate) fn succeeded(&mut self, address: IpAddr) {
        self.0.remove(&network(address));
    }
}

fn wait_after(failed: u32) -> Duration {
    match failed.checked_sub(FREE) {
        None => Duration::ZERO,
        Some(n) => FIRST_WAIT.saturating_mul(1 << n.min(16)).min(LONGEST_WAIT),
    }
}

/// Whoever has an IPv6 address has 2^64 of them.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        v4 => v4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> Instant {
        Instant::from_start(Duration::from_secs(seconds))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn five_are_free_then_the_wait_doubles() {
        let mut attempts = Attempts::default();
        let mallory = ip("192.0.2.1");
        for _ in 0..5 {
            attempts.begin(mallory, at(0)).unwrap();
        }
        assert_eq!(attempts.begin(mallory, at(1)), Err(Duration::from_secs(4)));
        attempts.begin(mallory, at(5)).unwrap();
        assert_eq!(attempts.begin(mallory, at(5)), Err(Duration::from_secs(10)));
        attempts.begin(ip("192.0.2.2"), at(5)).unwrap();
        attempts.begin(mallory, at(5 + 3600)).unwrap();
        attempts.begin(mallory, at(5 + 3600)).unwrap();
    }

    #[test]
    fn success_forgives() {
        let mut attempts = Attempts::default();
        for _ in 0..5 {
            attempts.begin(ip("192.0.2.1"), at(0)).unwrap();
        }
        attempts.succeeded(ip("::ffff:192.0.2.1"));
        attempts.begin(ip("192.0.2.1"), at(0)).unwrap();
    }

    #[test]
    fn one_ipv6_network_is_one_source_and_the_table_is_bounded() {
        let mut attempts = Attempts::default();
        for n in 1..=5 {
            attempts.begin(ip(&format!("2001:db8::{n}")), at(0)).unwrap();
        }
        assert!(attempts.begin(ip("2001:db8::99"), at(0)).is_err());
        for n in 0..5000u32 {
            let _ = attempts.begin(IpAddr::from(n.to_be_bytes()), at(1));
        }
        assert_eq!(attempts.0.len(), MAX_SOURCES);
    }
}
