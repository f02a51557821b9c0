//! How long audio takes through the gateway: from the line to RTP and from RTP to the line, measured
//! in virtual time at both ends of one call.
//!
//! We are the telephone, with an RTP port of our own, and the exchange: span 2 is ours, not the
//! gateway's. Octets on the line are dated by the ends of the driver: between our write and the line
//! is one cushion of the kernel, between the line and our read another ([`CUSHION`]); the driver's own
//! tests hold that to the octet.

use super::phone::Phone;
use super::{own_telco, prepared, quiet, up};
use crate::cards::Cards;
use crate::check::Checks;
use crate::isdn::Wire;
use crate::isdn::calls::End;
use demarc_hal::{BLOCK, Bearer, Block, ChannelId, Clock, SpanId, Transfer};
use demarc_isdn::{Command, Dialect, Event, Side};
use demarc_tests::real::sipp::Cast;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use std::net::{SocketAddr, UdpSocket};
use std::time::{Duration, Instant};

/// What the driver keeps each way: 5 ms.
const CUSHION: Duration = Duration::from_millis(5);
/// One octet.
const OCTET: Duration = Duration::from_micros(125);
/// Silence first, in which the jitter buffer finds its depth: 10 s.
const QUIET: usize = 500;
/// Then noise: 2 s.
const NOISE: usize = 100;
/// A block is looked for among so many before and after it: 1 s.
const NEAR: usize = 50;

/// The first pair of spans.
pub fn run(checks: &mut Checks) {
    checks.run("gateway: delay from the line to RTP and from RTP to the line", measure);
}

/// Octets that tell their place, after a time of silence.
fn block(number: usize) -> Block {
    match number.checked_sub(QUIET) {
        None => [0xD5; BLOCK],
        Some(number) => std::array::from_fn(|index| octet(number * BLOCK + index)),
    }
}

fn octet(place: usize) -> u8 {
    let mixed = (place as u32 + 1).wrapping_mul(2_654_435_761);
    (mixed >> 19) as u8
}

#[derive(Default)]
struct Seen {
    /// When each block was handed over at the one end.
    sent: Vec<Instant>,
    /// What came at the other, each piece with its time.
    came: Vec<(Instant, Vec<u8>)>,
}

impl Seen {
    /// Where and when the beginning of the block `number` came: the piece's time, and how many of its
    /// octets are before it. Most of the block must be there; how much is for other tests to say.
    fn find(&self, number: usize) -> (Instant, usize) {
        let all: Vec<u8> = self.came.iter().flat_map(|(_, octets)| octets).copied().collect();
        let wanted = block(number);
        let equal = |window: &[u8]| window.iter().zip(&wanted).filter(|(came, sent)| came == sent).count();
        let first = (number - NEAR) * BLOCK;
        let range = all.get(first..).unwrap_or_default();
        let range = &range[..range.len().min(2 * NEAR * BLOCK)];
        let places = range.windows(BLOCK).map(equal).enumerate();
        let (at, octets) = places.max_by_key(|(_, octets)| *octets).expect("something came");
        assert!(octets > BLOCK / 2, "block {number} never came whole: {octets} octets of it");
        let mut at = first + at;
        for (time, octets) in &self.came {
            if at < octets.len() {
                return (*time, at);
            }
            at -= octets.len();
        }
        panic!("beyond the end");
    }
}

#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn measure() {
    let mut gateway = prepared(|config| {
        own_telco(config);
        for span in config["spans"].as_array_mut().expect("spans") {
            span["enabled"] = (span["id"] == 1).into();
        }
    });
    let mut cards = Cards::new();
    let far = SpanId(2);
    let mut exchange = End::start(&mut cards, far, Wire::E1, Side::Network, Dialect::EuroIsdn);
    exchange.up();
    up(&mut gateway, 1);

    let rtp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let phone = Phone::of(&gateway, "201");
    let cast = Cast {
        number: "02079460902",
        audio: rtp.local_addr().unwrap().port(),
        talk_ms: 20_000,
        ..phone.cast()
    };
    let calling = phone.play("call", &cast);
    let setup = exchange.ours.wait("a call", |event| match event {
        Event::Setup(setup) => Some(setup.clone()),
        _ => None,
    });
    let call = setup.call;
    exchange.ours.send(Command::Proceeding { call, in_band: false });
    exchange.ours.send(Command::Connect { call, connected: None });
    let mut bearer = cards.bearer(ChannelId { span: far, slot: setup.channel.slot });
    bearer.flush();
    bearer.cancel_echo(false);
    let (to_rtp, to_line) = talk(&mut *bearer, &mut *cards.clock, rtp);
    exchange.ours.wait("disconnect", |event| matches!(event, Event::Disconnect { .. }).then_some(()));
    exchange.ours.send(Command::Clear { call, cause: 16 });
    calling.finish();
    quiet(&mut gateway);

    // The middle of the noise; each block by its first octet.
    let numbers = QUIET + 20..QUIET + NOISE - 40;
    let mut line_to_rtp: Vec<Duration> = Vec::new();
    let mut rtp_to_line: Vec<Duration> = Vec::new();
    for number in numbers {
        let (came, before) = to_rtp.find(number);
        let on_line = to_rtp.sent[number] + CUSHION;
        // Of the packet that brings it the first octet waited longest.
        line_to_rtp.push(came - (on_line - OCTET * before as u32));
        let (came, before) = to_line.find(number);
        let on_line = came - CUSHION - OCTET * (BLOCK - before) as u32;
        rtp_to_line.push(on_line - to_line.sent[number]);
    }
    // Without a card the kernel counts samples in bursts, one a jiffy of 4 ms and now and then one of
    // two: where in a burst a tick lies is the guest's, up to a jiffy for most and two for some.
    let show = |name: &str, delays: &mut Vec<Duration>| {
        delays.sort();
        let (least, median, most) = (delays[0], delays[delays.len() / 2], delays[delays.len() - 1]);
        let [least_us, median_us, most_us] = [least, median, most].map(|delay| delay.as_micros());
        println!("        {name}: {least_us} to {most_us} us, mostly {median_us}; the block is 20000");
        (median, most)
    };
    // Samples come from the line in chunks of 1 ms: no date here is more exact.
    let chunk = Duration::from_millis(1);
    let (jiffy, burst) = (Duration::from_millis(4), Duration::from_millis(8));
    let goal = Duration::from_millis(25) + chunk;
    let (to_rtp, to_line) = (show("line to RTP", &mut line_to_rtp), show("RTP to line", &mut rtp_to_line));
    assert!(to_rtp.0 <= goal + jiffy && to_rtp.1 <= goal + burst);
    // Beside the block and the cushion there is the jitter buffer: two blocks at first, and as deep as
    // the network makes it.
    let buffer = Duration::from_millis(40);
    assert!(to_line.0 <= goal + buffer && to_line.1 <= goal + buffer + burst);
}

/// Both ways at once: what is said on the line and heard at the RTP port, and the other way round.
#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn talk(bearer: &mut dyn Bearer, clock: &mut dyn Clock, rtp: UdpSocket) -> (Seen, Seen) {
    let phone = std::thread::spawn(move || telephone(&rtp));
    let (mut sent, mut heard) = (Vec::with_capacity(QUIET + NOISE), Vec::with_capacity(2 * (QUIET + NOISE)));
    clock.take();
    while sent.len() < QUIET + NOISE {
        poll(&mut [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16)).unwrap();
        if clock.take() == 0 {
            continue;
        }
        let now = Instant::now();
        let mut got = [0; BLOCK];
        if bearer.read(&mut got) == Transfer::Done {
            heard.push((now, got.to_vec()));
        }
        assert_eq!(bearer.write(&block(sent.len())), Transfer::Done);
        sent.push(now);
    }
    let (said, listened) = phone.join().expect("the telephone");
    (Seen { sent, came: listened }, Seen { sent: said, came: heard })
}

type Listened = Vec<(Instant, Vec<u8>)>;

/// The telephone sends a packet every 20 ms, and dates what comes.
#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn telephone(rtp: &UdpSocket) -> (Vec<Instant>, Listened) {
    let (mut sent, mut came) = (Vec::with_capacity(QUIET + NOISE), Vec::with_capacity(2 * (QUIET + NOISE)));
    let mut far: Option<SocketAddr> = None;
    let mut next = Instant::now();
    let mut buffer = [0; 1500];
    while sent.len() < QUIET + NOISE {
        let now = Instant::now();
        if let (Some(far), true) = (far, now >= next) {
            let number = sent.len();
            let mut packet = vec![0x80, 8 | if number == 0 { 0x80 } else { 0 }];
            packet.extend((number as u16).to_be_bytes());
            packet.extend((number as u32 * BLOCK as u32).to_be_bytes());
            packet.extend(0x00C0_FFEE_u32.to_be_bytes());
            packet.extend(block(number));
            let now = Instant::now();
            rtp.send_to(&packet, far).unwrap();
            sent.push(now);
            next += Duration::from_millis(20);
        }
        let wait = if far.is_none() { Duration::from_secs(1) } else { next.saturating_duration_since(now) };
        rtp.set_read_timeout(Some(wait.max(Duration::from_micros(200)))).unwrap();
        let Ok((length, from)) = rtp.recv_from(&mut buffer) else { continue };
        if length > 12 && buffer[1] & 0x7F == 8 {
            if far.is_none() {
                next = Instant::now();
            }
            far = Some(from);
            came.push((Instant::now(), buffer[12..length].to_vec()));
        }
    }
    (sent, came)
}
