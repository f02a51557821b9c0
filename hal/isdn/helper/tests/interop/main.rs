//! The helper against a far end that is libpri alone, driven by a small C program.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_isdn::command::Setup;
use demarc_isdn::socket::{Received, Socket};
use demarc_isdn::{CallRef, ChannelChoice, Command, Dialect, Event, Interface, PartyNumber, Settings, Side};
use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socketpair};
use std::io::{BufRead, BufReader};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

/// How long anything may take before the test gives up.
const PATIENCE: Duration = Duration::from_secs(40);

/// The program, compiled.
fn program(name: &str) -> PathBuf {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/interop/far_end.c");
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let mut compiler = process::Command::new(std::env::var_os("CC").unwrap_or_else(|| "cc".into()));
    compiler.args(["-std=gnu11", "-Wall", "-Wextra", "-Werror", "-o"]).arg(&program).arg(&source);
    if let Some(directory) = std::env::var_os("LIBPRI_DIR").map(PathBuf::from) {
        compiler.arg("-I").arg(directory.join("../include")).arg("-L").arg(directory);
    }
    let done = compiler.args(["-Wl,-Bstatic", "-lpri", "-Wl,-Bdynamic"]).status().unwrap();
    assert!(done.success(), "far_end.c does not compile");
    program
}

/// Both ends.
struct Bench {
    helper: Child,
    socket: Socket,
    far: Child,
    lines: Receiver<String>,
    events: Vec<Event>,
}

impl Bench {
    fn new(program: &Path, settings: Settings, switch: i32, calls: bool) -> Self {
        let (mine, far) =
            socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC).unwrap();
        fcntl(&far, FcntlArg::F_SETFL(OFlag::O_NONBLOCK)).unwrap();
        let side = if settings.side == Side::User { "network" } else { "user" };
        let rate = if settings.interface.is_bri() { "bri" } else { "pri" };
        let mut far = process::Command::new(program)
            .args([switch.to_string().as_str(), side, if calls { "call" } else { "answer" }, rate])
            .stdin(Stdio::from(far))
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (say, lines) = channel();
        let output = far.stdout.take().unwrap();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let _ = say.send(line);
            }
        });
        let (helper, socket) = Socket::spawn(Path::new(env!("CARGO_BIN_EXE_demarc-isdn-helper"))).unwrap();
        socket.send(&Command::Start(settings), Some(mine.as_fd())).unwrap();
        Self { helper, socket, far, lines, events: Vec::new() }
    }

    /// The next line of the far end.
    fn line(&self) -> String {
        self.lines.recv_timeout(PATIENCE).expect("the far end says something").trim_end().to_owned()
    }

    /// The first event that `pick` takes.
    fn event<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        for _ in 0..PATIENCE.as_secs() * 10 {
            while let Received::Message(event, _) = self.socket.recv::<Event>() {
                self.events.push(event);
            }
            let found = self.events.iter().enumerate().find_map(|(at, event)| Some((at, pick(event)?)));
            if let Some((at, found)) = found {
                self.events.remove(at);
                return found;
            }
            let mut fds = [PollFd::new(self.socket.as_fd(), PollFlags::POLLIN)];
            poll(&mut fds, PollTimeout::from(100_u8)).unwrap();
        }
        panic!("never: {what}; but {:?}", self.events);
    }

    fn says(&mut self, wanted: &Event) {
        self.event(&format!("{wanted:?}"), |event| (event == wanted).then_some(()));
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        for child in [&mut self.helper, &mut self.far] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// The dialects with libpri's numbers for them.
const DIALECTS: [(Dialect, i32, Interface); 8] = [
    (Dialect::EuroIsdn, 5, Interface::E1),
    (Dialect::EuroIsdn, 6, Interface::T1),
    (Dialect::Ni2, 1, Interface::T1),
    (Dialect::Ni1, 7, Interface::T1),
    (Dialect::Att5ess, 3, Interface::T1),
    (Dialect::Att4ess, 4, Interface::T1),
    (Dialect::Dms100, 2, Interface::T1),
    (Dialect::Qsig, 10, Interface::E1),
];

fn every_bench(program: &Path, calls: bool, mut test: impl FnMut(Bench)) {
    for (dialect, switch, interface) in DIALECTS {
        for side in [Side::User, Side::Network] {
            let settings = Settings { side, dialect, interface, ..Settings::default() };
            test(Bench::new(program, settings, switch, calls));
        }
    }
    for side in [Side::User, Side::Network] {
        let settings = Settings { side, interface: Interface::BriPtp, ..Settings::default() };
        test(Bench::new(program, settings, 5, calls));
    }
}

#[test]
fn we_call_in_every_dialect_from_both_sides() {
    let program = program("answers");
    every_bench(&program, false, |mut bench| {
        bench.says(&Event::Up);
        assert_eq!(bench.line(), "up 0");
        let (call, slot) = (CallRef(1), 2);
        bench
            .socket
            .send(
                &Command::Setup(Box::new(Setup {
                    call,
                    channel: ChannelChoice { slot, exclusive: true, ..ChannelChoice::default() },
                    called: PartyNumber { digits: "2001".into(), npi: 1, ..PartyNumber::default() },
                    complete: true,
                    ..Setup::default()
                })),
                None,
            )
            .unwrap();
        assert_eq!(bench.line(), "ring 2 2001");
        bench.says(&Event::Proceeding { call, interface: 0, slot, in_band: false });
        bench.says(&Event::Alerting { call, in_band: true });
        bench.says(&Event::Connect { call, connected: None });
        bench.socket.send(&Command::Clear { call, cause: 16 }, None).unwrap();
        assert_eq!(bench.line(), "hangup 16");
        bench.says(&Event::Cleared { call, cause: 16 });
    });
}

#[test]
fn we_are_called_in_every_dialect_on_both_sides() {
    let program = program("calls");
    every_bench(&program, true, |mut bench| {
        bench.says(&Event::Up);
        assert_eq!(bench.line(), "up 0");
        let setup = bench.event("SETUP", |event| match event {
            Event::Setup(setup) => Some((**setup).clone()),
            _ => None,
        });
        assert_eq!((setup.channel.slot, setup.channel.exclusive), (2, true));
        assert_eq!(setup.called.digits, "2001");
        assert_eq!(setup.calling.unwrap().digits, "2079460123");
        let call = setup.call;
        bench.socket.send(&Command::Alerting { call, in_band: true }, None).unwrap();
        bench.socket.send(&Command::Connect { call, connected: None }, None).unwrap();
        assert_eq!([bench.line(), bench.line(), bench.line()], ["proceeding 2", "ringing 2", "answer 2"]);
        bench.event("DISCONNECT", |event| matches!(event, Event::Disconnect { cause: 16, .. }).then_some(()));
        bench.socket.send(&Command::Clear { call, cause: 16 }, None).unwrap();
        bench.says(&Event::Cleared { call, cause: 16 });
    });
}

#[test]
fn our_restart_is_heard() {
    let program = program("restarts");
    every_bench(&program, false, |mut bench| {
        bench.says(&Event::Up);
        assert_eq!(bench.line(), "up 0");
        bench.socket.send(&Command::Restart { interface: 0, slot: 2 }, None).unwrap();
        bench.says(&Event::RestartAcked { interface: 0, slot: 2 });
        assert_eq!(bench.line(), "restart 2");
    });
}
