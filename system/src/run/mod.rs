//! `demarc-system run`: one thread that owns everything, asked through a queue.

mod answer;
mod programs;
mod report;
mod settings;
mod update;

use crate::button::{Buttons, Devices, Wish};
use crate::command;
use crate::files;
use crate::journal::Journal;
use crate::leftovers;
use crate::network::{RouterDns, Routers, Trial, TrialOutput, apply, effective, plan, wired};
use crate::nftables;
use crate::paths::{DEMARC, Paths};
use crate::server::{self, Asked};
use crate::service::{Service, Turn};
use crate::ssh_keys::Trusted;
use crate::watchdog::{Device, Hunger, STALE};
use demarc_clock::{Clock, unix_s};
use demarc_model::appliance::{Beat, Machine, Order, Request};
use demarc_model::config::Secret;
use demarc_model::config::appliance::Interface;
use demarc_model::{Config, Instant, Now};
use nix::sys::signal::{SigSet, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use std::os::unix::fs::{PermissionsExt, chown};
use std::path::Path;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::Duration;

/// How often everything is looked at.
const TURN: Duration = Duration::from_millis(100);
/// How often slow things are looked at: leases, expiry, the watchdog.
const SLOW: Duration = Duration::from_secs(1);
/// How long programs have to end before the machine is booted again.
const FAREWELL: Duration = Duration::from_secs(10);
/// How long the gateway may say nothing. Less than what its last word counts for the watchdog ([`STALE`]), so that one that is
/// started again does not count as a machine that fails.
const SILENCE: Duration = Duration::from_secs(15);
/// How long a gateway that was started may take until its first beat.
const FIRST_BEAT: Duration = Duration::from_secs(120);
/// A gateway that hangs is started again, but only so often; then the watchdog has the word.
const HANG_PAUSE: Duration = Duration::from_secs(600);
/// Boots in a row that ended unhealthy, after which the watchdog is fed whatever happens.
const PATIENT_AFTER: u32 = 3;
/// Requests that wait for us.
const QUEUE: usize = 64;
/// Orders that wait for the gateway.
const ORDERS: usize = 16;

/// How the machine stops.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stop {
    /// Init asked us: it does the rest.
    Exit,
    /// It boots again.
    Reboot,
    /// It is switched off.
    PowerOff,
    /// It forgets everything and boots again.
    Erase,
}

/// The machine.
pub struct System {
    paths: Paths,
    clock: Clock,
    journal: Journal,
    services: Vec<Service>,
    /// What is in force.
    machine: Machine,
    /// What is known to let the administrator in.
    good: Machine,
    trial: Trial,
    beat: Option<(Instant, Beat)>,
    orders: Vec<Order>,
    hunger: Hunger,
    watchdog: Option<Device>,
    fed: bool,
    hang: Option<Instant>,
    slow_at: Instant,
    leases: Vec<crate::network::Lease>,
    routers: Option<Routers>,
    router_dns: RouterDns,
    resolv: String,
    ssh_until: Option<u64>,
    trusted: Trusted,
    buttons: (Buttons, Devices),
    stopping: Option<(Instant, Stop)>,
    synchronised: bool,
    clock_at: Instant,
    keep_clock_at: Instant,
    update: update::Update,
}

/// Runs until init asks it to stop.
///
/// # Errors
/// What kept it from starting.
pub fn run(paths: Paths) -> Result<(), String> {
    let clock = Clock::start();
    let mut signals = SigSet::empty();
    signals.add(Signal::SIGTERM);
    signals.add(Signal::SIGINT);
    // Before any thread: they inherit it, and programs that are started do not.
    signals.thread_block().map_err(|error| format!("signals: {error}"))?;
    let flags = SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC;
    let signals = SignalFd::with_flags(&signals, flags).map_err(|error| format!("signals: {error}"))?;
    // First of all: from now on nobody gets in who is not meant to.
    let filtered = command::run("nft", &["-f", "-"], &nftables::closed());
    folders(&paths).map_err(|error| format!("the folders cannot be made: {error}"))?;
    let journal = Journal::start(clock, paths.log());
    if let Err(error) = filtered {
        journal.milestone(&format!("there is no packet filter: {error}"));
    }
    // Before the socket is there and a second one of each is started.
    let left = leftovers::end(&paths, clock);
    if left > 0 {
        journal.milestone(&format!("demarc-system was killed: {left} programs that it left are ended"));
    }
    journal.follow_kernel();
    if paths.run == Path::new("/run") {
        journal.listen(Path::new("/dev/log"));
    }
    let (queue, asked) = sync_channel(QUEUE);
    server::listen(&paths.socket, DEMARC, queue)
        .map_err(|error| format!("{} cannot be made: {error}", paths.socket.display()))?;
    let mut system = System::new(paths, clock, journal);
    system.begin();
    while system.turn(&asked) {
        if signals.read_signal().is_ok_and(|signal| signal.is_some()) {
            system.stop(Stop::Exit);
        }
    }
    system.journal.flush();
    Ok(())
}

/// What must be there, with its rights. They may be there already.
fn folders(paths: &Paths) -> std::io::Result<()> {
    let system = paths.state("");
    let runtime = paths.runtime("dhcp");
    let socket = paths.socket.parent().unwrap_or(Path::new("/")).to_owned();
    let recordings = paths.data.join("recordings");
    for (folder, mode, owner) in [
        (paths.demarc(), 0o700, Some(DEMARC)),
        (recordings, 0o700, Some(DEMARC)),
        (paths.log(), 0o750, None),
        (paths.data.join("rauc"), 0o700, None),
        (system, 0o700, None),
        (paths.runtime(""), 0o700, None),
        (runtime, 0o700, None),
    ] {
        std::fs::create_dir_all(&folder)?;
        std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(mode))?;
        if let Some(owner) = owner
            && nix::unistd::geteuid().is_root()
        {
            chown(&folder, Some(owner), Some(owner))?;
        }
    }
    std::fs::create_dir_all(&socket)?;
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o750))?;
    if nix::unistd::geteuid().is_root() {
        chown(&socket, Some(0), Some(DEMARC))?;
    }
    Ok(())
}

impl System {
    fn new(paths: Paths, clock: Clock, journal: Journal) -> Self {
        let now = clock.now();
        // What a unit is before anybody has told it anything.
        let fresh = || {
            let config = Config::default_gateway(&mut Secret::default);
            Machine::new(0, &config, unix_s(now.wall))
        };
        let good: Machine = files::read_json(&paths.state("machine.json")).unwrap_or_else(fresh);
        let interfaces = effective(&good.appliance.interfaces, &wired(&paths));
        let unhealthy: u32 = files::read_json(&paths.state("unhealthy.json")).unwrap_or(0);
        let watchdog = Device::open(&paths.watchdog);
        Self {
            clock,
            journal,
            services: Vec::new(),
            machine: good.clone(),
            good,
            trial: Trial::new(interfaces),
            beat: None,
            orders: Vec::new(),
            hunger: Hunger::new(now.mono, unhealthy >= PATIENT_AFTER),
            watchdog,
            fed: true,
            hang: None,
            slow_at: now.mono,
            leases: Vec::new(),
            routers: None,
            router_dns: files::read_json(&paths.runtime(settings::ROUTER_DNS)).unwrap_or_default(),
            resolv: String::new(),
            ssh_until: None,
            trusted: Trusted::of(&files::read(&paths.state(settings::TRUSTED_KEYS)).unwrap_or_default()),
            buttons: Default::default(),
            stopping: None,
            synchronised: false,
            clock_at: now.mono,
            keep_clock_at: now.mono,
            update: update::Update::default(),
            paths,
        }
    }

    /// Brings everything up.
    fn begin(&mut self) {
        self.restore_clock();
        self.begin_update();
        // Before the first interface comes up and a router is asked.
        match Routers::listen() {
            Ok(routers) => self.routers = Some(routers),
            Err(error) => {
                self.journal.note("network", format!("name servers of routers are not heard: {error}"))
            }
        }
        self.settings();
        self.network();
        let now = self.clock.now();
        self.start_programs(now.mono);
        // At once, and not after the first wait for somebody who asks.
        self.supervise(now);
        self.journal.milestone("boot: system");
    }

    /// One turn; false when it is over.
    fn turn(&mut self, asked: &Receiver<Asked>) -> bool {
        match asked.recv_timeout(TURN) {
            Ok(first) => {
                self.hear(first);
                // All that waited, before anybody is judged: while a program had us wait, the gateway was not silent.
                asked.try_iter().take(QUEUE).for_each(|next| self.hear(next));
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return false,
        }
        let now = self.clock.now();
        self.look_at_buttons(now.mono);
        self.trial.handle_timeout(now.mono);
        self.network();
        self.supervise(now);
        if self.slow_at <= now.mono {
            self.slow_at = now.mono + SLOW;
            self.slow(now);
        }
        match self.stopping {
            Some((since, stop)) => !self.stopped(now.mono, since, stop),
            None => true,
        }
    }

    fn hear(&mut self, asked: Asked) {
        if asked.request == Request::LogsToUsb {
            return self.logs_to_usb(asked.answer);
        }
        let answer = self.answer(asked.request, asked.user);
        let _ = asked.answer.try_send(answer);
    }

    /// Somebody in front of the unit presses one of its buttons.
    fn look_at_buttons(&mut self, now: Instant) {
        let (buttons, devices) = &mut self.buttons;
        let keys = devices.keys();
        let mut wishes: Vec<Wish> =
            keys.into_iter().filter_map(|(code, value)| buttons.key(now, code, value)).collect();
        wishes.extend(buttons.handle_timeout(now));
        for wish in wishes {
            match wish {
                Wish::PowerOff => {
                    self.journal.note("system", "the power button was pressed");
                    self.stop(Stop::PowerOff);
                }
                Wish::FactoryReset => {
                    self.journal.note("system", "the reset button was held");
                    self.stop(Stop::Erase);
                }
            }
        }
    }

    /// Every second.
    fn slow(&mut self, now: Now) {
        // Its driver may have come later, and there is no life without it.
        if self.watchdog.is_none() {
            self.watchdog = Device::open(&self.paths.watchdog);
        }
        self.buttons.1.look(&self.paths);
        self.feed(now.mono);
        self.look_after_hang(now.mono);
        self.look_at_leases();
        self.look_at_ssh(now);
        self.look_at_clock(now);
        self.look_at_update(now);
    }

    fn supervise(&mut self, now: Now) {
        let mut crashed = Vec::new();
        for service in &mut self.services {
            match service.turn(now, &self.journal, &self.paths) {
                Some(Turn::Crashed) => crashed.push(service.name().to_owned()),
                Some(Turn::Started) if service.name() == programs::DEMARCD => self.hunger.restarted(now.mono),
                _ => {}
            }
        }
        if crashed.iter().any(|name| name == programs::DEMARCD) {
            self.beat = None;
            let how = self.program(programs::DEMARCD).and_then(Service::last_exit).unwrap_or_default();
            let how = match self.journal.last_of(programs::DEMARCD) {
                Some(words) => format!("{how}: {words}"),
                None => how.to_owned(),
            };
            self.update.crashed(&how);
        }
    }

    /// Is the gateway healthy, as it said lately?
    fn is_healthy(&self, now: Instant) -> bool {
        self.beat.as_ref().is_some_and(|(at, beat)| beat.healthy && now.since(*at) < STALE)
    }

    fn feed(&mut self, now: Instant) {
        if self.is_healthy(now) {
            self.hunger.healthy(now);
            if now.since_start() > HANG_PAUSE {
                let _ = files::remove(&self.paths.state("unhealthy.json"));
            }
        }
        let fed = self.hunger.is_fed(now);
        if fed && let Some(watchdog) = &mut self.watchdog {
            watchdog.feed();
        }
        if self.fed && !fed {
            let count: u32 = files::read_json(&self.paths.state("unhealthy.json")).unwrap_or(0);
            let _ = files::write_json(&self.paths.state("unhealthy.json"), &(count + 1));
            self.journal.milestone("the gateway is not healthy: the watchdog is no longer fed");
            self.journal.flush();
        }
        self.fed = fed;
    }

    /// A gateway that lives and says nothing is started again.
    fn look_after_hang(&mut self, now: Instant) {
        let Some(since) = self.program(programs::DEMARCD).and_then(Service::since) else { return };
        let last = self.beat.as_ref().map(|(at, _)| *at).filter(|at| *at >= since);
        let hangs = match last {
            Some(at) => now.since(at) > SILENCE,
            None => now.since(since) > FIRST_BEAT,
        };
        if hangs && self.hang.is_none_or(|at| now.since(at) > HANG_PAUSE) {
            self.hang = Some(now);
            self.journal.note("system", "demarcd says nothing any more: it is started again");
            if let Some(service) = self.program_mut(programs::DEMARCD) {
                service.abort(now);
            }
        }
    }

    /// Does what the trial of the network wants.
    fn network(&mut self) {
        while let Some(output) = self.trial.poll_output() {
            match output {
                TrialOutput::Set { from, to } => self.set_network(&from, &to),
                TrialOutput::Keep(_) => self.keep_machine(),
                TrialOutput::TakeBack { reason, .. } => {
                    self.journal.note("network", &reason);
                    self.order(Order::SetInterfaces {
                        interfaces: self.good.appliance.interfaces.clone(),
                        reason,
                    });
                    self.machine = self.good.clone();
                    self.filter();
                }
            }
        }
    }

    fn set_network(&mut self, from: &[Interface], to: &[Interface]) {
        let steps = plan(from, to);
        let mut dhcp = Vec::new();
        let done = apply(&self.paths, &steps, |name, on| dhcp.push((name.to_owned(), on)));
        let now = self.clock.now().mono;
        for (name, on) in dhcp {
            self.dhcp(now, &name, on);
        }
        if let Err(error) = done {
            self.journal.note("network", format!("not everything could be set: {error}"));
            self.trial.failed(&error);
        }
    }

    /// What is in force lets the administrator in.
    fn keep_machine(&mut self) {
        self.good = self.machine.clone();
        if let Err(error) = files::write_json(&self.paths.state("machine.json"), &self.good) {
            self.journal.note("system", format!("the settings of the machine cannot be kept: {error}"));
        }
    }

    fn order(&mut self, order: Order) {
        if self.orders.len() < ORDERS && !self.orders.contains(&order) {
            self.orders.push(order);
        }
    }

    fn stop(&mut self, stop: Stop) {
        if self.stopping.is_some() {
            return;
        }
        let now = self.clock.now();
        self.journal.milestone(match stop {
            Stop::Exit => "stopping",
            Stop::Reboot => "booting again",
            Stop::PowerOff => "switching off",
            Stop::Erase => "factory reset",
        });
        self.stopping = Some((now.mono, stop));
        if [Stop::Reboot, Stop::PowerOff].contains(&stop) {
            self.keep_clock(now);
        }
        for service in &mut self.services {
            service.stop(now.mono);
        }
    }

    /// Everything has ended, and the machine goes.
    fn stopped(&mut self, now: Instant, since: Instant, stop: Stop) -> bool {
        if self.services.iter().any(Service::is_running) && now.since(since) < FAREWELL {
            return false;
        }
        if stop == Stop::Erase
            && let Err(error) = crate::erase::factory_reset(&self.paths)
        {
            self.journal.milestone(&format!("there was no factory reset: {error}"));
        }
        self.journal.flush();
        nix::unistd::sync();
        let asked = match stop {
            Stop::Exit => return true,
            Stop::Reboot | Stop::Erase => command::run("reboot", &[], ""),
            Stop::PowerOff => command::run("poweroff", &[], ""),
        };
        if asked.is_err() {
            // Init does not hear: what is on the disk is on the disk.
            use nix::sys::reboot::{RebootMode, reboot};
            let off = stop == Stop::PowerOff;
            let mode = if off { RebootMode::RB_POWER_OFF } else { RebootMode::RB_AUTOBOOT };
            let _ = reboot(mode);
        }
        true
    }

    fn program(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name() == name)
    }

    fn program_mut(&mut self, name: &str) -> Option<&mut Service> {
        self.services.iter_mut().find(|service| service.name() == name)
    }
}
