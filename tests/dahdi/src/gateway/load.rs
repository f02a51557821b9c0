//! 240 channels over 8 spans, every one of them bridged to RTP: what is lost, and what it costs.

use super::crowd::Crowd;
use super::phone::Phone;
use super::{PATIENCE, configure, isdn, quiet};
use crate::cards::pause;
use crate::check::Checks;
use crate::load::Spent;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Demarcd, Sipp, wait_for};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Each takes a channel of an odd span and one of an even span.
const CALLS: u32 = 120;
/// Calls that begin each second.
const RATE: u32 = 40;
/// How long is measured: an instruction of the guest costs the host many, and all of them work.
const SECONDS: u32 = 3;
/// How long jitter buffers may take before: with each call more the gateway's ticks are longer, so that the
/// answers come later; a buffer looks at 2.56 s, and waits for a silent block, of which there are some in 2.56 s.
const SETTLING: u32 = 8;

/// Four E1 pairs.
pub fn run(checks: &mut Checks) {
    checks.run("gateway: 240 channels, each bridged to RTP, lose nothing", full);
}

/// What the media thread counts.
#[derive(Debug, Clone, Copy)]
struct Figures {
    lost: u64,
    skipped: u64,
    unsent: u64,
    received: u64,
}

impl Figures {
    fn of(gateway: &Demarcd) -> Self {
        let mut stream = TcpStream::connect(gateway.http).unwrap();
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n", gateway.http);
        stream.write_all(request.as_bytes()).unwrap();
        let mut text = String::new();
        stream.read_to_string(&mut text).unwrap();
        let figure = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
            line.and_then(|value| value.trim().parse().ok()).unwrap_or_else(|| panic!("{name} in {text}"))
        };
        Self {
            lost: figure("demarc_media_lost"),
            skipped: figure("demarc_media_skipped_ticks"),
            unsent: figure("demarc_media_unsent_packets"),
            received: figure("demarc_media_received"),
        }
    }
}

fn full() {
    let mut gateway = isdn::ready(8, &[]);
    configure(&mut gateway, |config| {
        config["system"]["rtp"]["ports"] = 300.into();
        for extension in config["extensions"].as_array_mut().expect("extensions") {
            extension["features"]["call_waiting"] = true.into();
        }
    });
    let (near, far) = (Phone::of(&gateway, "201"), Phone::of(&gateway, "202"));
    let crowd = Crowd::start();
    let port = super::phone::free_port();
    far.play("register", &Cast { port, ..far.cast() }).finish();
    let talk_ms = (CALLS / RATE + SETTLING + SECONDS + 6) * 1000;
    let answer = Cast { port, audio: crowd.port, talk_ms, ..far.cast() };
    let answering = Sipp::start_many("answer", gateway.sip, &answer, CALLS, CALLS, CALLS);
    let call = Cast { number: "02079460902", audio: crowd.port, ..near.cast() };
    let calling = Sipp::start_many("call-until-bye", gateway.sip, &call, CALLS, RATE, CALLS);
    wait_for("every call", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let active = |leg: &serde_json::Value| leg["state"] == "active";
        let talks =
            |call: &&serde_json::Value| call["legs"].as_array().is_some_and(|legs| legs.iter().all(active));
        let legs: usize = live["calls"].as_array()?.iter().filter(talks).count();
        pause(Duration::from_millis(200));
        (legs == 2 * CALLS as usize).then_some(())
    });
    pause(Duration::from_secs(SETTLING.into()));
    let pid = gateway.pid();
    let (before, spent) = (Figures::of(&gateway), Spent::by(pid));
    crowd.judge(true);
    pause(Duration::from_secs(SECONDS.into()));
    crowd.judge(false);
    let (after, now) = (Figures::of(&gateway), Spent::by(pid));
    let (busy, media) = (now.since(&spent, ""), now.since(&spent, "media"));
    answering.finish();
    calling.finish();
    quiet(&mut gateway);
    let streams = crowd.finish();
    let judged: Vec<_> = streams.iter().filter(|stream| stream.octets > 0).collect();
    let breaks: u64 = judged.iter().map(|stream| stream.breaks).sum();
    let missing: u64 = streams.iter().map(|stream| stream.lost).sum();
    let pause = judged.iter().map(|stream| stream.longest_pause).max().unwrap_or_default();
    let channels = 2 * CALLS;
    let per = |spent: Duration| spent.as_secs_f64() / f64::from(SECONDS * channels) * 1e6;
    println!(
        "        {channels} channels for {SECONDS} s: {} blocks lost of {}, {} ticks skipped, {} packets unsent",
        after.lost - before.lost,
        after.received - before.received,
        after.skipped - before.skipped,
        after.unsent - before.unsent
    );
    println!(
        "        {} streams: {missing} packets missing, {breaks} breaks in the audio, longest pause {} us",
        judged.len(),
        pause.as_micros()
    );
    println!(
        "        demarcd: {:.0} us of the processor per channel and second, {:.0} of them media (1 us is 1000 instructions)",
        per(busy),
        per(media)
    );
    assert_eq!(judged.len(), channels as usize, "a stream for every channel");
    assert_eq!(after.lost - before.lost, 0, "blocks lost");
    assert_eq!(after.skipped - before.skipped, 0, "ticks skipped");
    assert_eq!(missing, 0, "packets missing");
    assert_eq!(breaks, 0, "breaks in the audio");
}
