//! The figures of the gateway, measured on the real process and printed as a table.
//!
//! `make figures` runs it. Times are of this machine at this moment; what is a ratio or a count is
//! the same everywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::disallowed_methods,
    reason = "a measurement looks at the clock and fails loudly"
)]

use demarc_tests::lab::Lab;
use demarc_tests::real::audio::Say;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Audio, Demarcd, Sipp, wait_for};
use serde_json::Value;
use std::time::{Duration, Instant};

const ECHO: &str = "02079460100";
const PATIENCE: Duration = Duration::from_secs(60);

fn main() {
    let virtual_calls = argument("--virtual-calls", 10_000);
    let seconds = argument("--seconds", 60);
    let calls = argument("--calls", 500);
    row("figure", "value");
    virtual_time(virtual_calls);
    let started = Instant::now();
    let mut gateway = Demarcd::start();
    first_call(&gateway, started);
    idle(&gateway);
    setup(&mut gateway, calls);
    thirty_calls(&mut gateway, seconds);
}

fn argument(name: &str, default: u32) -> u32 {
    let mut arguments = std::env::args().skip_while(|argument| argument != name);
    arguments.nth(1).and_then(|value| value.parse().ok()).unwrap_or(default)
}

fn row(figure: &str, value: impl std::fmt::Display) {
    println!("{figure:<46} {value}");
}

/// Calls through the whole node in virtual time: out by PRI, in by PRI, out by a line.
fn virtual_time(calls: u32) {
    let mut lab = Lab::new(vec![], vec![], vec!["201"], vec![]);
    let began = Instant::now();
    let mut time = Duration::ZERO;
    let mut act = |lab: &mut Lab, after_ms: u64, action: &str| {
        time += Duration::from_millis(after_ms);
        lab.run_until(time);
        lab.act(action);
        // What the world answers at once.
        lab.run_until(time);
    };
    for n in 0..calls {
        if n % 20 == 0 {
            act(&mut lab, 1000, "sip 201 REGISTER");
        }
        match n % 3 {
            0 => {
                act(&mut lab, 3000, &format!("sip 201 INVITE {ECHO}"));
                let call = lab.isdn_calls().pop().expect("a call");
                act(&mut lab, 100, &format!("isdn {call} PROCEEDING"));
                act(&mut lab, 200, &format!("isdn {call} ALERTING"));
                act(&mut lab, 3000, &format!("isdn {call} CONNECT"));
                act(&mut lab, 60_000, "sip 201 BYE");
            }
            1 => {
                act(&mut lab, 3000, "isdn SETUP slot=1 called=2079460901/2 calling=2079460100/2");
                let call = lab.isdn_calls().pop().expect("a call");
                act(&mut lab, 100, "sip 201 180");
                act(&mut lab, 3000, "sip 201 200");
                act(&mut lab, 60_000, &format!("isdn {call} DISCONNECT cause=16"));
            }
            _ => {
                act(&mut lab, 3000, &format!("sip 201 INVITE 8{ECHO}"));
                act(&mut lab, 400, "media 2/1 tone dial");
                act(&mut lab, 5000, "line 2/1 PolarityReversed");
                act(&mut lab, 60_000, "sip 201 BYE");
            }
        }
        lab.forget_rows();
    }
    let took = began.elapsed();
    let virtual_hours = time.as_secs_f64() / 3600.0;
    lab.run_until_quiet(Duration::from_secs(400));
    row(
        &format!("{calls} calls in virtual time"),
        format!(
            "{:.2} s for {virtual_hours:.0} h of calls ({:.0} calls/s)",
            took.as_secs_f64(),
            f64::from(calls) / took.as_secs_f64()
        ),
    );
}

fn first_call(gateway: &Demarcd, started: Instant) {
    row("cold start to ready", format!("{:.2} s", started.elapsed().as_secs_f64()));
    let password = gateway.password("201");
    // The D channel comes up by itself; until then calls take a line, which is as good.
    let cast =
        Cast { user: "201", password: &password, number: ECHO, audio: 9, talk_ms: 0, ..Cast::default() };
    Sipp::start("call", gateway.sip, &cast).finish();
    row("cold start to the end of the first call", format!("{:.2} s", started.elapsed().as_secs_f64()));
}

fn idle(gateway: &Demarcd) {
    std::thread::sleep(Duration::from_secs(3));
    let seconds = 10;
    let before = cpu_seconds(gateway);
    std::thread::sleep(Duration::from_secs(seconds));
    let used = cpu_seconds(gateway) - before;
    row(
        "idle CPU, telco and telephones included",
        format!("{:.2} % of a core", 100.0 * used / seconds as f64),
    );
    row("resident memory, idle", format!("{:.1} MiB", resident_mib(gateway.pid())));
}

/// INVITE-in to SETUP-out, and calls a second, through both libpri helpers.
fn setup(gateway: &mut Demarcd, calls: u32) {
    wait_for("the D channel", PATIENCE, || {
        gateway.api("GET", "/api/live", None).1["spans"][0]["d_channel_up"].as_bool().filter(|up| *up)
    });
    let password = gateway.password("201");
    let cast =
        Cast { user: "201", password: &password, number: ECHO, audio: 9, talk_ms: 0, ..Cast::default() };
    // At a pace that leaves it air: what a caller waits for.
    Sipp::start_many("call", gateway.sip, &cast, calls, 200, 20).finish();
    let (_, records) = gateway.api("GET", "/api/call_records?limit=400", None);
    let ids: Vec<String> = records["records"]
        .as_array()
        .expect("records")
        .iter()
        .map(|record| record["call"].to_string())
        .collect();
    let mut delays: Vec<u64> = ids.iter().filter_map(|call| invite_to_setup(gateway, call)).collect();
    delays.sort_unstable();
    let at = |share: f64| delays[((delays.len() - 1) as f64 * share) as usize] as f64 / 1000.0;
    row(
        "INVITE in to SETUP out (as the helper reports it)",
        format!("p50 {:.2} ms, p99 {:.2} ms over {} calls", at(0.5), at(0.99), delays.len()),
    );
    // As fast as it goes, with at most 25 channels of the span.
    let (many, began) = (4 * calls, Instant::now());
    Sipp::start_many("call", gateway.sip, &cast, many, 2000, 25).finish();
    let took = began.elapsed().as_secs_f64();
    row(
        "calls a second through the PRI, set up and cleared",
        format!("{:.0} ({many} calls in {took:.1} s)", f64::from(many) / took),
    );
}

fn invite_to_setup(gateway: &mut Demarcd, call: &str) -> Option<u64> {
    let (_, ladder) = gateway.api("GET", &format!("/api/calls/{call}/ladder"), None);
    let at = |label: &str, direction: &str| {
        let rows = ladder["rows"].as_array()?;
        let matches = |row: &&Value| {
            row["direction"] == direction && row["label"].as_str().is_some_and(|text| text.starts_with(label))
        };
        rows.iter().find(matches)?["at_us"].as_u64()
    };
    Some(at("SETUP", "out")? - at("INVITE", "in")?)
}

/// The whole span in use, two-way audio on every channel.
fn thirty_calls(gateway: &mut Demarcd, seconds: u32) {
    let password = gateway.password("201");
    let talk_ms = (seconds + 10) * 1000;
    let lost_before = metric(gateway, "demarc_media_lost");
    let calls: Vec<(Sipp, Audio)> = (0..30)
        .map(|_| {
            let audio = Audio::start(Say::Tone(700.0, -10.0), None);
            let cast = Cast {
                user: "201",
                password: &password,
                number: ECHO,
                audio: audio.port,
                talk_ms,
                ..Cast::default()
            };
            (Sipp::start("call", gateway.sip, &cast), audio)
        })
        .collect();
    wait_for("thirty calls", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let calls = live["calls"].as_array()?;
        (calls.iter().filter(|call| call["answered_ms"].is_number()).count() == 30).then_some(())
    });
    let (cpu, began) = (cpu_seconds(gateway), Instant::now());
    std::thread::sleep(Duration::from_secs(u64::from(seconds)));
    let used = 100.0 * (cpu_seconds(gateway) - cpu) / began.elapsed().as_secs_f64();
    row("30 PRI calls: CPU (gateway, telco, helpers)", format!("{used:.1} % of a core"));
    row("30 PRI calls: resident memory", format!("{:.1} MiB", resident_mib(gateway.pid())));
    let (mut packets, mut lost, mut wrong) = (0, 0, 0);
    for (call, audio) in calls {
        call.finish();
        let heard = audio.finish();
        packets += heard.packets;
        lost += heard.lost;
        let (level, hz) = heard.last_second();
        wrong += usize::from((level + 10.0).abs() > 0.5 || (hz - 700.0).abs() > 1.0);
    }
    row("30 PRI calls: packets heard, lost", format!("{packets}, {lost}"));
    row("30 PRI calls: calls whose echo was not 700 Hz", wrong);
    let blocks = metric(gateway, "demarc_media_lost") - lost_before;
    row("30 PRI calls: blocks and packets lost in the gateway", blocks);
    row("ticks skipped by a busy machine", metric(gateway, "demarc_media_skipped_ticks"));
}

fn metric(gateway: &mut Demarcd, name: &str) -> u64 {
    let (_, text) = gateway.api("GET", "/metrics", None);
    let text = text.as_str().unwrap_or_default().to_string();
    let line = text.lines().find_map(|line| line.strip_prefix(name)).unwrap_or(" 0").trim().to_string();
    line.parse::<f64>().unwrap_or(0.0) as u64
}

/// User and system time of the daemon and its helpers so far.
fn cpu_seconds(gateway: &Demarcd) -> f64 {
    let pids = std::iter::once(gateway.pid()).chain(gateway.helpers());
    pids.map(|pid| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
        let ticks = |n: usize| fields.get(n).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
        // Clock ticks are 100 a second on Linux.
        (ticks(11) + ticks(12)) / 100.0
    })
    .sum()
}

fn resident_mib(pid: u32) -> f64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
}
