//! MFC/R2 over real DAHDI channels: two helpers, one on each span of a pair.

use crate::cards::{Cards, pause};
use crate::check::Checks;
use demarc_hal::{BLOCK, Bearer, ChannelId, Driver, Signalling, SpanId, Transfer};
use demarc_r2::socket::{Received, Socket};
use demarc_r2::{CallMode, Category, ClearReason, Command, Event, Settings, Variant};
use std::collections::VecDeque;
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

/// The two spans of the pair.
const NEAR: SpanId = SpanId(1);
const FAR: SpanId = SpanId(2);
/// Looks of 10 ms before a check gives up: a minute of the guest's time.
const PATIENCE: u32 = 6000;
/// The timeslots that are opened.
const SLOTS: [u8; 2] = [1, 31];

/// A helper on one span.
struct Party {
    child: Child,
    socket: Socket,
    events: VecDeque<Event>,
    log: Vec<String>,
}

impl Party {
    fn new(cards: &mut Cards, span: SpanId, settings: &Settings) -> Self {
        let (child, socket) = Socket::spawn(Path::new("/lab/demarc-r2-helper")).unwrap();
        socket.send(&Command::Start(Box::new(settings.clone())), None).unwrap();
        for slot in SLOTS {
            let channel = cards.driver.open_cas(ChannelId { span, slot }).expect("a CAS channel");
            let open = Command::Open { slot, form: channel.form };
            socket.send(&open, Some(channel.fd.as_fd())).unwrap();
        }
        Self { child, socket, events: VecDeque::new(), log: Vec::new() }
    }

    fn send(&self, command: Command) {
        self.socket.send(&command, None).unwrap();
    }

    fn listen(&mut self) {
        while let Received::Message(event, _) = self.socket.recv::<Event>() {
            match event {
                Event::Signal { slot, outgoing, words } => {
                    self.log.push(format!("{slot} {} {words}", if outgoing { '>' } else { '<' }));
                }
                Event::Warning(words) => self.log.push(words),
                event => self.events.push_back(event),
            }
        }
    }
}

impl Drop for Party {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Both ends.
struct Bench {
    near: Party,
    far: Party,
    cards: Cards,
}

impl Bench {
    fn new(variant: Variant) -> Self {
        let settings = Settings { variant, max_ani: 10, max_dnis: 10, ..Settings::default() };
        let mut cards = Cards::new();
        cards.configure(NEAR, Signalling::R2);
        cards.configure(FAR, Signalling::R2);
        let near = Party::new(&mut cards, NEAR, &settings);
        let far = Party::new(&mut cards, FAR, &settings);
        let mut bench = Self { near, far, cards };
        for slot in SLOTS {
            bench.near("idle", Event::FarEnd { slot, idle: true });
            bench.far("idle", Event::FarEnd { slot, idle: true });
        }
        // They were blocked until both ends were there.
        bench.near.events.clear();
        bench.far.events.clear();
        bench
    }

    fn near(&mut self, what: &str, wanted: Event) {
        self.until(what, |near, _| take(near, |event| *event == wanted));
    }

    fn far(&mut self, what: &str, wanted: Event) {
        self.until(what, |_, far| take(far, |event| *event == wanted));
    }

    fn until(&mut self, what: &str, mut done: impl FnMut(&mut Party, &mut Party) -> bool) {
        for _ in 0..PATIENCE {
            self.near.listen();
            self.far.listen();
            if done(&mut self.near, &mut self.far) {
                return;
            }
            pause(Duration::from_millis(10));
        }
        panic!(
            "never: {what}\nnear {:?} {:#?}\nfar {:?} {:#?}",
            self.near.events, self.near.log, self.far.events, self.far.log
        );
    }

    /// A call of the near end up to its answer.
    fn connect(&mut self, slot: u8, mode: CallMode) {
        let ani = Some("2079460901".into());
        let dnis = "2079460123".to_owned();
        self.near.send(Command::Seize {
            slot,
            dnis: dnis.clone(),
            ani: ani.clone(),
            category: Category::National,
        });
        self.far("seized", Event::Seized { slot });
        self.far("offered", Event::Offered { slot, dnis, ani, category: Category::National });
        self.far.send(Command::Accept { slot, mode });
        self.near("accepted", Event::Accepted { slot, mode });
        self.far("accepted", Event::Accepted { slot, mode: CallMode::Unknown });
        self.far.send(Command::Answer { slot, double: false });
        self.near("answered", Event::Answered { slot });
    }

    /// The near end hangs up.
    fn clear(&mut self, slot: u8) {
        self.near.send(Command::Clear { slot, reason: ClearReason::Normal });
        self.far("far is told", Event::Disconnected { slot, reason: ClearReason::Normal });
        self.far.send(Command::Clear { slot, reason: ClearReason::Normal });
        self.over(slot);
    }

    fn over(&mut self, slot: u8) {
        self.near("near ended", Event::Ended { slot });
        self.far("far ended", Event::Ended { slot });
        pause(Duration::from_millis(200));
    }
}

fn take(party: &mut Party, wanted: impl Fn(&Event) -> bool) -> bool {
    let at = party.events.iter().position(wanted);
    at.is_some_and(|at| party.events.remove(at).is_some())
}

/// Sends numbered blocks one way; how many of them arrived whole and in order.
fn speech(from: &mut dyn Bearer, to: &mut dyn Bearer) -> usize {
    let mut heard = Vec::new();
    let mut block = [0; BLOCK];
    for number in 0..50_u8 {
        let _ = from.write(&[0x80 | number; BLOCK]);
        while to.read(&mut block) == Transfer::Done {
            heard.extend_from_slice(&block);
        }
        pause(Duration::from_millis(20));
    }
    let whole =
        |number: u8| heard.windows(BLOCK).any(|window| window.iter().all(|octet| *octet == 0x80 | number));
    (0..50).filter(|number| whole(*number)).count()
}

/// Every check.
pub fn run(checks: &mut Checks) {
    for variant in [Variant::Itu, Variant::Brazil, Variant::Mexico, Variant::Argentina] {
        checks.run(&format!("r2 {variant:?}: a call is answered and cleared, and again"), || {
            let mut bench = Bench::new(variant);
            for _ in 0..2 {
                bench.connect(1, CallMode::Charge);
                bench.clear(1);
            }
            assert!(!bench.near.log.iter().any(|line| line.contains("rror")), "{:#?}", bench.near.log);
        });
    }
    checks.run("r2: the called party hangs up", || {
        let mut bench = Bench::new(Variant::Itu);
        bench.connect(31, CallMode::Charge);
        bench.far.send(Command::Clear { slot: 31, reason: ClearReason::Normal });
        bench.near("near is told", Event::Disconnected { slot: 31, reason: ClearReason::Normal });
        bench.near.send(Command::Clear { slot: 31, reason: ClearReason::Normal });
        bench.over(31);
    });
    checks.run("r2: a busy party is told in group B", || {
        let mut bench = Bench::new(Variant::Itu);
        let seize = Command::Seize { slot: 1, dnis: "123".into(), ani: None, category: Category::National };
        bench.near.send(seize);
        bench.until("offered", |_, far| take(far, |event| matches!(event, Event::Offered { .. })));
        bench.far.send(Command::Clear { slot: 1, reason: ClearReason::Busy });
        bench.near("busy", Event::Disconnected { slot: 1, reason: ClearReason::Busy });
        bench.near.send(Command::Clear { slot: 1, reason: ClearReason::Normal });
        bench.over(1);
    });
    checks.run("r2: a blocked channel is seen and not seized", || {
        let mut bench = Bench::new(Variant::Itu);
        bench.far.send(Command::Block { slot: 1, blocked: true });
        bench.near("blocked", Event::FarEnd { slot: 1, idle: false });
        bench.far.send(Command::Block { slot: 1, blocked: false });
        bench.near("idle", Event::FarEnd { slot: 1, idle: true });
        bench.connect(1, CallMode::NoCharge);
        bench.clear(1);
    });
    checks.run("r2: both ends seize at once, and both give way", || {
        let mut bench = Bench::new(Variant::Itu);
        let seize =
            || Command::Seize { slot: 1, dnis: "123".into(), ani: None, category: Category::National };
        bench.near.send(seize());
        bench.far.send(seize());
        let over = |event: &Event| matches!(event, Event::Disconnected { .. } | Event::Trouble { .. });
        bench.until("near gives way", |near, _| take(near, over));
        bench.near.send(Command::Clear { slot: 1, reason: ClearReason::Normal });
        bench.until("far gives way", |_, far| take(far, over));
        bench.far.send(Command::Clear { slot: 1, reason: ClearReason::Normal });
        pause(Duration::from_secs(2));
        bench.near.listen();
        bench.far.listen();
        bench.connect(1, CallMode::Charge);
        bench.clear(1);
    });
    checks.run("r2: speech crosses an answered call, and signals follow it", || {
        let mut bench = Bench::new(Variant::Itu);
        let mut near = bench.cards.bearer(ChannelId { span: NEAR, slot: 1 });
        let mut far = bench.cards.bearer(ChannelId { span: FAR, slot: 1 });
        bench.connect(1, CallMode::Charge);
        for bearer in [&mut near, &mut far] {
            bearer.flush();
            bearer.cancel_echo(false);
        }
        let (there, back) = (speech(&mut *near, &mut *far), speech(&mut *far, &mut *near));
        println!("        {there} and {back} of 50 blocks");
        assert!(there >= 40 && back >= 40);
        bench.clear(1);
        bench.connect(1, CallMode::Charge);
        bench.clear(1);
    });
}
