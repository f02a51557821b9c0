//! NFAS: two T1 spans, a D channel on each.

use super::bench::Bench;
use demarc_isdn::{ChannelChoice, Command, Dialect, Event};

const GROUPED: [Dialect; 4] = [Dialect::Ni2, Dialect::Att5ess, Dialect::Att4ess, Dialect::Dms100];

#[test]
fn a_call_names_the_span_that_carries_it() {
    for dialect in GROUPED {
        let mut bench = Bench::group(dialect);
        let channel = ChannelChoice { interface: 1, slot: 20, exclusive: true };
        let mut wanted = bench.network.setup("02079460001");
        wanted.channel = channel;
        let near = wanted.call;
        bench.network.send(Command::Setup(wanted));
        let (far, got) = bench.user("SETUP", |event| match event {
            Event::Setup(setup) => Some((setup.call, setup.channel)),
            _ => None,
        });
        assert_eq!(got, channel, "{dialect:?}");
        bench.user.send(Command::UseChannel { call: far, interface: 1, slot: 20 });
        bench.user.send(Command::Proceeding { call: far, in_band: false });
        bench.network_says(&Event::Proceeding { call: near, interface: 1, slot: 20, in_band: false });
        bench.user.send(Command::Connect { call: far, connected: None });
        bench.network("CONNECT", |event| matches!(event, Event::Connect { .. }).then_some(()));
        // The same slot of the other span is another channel.
        bench.network.send(Command::Restart { interface: 0, slot: 20 });
        bench.network_says(&Event::RestartAcked { interface: 0, slot: 20 });
        bench.user_says(&Event::Restarted { interface: 0, slot: Some(20) });
        assert!(!bench.user.seen(|event| matches!(event, Event::Cleared { .. })), "{dialect:?}");
        bench.network.send(Command::Restart { interface: 1, slot: 20 });
        bench.network_says(&Event::RestartAcked { interface: 1, slot: 20 });
        bench.user_says(&Event::Cleared { call: far, cause: 41 });
        bench.network_says(&Event::Cleared { call: near, cause: 41 });
    }
}

/// The first D channel dies, on the cable or at both ends.
fn lose_the_primary(bench: &mut Bench) {
    bench.cables[0].plugged = false;
    let over = Event::DChannel { interface: 0, up: false, active: false };
    let taken = Event::DChannel { interface: 1, up: true, active: true };
    for event in [over, taken] {
        bench.network_says(&event);
        bench.user_says(&event);
    }
}

#[test]
fn calls_live_on_when_the_primary_d_channel_dies() {
    for dialect in GROUPED {
        let mut bench = Bench::group(dialect);
        let (near, far) = bench.call(1);
        let (second, other) = bench.call_back(2);
        let (third, last) = bench.call(3);
        lose_the_primary(&mut bench);
        let ended = |event: &Event| matches!(event, Event::Cleared { .. } | Event::Down);
        // Either side can end them, and new ones come.
        bench.clear(near, far);
        bench.user.send(Command::Clear { call: other, cause: 31 });
        bench.network("DISCONNECT", |event| {
            matches!(event, Event::Disconnect { call, .. } if *call == second).then_some(())
        });
        bench.network.send(Command::Clear { call: second, cause: 31 });
        bench.network_says(&Event::Cleared { call: second, cause: 31 });
        bench.user_says(&Event::Cleared { call: other, cause: 31 });
        let (fourth, new) = bench.call(4);
        assert!(!bench.network.seen(ended) && !bench.user.seen(ended), "{dialect:?}");

        // The primary comes back, and the backup dies.
        bench.cables[0].plugged = true;
        let back = Event::DChannel { interface: 0, up: true, active: false };
        bench.network_says(&back);
        bench.user_says(&back);
        bench.cables[1].plugged = false;
        let taken = Event::DChannel { interface: 0, up: true, active: true };
        bench.network_says(&taken);
        bench.user_says(&taken);
        bench.clear(third, last);
        bench.clear(fourth, new);
        assert!(!bench.network.seen(ended) && !bench.user.seen(ended), "{dialect:?}");
    }
}

#[test]
fn calls_end_when_no_d_channel_comes_back() {
    let mut bench = Bench::group(Dialect::Ni2);
    let (near, far) = bench.call(1);
    bench.cables[0].plugged = false;
    bench.cables[1].plugged = false;
    bench.network_says(&Event::Down);
    bench.user_says(&Event::Down);
    bench.network_says(&Event::Cleared { call: near, cause: 27 });
    bench.user_says(&Event::Cleared { call: far, cause: 27 });
    bench.cables[1].plugged = true;
    bench.network_says(&Event::Up);
    bench.user_says(&Event::Up);
    let (near, far) = bench.call(1);
    bench.clear(near, far);
}

#[test]
fn a_descriptor_that_is_gone_leaves_the_other() {
    let mut bench = Bench::group(Dialect::Ni2);
    let (near, far) = bench.call(1);
    bench.hang_up_far_end(0);
    bench.user_says(&Event::DChannel { interface: 0, up: false, active: false });
    bench.network_says(&Event::DChannel { interface: 0, up: false, active: false });
    bench.clear(near, far);
    // Without any, it ends.
    bench.hang_up_far_end(1);
    let mut status = None;
    bench.until("the end", |bench| {
        status = bench.user.child.try_wait().unwrap();
        status.is_some()
    });
    assert_eq!(status.unwrap().code(), Some(3));
}

#[test]
fn a_backup_that_nobody_asked_for_is_refused() {
    let mut bench = Bench::with(Dialect::Ni2, false);
    bench.user.send(Command::Backup { interface: 1 });
    bench.until("a warning", |bench| bench.user.warnings.iter().any(|line| line.contains("does not belong")));
    let (near, far) = bench.call(1);
    bench.clear(near, far);
}
