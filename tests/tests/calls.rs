//! Calls through the real process: SIPp registers, calls and is called; the audio is measured.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_tests::real::audio::Say;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Audio, Demarcd, Heard, Sipp, wait_for};
use serde_json::Value;
use std::time::Duration;

const MILLIWATT: &str = "02079460101";
const ECHO: &str = "02079460100";
const READBACK: &str = "02079460108";

/// A phone with its account.
struct Phone<'a> {
    gateway: &'a Demarcd,
    user: &'static str,
    password: String,
}

impl<'a> Phone<'a> {
    fn new(gateway: &'a Demarcd, user: &'static str) -> Self {
        Self { gateway, user, password: gateway.password(user) }
    }

    fn cast(&self) -> Cast<'_> {
        // Nobody listens at port 9, but an offer must name a port.
        Cast { user: self.user, password: &self.password, audio: 9, talk_ms: 3000, ..Cast::default() }
    }

    fn play(&self, scenario: &str, cast: &Cast<'_>) -> Sipp {
        Sipp::start(scenario, self.gateway.sip, cast)
    }

    /// Calls a number, talks, hangs up; what was heard.
    fn call(&self, number: &str, say: Say) -> Heard {
        let audio = Audio::start(say, None);
        let cast = Cast { number, audio: audio.port, talk_ms: 4000, ..self.cast() };
        self.play("call", &cast).finish();
        audio.finish()
    }
}

fn assert_milliwatt(heard: &Heard) {
    let (level, hz) = heard.loudest();
    assert!(level.abs() < 0.5, "{level} dBm0");
    assert!((hz - 1004.0).abs() < 1.0, "{hz} Hz");
    assert_eq!(heard.lost, 0, "packets that never came");
}

/// The span and the lines are ready some moments after the start.
fn ready() -> Demarcd {
    let mut gateway = Demarcd::start();
    wait_for("the D channel", Duration::from_secs(60), || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        live["spans"][0]["d_channel_up"].as_bool().filter(|up| *up)
    });
    gateway
}

#[test]
fn phones_register_over_udp_and_tcp() {
    let mut gateway = Demarcd::start();
    for (user, tcp) in [("201", false), ("202", true)] {
        let phone = Phone::new(&gateway, user);
        phone.play("register", &Cast { tcp, ..phone.cast() }).finish();
    }
    wait_for("the registrations", Duration::from_secs(10), || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        let reachable = |device: &&Value| device["reachable"] == true && device["contacts"][0].is_object();
        // The TCP phone is gone with its connection, and so is its contact.
        (live["devices"].as_array()?.iter().filter(reachable).count() >= 1).then_some(())
    });
}

#[test]
fn a_wrong_password_is_refused() {
    let gateway = Demarcd::start();
    let phone = Phone::new(&gateway, "201");
    let cast = Cast { password: "not the password", ..phone.cast() };
    let messages = phone.play("register-refused", &cast).finish();
    assert!(!messages.contains("200 OK"), "{messages}");
}

#[test]
fn a_call_out_through_the_pri_hears_the_milliwatt() {
    let gateway = ready();
    assert_milliwatt(&Phone::new(&gateway, "201").call(MILLIWATT, Say::Silence));
}

#[test]
fn a_call_out_through_a_line_hears_the_milliwatt() {
    let gateway = ready();
    let number = format!("8{MILLIWATT}");
    assert_milliwatt(&Phone::new(&gateway, "201").call(&number, Say::Silence));
}

#[test]
fn what_is_said_comes_back_from_the_echo() {
    let gateway = ready();
    let heard = Phone::new(&gateway, "201").call(ECHO, Say::Tone(700.0, -10.0));
    let (level, hz) = heard.loudest();
    assert!((level + 10.0).abs() < 0.5 && (hz - 700.0).abs() < 1.0, "{level} dBm0 at {hz} Hz");
}

#[test]
fn what_is_said_comes_back_through_a_line() {
    let gateway = ready();
    let heard = Phone::new(&gateway, "201").call(&format!("8{ECHO}"), Say::Tone(700.0, -10.0));
    let (level, hz) = heard.loudest();
    assert!((level + 10.0).abs() < 0.5 && (hz - 700.0).abs() < 1.0, "{level} dBm0 at {hz} Hz");
}

#[test]
fn digits_cross_the_pri_both_ways() {
    let gateway = ready();
    let phone = Phone::new(&gateway, "201");
    let audio = Audio::start(Say::Digits("13579*".into()), None);
    let cast = Cast { number: READBACK, audio: audio.port, talk_ms: 9000, ..phone.cast() };
    phone.play("call", &cast).finish();
    assert_eq!(audio.finish().digits, "13579*");
}

#[test]
fn early_media_is_heard_before_any_answer() {
    let gateway = ready();
    let phone = Phone::new(&gateway, "201");
    let audio = Audio::start(Say::Silence, None);
    let cast = Cast { number: "02079460106", audio: audio.port, ..phone.cast() };
    phone.play("call-early", &cast).finish();
    let (level, _) = audio.finish().loudest();
    assert!(level > -30.0, "nothing was heard: {level} dBm0");
}

#[test]
fn a_phone_is_called_back_over_the_pri_and_over_a_line() {
    let gateway = ready();
    let phone = Phone::new(&gateway, "201");
    for (number, shown) in
        [("02079460110", true), ("02079460111", false), ("02079460112", true), ("02079460113", false)]
    {
        let port = free_udp_port();
        let registered = Cast { port, ..phone.cast() };
        phone.play("register", &registered).finish();
        let audio = Audio::start(Say::Tone(700.0, -10.0), None);
        let answering = phone.play("answer", &Cast { port, audio: audio.port, ..phone.cast() });
        // The telco refuses with busy, and calls back.
        phone.play("call-refused", &Cast { number, ..phone.cast() }).finish();
        let messages = answering.finish();
        let heard = audio.finish();
        let invite = messages.split("INVITE sip:").nth(1).expect("an INVITE");
        let from = invite.lines().find(|line| line.starts_with("From:")).expect("a From");
        assert_eq!(from.to_lowercase().contains("anonymous"), !shown, "{number}: {from}");
        assert_eq!(from.contains("2079460"), shown, "{number}: {from}");
        // The telco's side of a call-back returns what it hears.
        let (level, hz) = heard.loudest();
        assert!((level + 10.0).abs() < 1.0 && (hz - 700.0).abs() < 1.0, "{number}: {level} dBm0 at {hz} Hz");
    }
}

#[test]
fn an_analog_telephone_calls_the_milliwatt_by_tones_and_by_pulses() {
    let gateway = ready();
    for how in ["dial", "pulse"] {
        gateway.demarc(&["phone", "1", "off-hook"]);
        let heard = gateway.demarc(&["phone", "1", "listen", "2"])["heard"].clone();
        assert!(heard["level_dbm0"].as_f64().unwrap() > -30.0, "no dial tone: {heard}");
        gateway.demarc(&["phone", "1", how, MILLIWATT]);
        wait_for("the milliwatt", Duration::from_secs(60), || {
            let heard = gateway.demarc(&["phone", "1", "listen", "1.5"])["heard"].clone();
            let (level, hz) = (heard["level_dbm0"].as_f64()?, heard["frequency_hz"].as_f64()?);
            (level.abs() < 0.5 && (hz - 1004.0).abs() < 1.0).then_some(())
        });
        gateway.demarc(&["phone", "1", "hang-up"]);
    }
}

#[test]
fn an_analog_telephone_rings_with_caller_id() {
    let gateway = ready();
    let phone = Phone::new(&gateway, "201");
    let audio = Audio::start(Say::Tone(700.0, -10.0), None);
    let cast = Cast { number: "211", audio: audio.port, talk_ms: 6000, ..phone.cast() };
    let call = phone.play("call", &cast);
    let caller = wait_for("ringing", Duration::from_secs(30), || {
        let state = gateway.demarc(&["phone", "1", "look"]);
        state["ringing"].as_bool().filter(|rings| *rings)?;
        Some(state["caller"].clone())
    });
    assert_eq!(caller["number"], "201", "{caller}");
    gateway.demarc(&["phone", "1", "off-hook"]);
    let heard = gateway.demarc(&["phone", "1", "listen", "2"])["heard"].clone();
    gateway.demarc(&["phone", "1", "whistle", "2"]);
    call.finish();
    assert!((heard["frequency_hz"].as_f64().unwrap() - 700.0).abs() < 1.0, "{heard}");
    let (level, hz) = audio.finish().loudest();
    assert!((level + 10.0).abs() < 0.5 && (hz - 1004.0).abs() < 1.0, "{level} dBm0 at {hz} Hz");
}

#[test]
fn a_refused_call_says_why() {
    let gateway = ready();
    let phone = Phone::new(&gateway, "201");
    for (number, status, cause) in [
        ("02079460102", 486, 17),
        ("02079460103", 404, 1),
        ("02079460221", 403, 21),
        ("02079460288", 503, 88),
    ] {
        let messages = phone.play("call-refused", &Cast { number, ..phone.cast() }).finish();
        assert!(messages.contains(&format!("SIP/2.0 {status} ")), "{number}:\n{messages}");
        assert!(messages.contains(&format!("Q.850;cause={cause}")), "{number}:\n{messages}");
    }
}

fn free_udp_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
