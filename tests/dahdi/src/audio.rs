//! Octets that cross a bearer, both ways at once, compared one by one.

use demarc_hal::{BLOCK, Bearer, Block, Clock, Transfer};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::TimeValLike;
use nix::time::{ClockId, clock_gettime};

/// Blocks that may still be on their way when the last one was sent.
const LATE: usize = 12;
/// How late a turn may come after its tick: the driver's cushion. Without a card the kernel counts samples in
/// bursts of 8 ms, and every second tick is known 4 ms later than the one before; now and then a burst is longer, and
/// nobody can have written in time what the line sends meanwhile.
const CUSHION_NS: i64 = 5_000_000;
/// Of a block.
const PERIOD_NS: i64 = 20_000_000;
/// Gaps for that reason, in so many blocks: mostly such a burst is in nobody's way.
const RARE: usize = 50;
/// Room for the octets of a lane: 40 s.
const ROOM: usize = 2000 * BLOCK;

/// One end of a bearer, with what it says and hears.
pub struct Lane {
    bearer: Box<dyn Bearer>,
    state: u32,
    sent: Vec<u8>,
    heard: Vec<u8>,
    /// Where it had sent so many octets when the kernel said too late that it was time for more.
    late: Vec<usize>,
}

impl Lane {
    /// Says octets that do not repeat soon, other ones for every seed.
    pub fn new(mut bearer: Box<dyn Bearer>, seed: u32) -> Self {
        bearer.flush();
        // What a canceller takes away is missing.
        bearer.cancel_echo(false);
        let state = seed.wrapping_mul(0x9E37_79B9) | 1;
        // Growing would copy what is there, on every lane at once, and make them late.
        let room = || Vec::with_capacity(ROOM);
        Self { bearer, state, sent: room(), heard: room(), late: Vec::new() }
    }

    fn turn(&mut self) {
        let mut said: Block = [0; BLOCK];
        said.fill_with(|| {
            self.state = self.state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            self.state.to_be_bytes()[0]
        });
        assert_eq!(self.bearer.write(&said), Transfer::Done, "a write at the pace of the cards");
        // One block a turn, as media threads take them: who takes all keeps the queue too short for good.
        let mut heard: Block = [0; BLOCK];
        let came = self.bearer.read(&mut heard) == Transfer::Done;
        self.sent.extend(said);
        if came {
            self.heard.extend(heard);
        }
    }

    /// What was heard is what the other end said, from its very first block on: no octet changed or lost, and none
    /// added but where the kernel was too late for its own line.
    fn compare(&self, far: &Self, name: &str) {
        let first = &far.sent[..BLOCK];
        let at = self.heard.windows(BLOCK).position(|window| window == first);
        let mut heard = &self.heard[at.unwrap_or_else(|| panic!("{name}: the first block never came"))..];
        let (mut from, mut gaps) = (0, 0);
        while let Some(wrong) = differ(&far.sent[from..], heard) {
            let at = from + wrong;
            let gap = gap(&far.sent[at..], &heard[wrong..]);
            let excused = far.late.contains(&at);
            let Some(gap) = gap.filter(|_| excused) else {
                panic!(
                    "{name}: octet {at} of {} is wrong; gap {gap:?}; late at {:?}",
                    far.sent.len(),
                    far.late
                );
            };
            (from, heard, gaps) = (at, &heard[wrong + gap..], gaps + 1);
        }
        assert!(gaps <= 1 + far.sent.len() / BLOCK / RARE, "{name}: {gaps} gaps");
        let (least, heard) = (least_of(far), from + heard.len());
        assert!(heard >= least, "{name}: {heard} of {} octets came", far.sent.len());
    }
}

/// What must have come of what an end has sent.
fn least_of(far: &Lane) -> usize {
    far.sent.len().saturating_sub(LATE * BLOCK)
}

/// Where what was heard is not what was sent.
fn differ(sent: &[u8], heard: &[u8]) -> Option<usize> {
    sent.iter().zip(heard).position(|(sent, heard)| sent != heard)
}

/// How many octets of nobody were heard before what was sent goes on; less than a block.
fn gap(sent: &[u8], heard: &[u8]) -> Option<usize> {
    let next = sent.get(..BLOCK)?;
    heard.windows(BLOCK).take(BLOCK).position(|window| window == next)
}

/// Pairs of lanes that talk to one another.
#[derive(Default)]
pub struct Talk {
    pairs: Vec<(String, Lane, Lane)>,
    /// When the last tick was due, in nanoseconds: the line through those that came soonest.
    due: Option<i64>,
}

impl Talk {
    /// One more pair.
    pub fn add(&mut self, name: impl Into<String>, near: Box<dyn Bearer>, far: Box<dyn Bearer>) {
        let seed = u32::try_from(self.pairs.len()).unwrap() * 2 + 1;
        self.pairs.push((name.into(), Lane::new(near, seed), Lane::new(far, seed + 1)));
    }

    /// Lets them talk for so many blocks of 20 ms.
    pub fn blocks(&mut self, clock: &mut dyn Clock, mut blocks: u64) {
        clock.take();
        self.due = None;
        while blocks > 0 {
            poll(&mut [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16))
                .unwrap();
            let ticks = clock.take().min(blocks);
            let late = self.is_late(ticks);
            for _ in 0..ticks {
                blocks -= 1;
                for (_, near, far) in &mut self.pairs {
                    for lane in [near, far] {
                        if late && !lane.sent.is_empty() {
                            lane.late.push(lane.sent.len());
                        }
                        lane.turn();
                    }
                }
            }
        }
    }

    /// So many ticks are due now. Was the first of them due longer ago than anybody can make good?
    fn is_late(&mut self, ticks: u64) -> bool {
        if ticks == 0 {
            return false;
        }
        let now = clock_gettime(ClockId::CLOCK_MONOTONIC).unwrap().num_nanoseconds();
        let first = self.due.map_or(now, |due| (due + PERIOD_NS).min(now));
        self.due = Some((first + PERIOD_NS * (i64::try_from(ticks).unwrap() - 1)).min(now));
        now - first > CUSHION_NS
    }

    /// Every octet arrived as it was sent; how many were compared.
    pub fn compare(&self) -> usize {
        for (name, near, far) in &self.pairs {
            near.compare(far, name);
            far.compare(near, name);
        }
        self.pairs.iter().map(|(_, near, far)| near.sent.len() + far.sent.len()).sum()
    }
}
