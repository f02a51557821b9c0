//! An analog telephone of ours on a port of the gateway: the FXO port at the other end of the pair, a
//! dial, and ears.

use super::phone::{Phone, free_port};
use super::{PATIENCE, prepared, quiet};
use crate::cards::Cards;
use crate::check::Checks;
use demarc_hal::{
    BLOCK, Bearer, Block, ChannelId, Companding, Driver, Line, LineCommand, LineEvent, PortKind, Signalling,
    SpanId, Transfer,
};
use demarc_media::codec::g711;
use demarc_media::measure::{frequency, level_dbm0};
use demarc_tests::real::audio::Say;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Audio, Demarcd, wait_for};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde_json::json;
use std::f64::consts::TAU;
use std::time::Duration;

/// Ports that are cabled.
const PORTS: usize = 2;
/// Blocks of a second.
const SECOND: usize = 50;

/// T1 spans: FXS on span 1 is the gateway's, FXO on span 2 ours.
pub fn run(checks: &mut Checks) {
    let mut gateway = prepared(set_up);
    let mut cards = Cards::new();
    let mut call = |name: &str, pulses: bool| {
        if !checks.run(&format!("gateway: {name}"), || a_call(&mut gateway, &mut cards, pulses)) {
            super::show(&mut gateway);
        }
    };
    call("a telephone hears dial tone, dials by tones, recalls by a flash, and is cut off", false);
    call("a telephone dials by pulses", true);
}

fn set_up(config: &mut serde_json::Value) {
    config["system"]["country"] = "US".into();
    config["system"]["area_code"] = "".into();
    let spans = config["spans"].as_array_mut().expect("spans");
    spans[0]["signalling"] = json!({ "type": "channel_bank", "ports": vec!["fxs"; PORTS] });
    for span in spans {
        span["pinned"] = super::PINNED.as_slice().into();
        span["enabled"] = (span["id"] == 1).into();
    }
    for n in 1..=PORTS as u32 {
        let kind = json!({ "type": "fxs", "channel": { "span": 1, "slot": n }, "open_loop_on_hangup": true });
        super::analog::add_telephone(config, n, &kind);
    }
    config["ring_groups"] = json!([]);
    config["inbound_routes"] = json!([]);
}

/// The telephone.
struct Telephone<'a> {
    cards: &'a mut Cards,
    line: Box<dyn Line>,
    bearer: Box<dyn Bearer>,
    heard: Vec<i16>,
    sample: u32,
}

impl<'a> Telephone<'a> {
    fn new(cards: &'a mut Cards, at: ChannelId) -> Self {
        cards.configure(at.span, Signalling::ChannelBank(vec![PortKind::Fxo; PORTS]));
        let line = cards.driver.open_line(at).unwrap();
        let mut bearer = cards.bearer(at);
        bearer.flush();
        bearer.cancel_echo(false);
        Self { cards, line, bearer, heard: Vec::new(), sample: 0 }
    }

    fn tell(&mut self, command: LineCommand) {
        self.line.command(command.clone()).unwrap_or_else(|error| panic!("{command:?}: {error}"));
    }

    /// Says these tones for so many blocks, and hears.
    fn pass(&mut self, blocks: usize, tones: &[f64]) {
        self.heard.clear();
        for _ in 0..blocks {
            let clock = &mut self.cards.clock;
            poll(&mut [PollFd::new(clock.wake_fd(), PollFlags::POLLIN)], PollTimeout::from(1000_u16))
                .unwrap();
            clock.take();
            let block: Block = std::array::from_fn(|_| {
                self.sample += 1;
                let at = f64::from(self.sample) / 8000.0;
                let sum: f64 = tones.iter().map(|hz| 5000.0 * (TAU * hz * at).sin()).sum();
                g711::encode(Companding::MuLaw, sum as i16)
            });
            // While the kernel opens the loop nothing can be written.
            let _ = self.bearer.write(&block);
            let mut block = [0; BLOCK];
            while self.bearer.read(&mut block) == Transfer::Done {
                self.heard.extend(block.map(|octet| g711::decode(Companding::MuLaw, octet)));
            }
        }
    }

    /// Dials by keys.
    fn keys(&mut self, digits: &str) {
        const ROWS: [f64; 4] = [697.0, 770.0, 852.0, 941.0];
        const COLUMNS: [f64; 3] = [1209.0, 1336.0, 1477.0];
        for digit in digits.chars() {
            let at = "123456789*0#".find(digit).expect("a key");
            self.pass(5, &[ROWS[at / 3], COLUMNS[at % 3]]);
            self.pass(5, &[]);
        }
    }

    /// Level in dBm0 and frequency of the last half second.
    fn ear(&self) -> (f64, f64) {
        let last = &self.heard[self.heard.len().saturating_sub(4000)..];
        (level_dbm0(Companding::MuLaw, last), frequency(last))
    }

    /// Listens until the far party's 700 Hz are there.
    fn hears_party(&mut self) {
        for _ in 0..40 {
            self.pass(SECOND / 2, &[]);
            let (level, hz) = self.ear();
            if (hz - 700.0).abs() < 3.0 && (level + 10.0).abs() < 1.5 {
                return;
            }
        }
        panic!("the far party is not heard: {:?}", self.ear());
    }

    /// 350 and 440 Hz together cross zero about 790 times a second.
    fn hears_dial_tone(&mut self) {
        self.pass(SECOND, &[]);
        let (level, hz) = self.ear();
        println!("        dial tone: {hz:.0} Hz at {level:.1} dBm0");
        assert!(level > -25.0 && (hz - 395.0).abs() < 50.0, "no dial tone: {hz} Hz at {level} dBm0");
    }

    fn hears_event(&mut self, wanted: LineEvent) {
        for _ in 0..20 * SECOND {
            self.pass(1, &[]);
            while let Some(event) = self.line.poll_event() {
                if event == wanted {
                    return;
                }
            }
        }
        panic!("never: {wanted:?}");
    }
}

fn a_call(gateway: &mut Demarcd, cards: &mut Cards, pulses: bool) {
    // Bits that nobody sets look like a telephone off hook.
    let mut telephone = Telephone::new(cards, ChannelId { span: SpanId(2), slot: 1 });
    telephone.pass(2 * SECOND, &[]);
    wait_for("the port", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        (live["lines"].as_array()?.iter().any(|line| line["state"] == "idle")).then_some(())
    });
    let called = Phone::of(gateway, "202");
    let port = free_port();
    called.play("register", &Cast { port, ..called.cast() }).finish();
    let audio = Audio::start(Say::Tone(700.0, -10.0), None);
    let answering =
        called.play("answer", &Cast { port, audio: audio.port, talk_ms: 15_000, ..called.cast() });
    telephone.tell(LineCommand::OffHook);
    telephone.hears_dial_tone();
    if pulses {
        for digit in "202".chars() {
            telephone.tell(LineCommand::PulseDigit(digit));
            telephone.pass(2 * SECOND, &[]);
        }
    } else {
        telephone.keys("202");
    }
    telephone.hears_party();
    if !pulses {
        // To hold, and back.
        telephone.tell(LineCommand::Flash(Duration::from_millis(500)));
        telephone.pass(SECOND, &[]);
        telephone.hears_dial_tone();
        telephone.tell(LineCommand::Flash(Duration::from_millis(500)));
        telephone.pass(SECOND, &[]);
        telephone.hears_party();
    }
    // The far party hangs up: battery goes for a moment.
    telephone.hears_event(LineEvent::LoopBreak);
    telephone.tell(LineCommand::OnHook);
    telephone.pass(2 * SECOND, &[]);
    drop(telephone);
    answering.finish();
    assert!(audio.finish().packets > 100);
    quiet(gateway);
}
