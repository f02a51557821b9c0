//! A SIP phone: an account of the gateway, played by SIPp.

use demarc_hal::Companding;
use demarc_media::measure::{frequency, level_dbm0};
use demarc_tests::real::audio::Say;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Audio, Demarcd, Heard, Sipp};
use std::net::SocketAddr;

/// What both parties of a call heard, and the messages of the called one.
pub struct Talked {
    /// The caller.
    pub caller: Heard,
    /// The called party.
    pub called: Heard,
    /// SIP as the called party saw it.
    pub messages: String,
}

/// A SIP phone.
#[derive(Clone)]
pub struct Phone {
    /// Where the gateway serves SIP.
    pub gateway: SocketAddr,
    /// Its account.
    pub user: String,
    /// Its password.
    pub password: String,
    /// Where the gateway finds it, when that is not 127.0.0.1.
    pub host: String,
}

impl Phone {
    /// An account of a gateway beside us.
    pub fn of(gateway: &Demarcd, user: &str) -> Self {
        let password = gateway.password(user);
        Self { gateway: gateway.sip, user: user.into(), password, host: String::new() }
    }

    /// What its scenarios are told.
    pub fn cast(&self) -> Cast<'_> {
        // Nobody listens at port 9, but an offer must name a port.
        let (user, password, host) = (&self.user[..], &self.password[..], &self.host[..]);
        Cast { user, password, host, audio: 9, talk_ms: 3000, ..Cast::default() }
    }

    /// Plays a scenario.
    pub fn play(&self, scenario: &str, cast: &Cast<'_>) -> Sipp {
        Sipp::start(scenario, self.gateway, cast)
    }

    /// Calls a number, talks, hangs up; what was heard.
    pub fn call(&self, number: &str, say: Say) -> Heard {
        let audio = Audio::start(say, None);
        let cast = Cast { number, audio: audio.port, talk_ms: 4000, ..self.cast() };
        self.play("call", &cast).finish();
        audio.finish()
    }

    /// Calls a number that `called` answers; the caller says 700 Hz, the called party 1100 Hz. The
    /// called party hangs up, and the caller is told.
    pub fn call_to(&self, number: &str, called: &Phone) -> Talked {
        let port = free_port();
        called.play("register", &Cast { port, ..called.cast() }).finish();
        let (near, far) =
            (Audio::start(Say::Tone(700.0, -10.0), None), Audio::start(Say::Tone(1100.0, -10.0), None));
        let cast = Cast { port, audio: far.port, talk_ms: 4000, ..called.cast() };
        let answering = called.play("answer", &cast);
        let cast = Cast { number, audio: near.port, ..self.cast() };
        let calling = self.play("call-until-bye", &cast);
        let messages = answering.finish();
        calling.finish();
        Talked { caller: near.finish(), called: far.finish(), messages }
    }
}

impl Talked {
    /// Each heard the other.
    pub fn check(&self, time: Time) {
        for (heard, said, who) in [(&self.caller, 1100.0, "caller"), (&self.called, 700.0, "called party")] {
            assert!(heard.packets > 50, "the {who} heard {} packets", heard.packets);
            hears(heard, said, -10.0, time);
        }
    }

    /// The From of the call that came.
    pub fn from(&self) -> &str {
        let invite = self.messages.split("INVITE sip:").nth(1).expect("an INVITE");
        invite.lines().find(|line| line.starts_with("From:")).expect("a From")
    }
}

/// Whether time is the guest's own: then nothing is late, and levels are what they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Time {
    /// Virtual.
    Virtual,
    /// The wall's: blocks may be missing on a busy machine, and a canceller may hear the gaps.
    Real,
}

/// Somewhere in what was heard is a quarter of a second of that tone, at that level in dBm0.
pub fn hears(heard: &Heard, hz: f64, dbm0: f64, time: Time) {
    const QUARTER: usize = 2000;
    let (below, beside) = match time {
        Time::Virtual => (1.0, 3.0),
        Time::Real => (20.0, 10.0),
    };
    let fits = |samples: &[i16]| {
        let level = level_dbm0(Companding::ALaw, samples) - dbm0;
        level > -below && level < 1.0 && (frequency(samples) - hz).abs() < beside
    };
    let found = heard.samples.windows(QUARTER).step_by(QUARTER / 4).any(fits);
    let (level, loudest) = heard.loudest();
    println!("        {hz} Hz: heard {loudest:.1} Hz at {level:.1} dBm0 in {} packets", heard.packets);
    assert!(found, "no {hz} Hz at {dbm0} dBm0; the loudest is {loudest} Hz at {level} dBm0");
}

/// A port for SIP that is free now.
pub fn free_port() -> u16 {
    std::net::UdpSocket::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
