//! How long audio takes through the gateway: from the line to RTP and from RTP to the line, measured
//! in virtual time at both ends of one call.
//!
//! We are the telephone, with an RTP port of our own, and the exchange: span 2 is ours, not the
//! gateway's. What is on the line is dated by the line itself ([`FarLine`]), and not by anybody's queue.
//!
//! Without a card the kernel hands over the samples of 8 ms at once, so that of the ticks of 20 ms every second one
//! is known 4 ms later than it was due. A card has no such bursts. A packet counts from when it was **due**: 20 ms
//! after the one before it, counted from the quarter of them that came soonest. How late it really came is held to one
//! burst.

use super::far_line::FarLine;
use super::phone::Phone;
use super::{own_telco, prepared, quiet, up};
use crate::cards::Cards;
use crate::check::Checks;
use crate::isdn::Wire;
use crate::isdn::calls::End;
use demarc_hal::{BLOCK, Block, ChannelId, SpanId};
use demarc_isdn::{Command, Dialect, Event, Side};
use demarc_tests::real::sipp::Cast;
use nix::poll::{PollFd, PollFlags, ppoll};
use nix::sys::time::TimeSpec;
use std::net::{SocketAddr, UdpSocket};
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

/// A block.
const PERIOD: Duration = Duration::from_millis(20);
/// How long before a tick is due the telephone's packet comes: enough to be played in it.
const EARLY: Duration = Duration::from_millis(8);
/// Packets of the gateway by which the telephone finds out when its ticks are due.
const LEARNING: usize = 10;
/// Samples come from the line in chunks of 1 ms: no date is more exact.
const CHUNK: Duration = Duration::from_millis(1);
/// What the driver keeps back of what it heard: 5 ms.
const CUSHION: Duration = Duration::from_millis(5);
/// What a kernel without a card handles at once.
const BURST: Duration = Duration::from_millis(8);
/// RTP's header without extras.
const HEADER: usize = 12;
/// One octet.
const OCTET: Duration = Duration::from_micros(125);
/// Silence first, in which the jitter buffer finds its depth: 16 s.
const QUIET: usize = 800;
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

/// What one party says.
fn script() -> Vec<u8> {
    (0..QUIET + NOISE).flat_map(block).collect()
}

/// Where the block `number` is in what was heard. Most of it must be there; how much is for other tests to say.
fn find(heard: &[u8], number: usize) -> usize {
    let wanted = block(number);
    let equal = |window: &[u8]| window.iter().zip(&wanted).filter(|(came, sent)| came == sent).count();
    let first = (number - NEAR) * BLOCK;
    let range = heard.get(first..).unwrap_or_default();
    let range = &range[..range.len().min(2 * NEAR * BLOCK)];
    let places = range.windows(BLOCK).map(equal).enumerate();
    let (at, octets) = places.max_by_key(|(_, octets)| *octets).expect("something came");
    assert!(octets > BLOCK / 2, "block {number} never came whole: {octets} octets of it");
    first + at
}

/// The telephone's end of the call.
struct Phoned {
    /// When each block was sent.
    sent: Vec<Instant>,
    /// When each block came, and all their octets.
    came: Vec<Instant>,
    heard: Vec<u8>,
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
        talk_ms: 26_000,
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
    let far = FarLine::take(ChannelId { span: far, slot: setup.channel.slot }, script());
    let (phone, line) = talk(far, rtp);
    exchange.ours.wait("disconnect", |event| matches!(event, Event::Disconnect { .. }).then_some(()));
    exchange.ours.send(Command::Clear { call, cause: 16 });
    calling.finish();
    quiet(&mut gateway);

    // The middle of the noise; each block by its first octet.
    let numbers = QUIET + 20..QUIET + NOISE - 40;
    let due = due(&phone.came);
    let (mut line_to_rtp, mut rtp_to_line, mut late) = (Vec::new(), Vec::new(), Duration::ZERO);
    for number in numbers {
        let at = find(&phone.heard, number);
        // Of the packet that brings it the first octet waited longest.
        let (packet, before) = (at / BLOCK, at % BLOCK);
        let sent = due + PERIOD * packet as u32;
        line_to_rtp.push(sent - (line.said_at(number * BLOCK) - OCTET * before as u32));
        late = late.max(phone.came[packet] - sent);
        rtp_to_line.push(line.heard_at(find(line.heard(), number)) - phone.sent[number]);
    }
    let to_rtp = show("line to RTP", &mut line_to_rtp);
    let to_line = show("RTP to line", &mut rtp_to_line);
    println!("        packets up to {} us after they were due", late.as_micros());
    // A block, and what the driver keeps back.
    assert!(to_rtp.median <= PERIOD + CUSHION + CHUNK && to_rtp.most <= PERIOD + CUSHION + CHUNK);
    assert!(late <= BURST + CHUNK);
    // To the tick, in which it is played, and the driver's cushion, to which a first block that was a burst late has
    // added that.
    assert!(to_line.most <= EARLY + CUSHION + BURST + CHUNK);
}

/// Delays of many blocks.
struct Delays {
    median: Duration,
    most: Duration,
}

fn show(name: &str, delays: &mut [Duration]) -> Delays {
    delays.sort();
    let (least, median, most) = (delays[0], delays[delays.len() / 2], delays[delays.len() - 1]);
    let [least_us, median_us, most_us] = [least, median, most].map(|delay| delay.as_micros());
    println!("        {name}: {least_us} to {most_us} us, mostly {median_us}; the block is 20000");
    Delays { median, most }
}

/// When the first of these packets was due: by the quarter of them that came soonest, so that one alone says nothing.
fn due(came: &[Instant]) -> Instant {
    let mut first: Vec<_> =
        came.iter().enumerate().map(|(number, at)| *at - PERIOD * number as u32).collect();
    first.sort();
    first[first.len() / 4]
}

/// Both ways at once, until both have said all.
fn talk(mut line: FarLine, rtp: UdpSocket) -> (Phoned, FarLine) {
    let phone = std::thread::spawn(move || telephone(&rtp));
    while !line.is_done() || !phone.is_finished() {
        line.turn();
    }
    (phone.join().expect("the telephone"), line)
}

/// The telephone sends a packet every 20 ms, and dates what comes.
#[allow(clippy::disallowed_methods, reason = "the guest's time is virtual")]
fn telephone(rtp: &UdpSocket) -> Phoned {
    let (mut sent, mut came) = (Vec::with_capacity(QUIET + NOISE), Vec::with_capacity(2 * (QUIET + NOISE)));
    let mut heard = Vec::with_capacity(2 * (QUIET + NOISE) * BLOCK);
    let (mut far, mut last): (Option<SocketAddr>, Option<u16>) = (None, None);
    let mut next = Instant::now();
    let mut buffer = [0; 1500];
    rtp.set_nonblocking(true).unwrap();
    while sent.len() < QUIET + NOISE {
        if let (Some(far), true) = (far, Instant::now() >= next) {
            let number = sent.len();
            let mut packet = vec![0x80, 8 | if number == 0 { 0x80 } else { 0 }];
            packet.extend((number as u16).to_be_bytes());
            packet.extend((number as u32 * BLOCK as u32).to_be_bytes());
            packet.extend(0x00C0_FFEE_u32.to_be_bytes());
            packet.extend(block(number));
            sent.push(Instant::now());
            rtp.send_to(&packet, far).unwrap();
            next += PERIOD;
        }
        // A timeout of the socket's own would end at a jiffy, 4 ms late.
        let wait = far.map(|_| TimeSpec::from(next.saturating_duration_since(Instant::now())));
        ppoll(&mut [PollFd::new(rtp.as_fd(), PollFlags::POLLIN)], wait, None).unwrap();
        let Ok((length, from)) = rtp.recv_from(&mut buffer) else { continue };
        let now = Instant::now();
        if length == HEADER + BLOCK && buffer[1] & 0x7F == 8 {
            let sequence = u16::from_be_bytes([buffer[2], buffer[3]]);
            assert!(last.is_none_or(|last| sequence == last.wrapping_add(1)), "a packet is missing");
            last = Some(sequence);
            came.push(now);
            if came.len() == LEARNING {
                far = Some(from);
                next = due(&came) + PERIOD * (LEARNING as u32 + 1) - EARLY;
            }
            heard.extend(&buffer[HEADER..length]);
        }
    }
    Phoned { sent, came, heard }
}
