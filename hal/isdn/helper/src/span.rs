//! One span: commands of the gateway in, events for it out, libpri in the middle.

use crate::call::{Call, Calls};
use crate::convert;
use crate::dchannel::{DChannel, Reference};
use crate::rewrite::Rewrite;
use crate::sys::{Controller, Handle, RawEvent, RawNumber, clock, text};
use demarc_isdn::command::Setup;
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::q931::Message;
use demarc_isdn::{CallRef, ChannelChoice, Command, Event, Settings, Side};
use std::collections::VecDeque;
use std::os::fd::BorrowedFd;

/// Frames that one turn reads, so that a flood leaves time for the gateway.
const BATCH: usize = 64;
/// How long the gateway may take to answer a DISCONNECT, in microseconds of [`clock`].
const DISCONNECT_GUARD: i64 = 10_000_000;
/// The same when the far end plays a tone: longer than its T306.
const TONE_GUARD: i64 = 60_000_000;

/// Bits of `PRI_PROG_*` that mean "listen": not end-to-end ISDN, and in-band information.
const LISTEN: i32 = 1 | 1 << 3;

/// The machine of one span.
pub struct Span {
    settings: Settings,
    pri: Controller,
    calls: Calls,
    up: bool,
    out: VecDeque<Event>,
    /// References of the DISCONNECTs that came with a tone.
    tones: Vec<Reference>,
    /// Calls about which a RELEASE COMPLETE passed, and its cause.
    over: Vec<(CallRef, u8)>,
}

impl Span {
    /// Starts layer 2. `None` when libpri refuses.
    pub fn new(dchannel: DChannel, settings: Settings) -> Option<Self> {
        let network = settings.side == Side::Network;
        let dialect = convert::dialect(settings.dialect);
        let pri = Controller::new(dchannel, network, dialect, settings.overlap)?;
        let (calls, out) = (Calls::default(), VecDeque::new());
        Some(Self { settings, pri, calls, up: false, out, tones: Vec::new(), over: Vec::new() })
    }

    /// The next event for the gateway.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.out.pop_front()
    }

    /// The D channel does not work any more.
    pub fn is_gone(&self) -> bool {
        self.pri.dchannel().is_gone()
    }

    /// Runs `poll` with the D channel's descriptor.
    pub fn with_fd<T>(&self, poll: impl FnOnce(BorrowedFd<'_>) -> T) -> T {
        use std::os::fd::AsFd;
        poll(self.pri.dchannel().as_fd())
    }

    /// When [`Span::run`] has something to do even if no frame comes, by [`clock`].
    pub fn deadline(&mut self) -> Option<i64> {
        let guards = self.calls.iter().filter_map(|call| call.guard);
        self.pri.next_timer().into_iter().chain(guards).min()
    }

    /// Runs timers and reads frames, until there is nothing to do or it is the gateway's turn.
    pub fn run(&mut self) {
        for _ in 0..BATCH {
            while let Some(event) = self.pri.run_timers() {
                self.flush_frames();
                self.handle_event(&event);
            }
            let before = self.pri.dchannel().frames_read();
            let event = self.pri.read_frame();
            self.flush_setup(event.as_ref());
            if let Some(event) = event {
                self.handle_event(&event);
            } else if self.pri.dchannel().frames_read() == before {
                break;
            }
        }
        self.run_guards();
        self.sweep();
    }

    /// Does what the gateway says.
    pub fn handle_command(&mut self, command: Command) {
        match command {
            Command::Start(_) => self.warn("started already"),
            Command::Setup(setup) => self.begin(&setup),
            Command::Restart { slot, .. } => self.pri.restart(slot),
            Command::Information { call, digits } => self.with(call, |span, call| {
                for digit in digits.bytes().filter(|octet| b"0123456789*#".contains(octet)) {
                    span.pri.information(call.handle, digit);
                }
            }),
            Command::SetupAck { call, in_band } => self.with(call, |span, call| {
                span.pri.setup_ack(call.handle, call.slot, in_band);
                call.answered = true;
            }),
            Command::UseChannel { call, slot, .. } => self.with(call, |_, call| call.slot = slot),
            Command::Proceeding { call, in_band } => self.with(call, |span, call| {
                if call.proceeding && in_band {
                    span.pri.progress(call.handle, call.slot, None);
                } else {
                    span.pri.proceeding(call.handle, call.slot, in_band);
                }
                (call.answered, call.proceeding) = (true, true);
            }),
            Command::Alerting { call, in_band } => self.with(call, |span, call| {
                span.pri.alerting(call.handle, call.slot, in_band);
                (call.answered, call.proceeding) = (true, true);
            }),
            Command::Progress { call, in_band, cause } => self.progress(call, in_band, cause),
            Command::Connect { call, connected } => self.with(call, |span, call| {
                let connected = connected.as_ref().map_or(RawNumber::EMPTY, convert::raw);
                span.pri.connect(call.handle, call.slot, &connected);
                (call.answered, call.proceeding) = (true, true);
            }),
            Command::Clear { call, cause } => self.clear(call, cause & 0x7F),
            Command::DisconnectInBand { call, cause } => {
                self.disconnect_in_band(call, cause & 0x7F);
            }
            _ => self.warn("not yet"),
        }
        self.sweep();
    }

    fn begin(&mut self, setup: &Setup) {
        let id = setup.call;
        if id.0.is_multiple_of(2) || self.calls.get(id).is_some() {
            self.warn("a call of that name cannot begin");
            return;
        }
        // Network out of order: waiting in layer 2 would only cost the caller T303.
        if !self.up {
            self.out.push_back(Event::Cleared { call: id, cause: 38 });
            return;
        }
        let new = if self.calls.is_full() { None } else { self.pri.new_call() };
        let Some((handle, value)) = new else {
            self.out.push_back(Event::Cleared { call: id, cause: 42 });
            return;
        };
        let reference = Reference { ours: true, value };
        self.pri.dchannel().rewrites.remove(&reference);
        self.calls.insert(Call::new(id, handle, reference, setup.channel.slot));
        if !self.pri.setup(handle, &convert::setup(setup, &self.settings)) {
            self.pri.destroy(handle);
            self.finish(id, 41);
        }
    }

    fn progress(&mut self, call: CallRef, in_band: bool, cause: Option<u8>) {
        // The progress indicator is mandatory in PROGRESS (§3.1.8): without a tone there is
        // nothing to say.
        if !in_band {
            return;
        }
        self.with(call, |span, call| {
            if !call.answered {
                span.pri.proceeding(call.handle, call.slot, false);
                (call.answered, call.proceeding) = (true, true);
            }
            span.pri.progress(call.handle, call.slot, cause);
        });
    }

    fn clear(&mut self, call: CallRef, cause: u8) {
        self.with(call, |span, call| {
            call.guard = None;
            let first = call.cause.is_none();
            call.cause.get_or_insert(cause);
            if call.in_band {
                // Becomes the RELEASE, see `rewrite`.
                if !std::mem::replace(&mut call.releasing, true) {
                    span.pri.information(call.handle, b'0');
                }
                return;
            }
            let (told, wish) = if !call.answered && !call.reference.ours {
                // With this cause libpri refuses a call.
                (88, Some(Rewrite::Refuse(cause)))
            } else if first && matches!(cause, 1 | 6 | 7 | 26 | 34 | 44 | 81 | 82 | 88) {
                (16, Some(Rewrite::Disconnect(cause)))
            } else {
                (cause, None)
            };
            if let Some(wish) = wish {
                span.pri.dchannel().rewrites.insert(call.reference, wish);
            }
            span.pri.hang_up(call.handle, told);
        });
    }

    fn disconnect_in_band(&mut self, call: CallRef, cause: u8) {
        // A tone comes from the network, and only to a caller who has not hung up.
        let network = self.settings.side == Side::Network;
        let may = self.calls.get(call).is_some_and(|call| call.cause.is_none());
        if !network || !may {
            self.clear(call, cause);
            return;
        }
        self.with(call, |span, call| {
            if !call.answered {
                span.pri.proceeding(call.handle, call.slot, false);
                (call.answered, call.proceeding) = (true, true);
            }
            span.pri.dchannel().rewrites.insert(call.reference, Rewrite::InBand(cause));
            (call.in_band, call.cause) = (true, Some(cause));
            span.pri.hang_up(call.handle, cause);
        });
    }

    fn handle_event(&mut self, event: &RawEvent) {
        match event.kind {
            1 => self.set_up(true),
            2 => self.set_up(false),
            3 => self.restarted(event),
            4 => self.same_side(&String::from_utf8_lossy(&text(&event.text))),
            5 => self.ring(event),
            6 | 9 => self.hung_up(event),
            7 => self.with_event(event, |call, events| {
                settle(call, event, events);
                events.push_back(Event::Alerting { call: call.id, in_band: listens(event) });
            }),
            8 => self.with_event(event, |call, events| {
                settle(call, event, events);
                let connected = convert::number(&event.connected).filter(|number| !number.digits.is_empty());
                events.push_back(Event::Connect { call: call.id, connected });
            }),
            12 | 18 => self.with_event(event, |call, events| {
                let (digits, complete) = (convert::digits(event), event.complete != 0);
                if !digits.is_empty() || complete {
                    events.push_back(Event::Information { call: call.id, digits, complete });
                }
            }),
            13 => self.with_event(event, |call, events| {
                call.take_slot(event.channel);
                let (slot, in_band) = (call.slot, listens(event));
                events.push_back(Event::Proceeding { call: call.id, interface: 0, slot, in_band });
            }),
            14 => self.with_event(event, |call, events| {
                call.take_slot(event.channel);
                let (slot, in_band) = (call.slot, listens(event));
                events.push_back(Event::SetupAck { call: call.id, interface: 0, slot, in_band });
            }),
            15 => self.disconnected(event),
            17 => self.with_event(event, |call, events| {
                settle(call, event, events);
                let (in_band, cause) = (listens(event), cause(event));
                events.push_back(Event::Progress { call: call.id, in_band, cause });
            }),
            // RESTART ACKNOWLEDGE is in the ladder; SERVICE, NOTIFY, HOLD and FACILITY say
            // nothing that the gateway acts upon, and libpri answers what needs an answer.
            _ => {}
        }
    }

    fn set_up(&mut self, up: bool) {
        if std::mem::replace(&mut self.up, up) != up {
            self.out.push_back(if up { Event::Up } else { Event::Down });
        }
    }

    fn ring(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        // A handle that comes again is a call that went without a word.
        if let Some(stale) = self.calls.by_handle(handle).map(|call| call.id) {
            self.finish(stale, 41);
        }
        let reference = ring_reference(event);
        let slot = slot(event.channel).unwrap_or(0);
        let Some(id) = self.calls.accept(handle, reference, slot) else {
            self.pri.hang_up(handle, 34);
            return;
        };
        self.pri.dchannel().rewrites.remove(&reference);
        self.flush_frames();
        self.out.push_back(Event::Setup(Box::new(IncomingSetup {
            call: id,
            channel: ChannelChoice { interface: 0, slot, exclusive: event.flexible == 0 },
            called: convert::number(&event.called).unwrap_or_default(),
            complete: event.complete != 0,
            calling: convert::number(&event.calling),
            name: convert::name(event),
            redirecting: convert::number(&event.redirecting),
            bearer: convert::bearer(event.capability),
            ..IncomingSetup::default()
        })));
    }

    fn disconnected(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        let cause = cause(event).unwrap_or(31);
        let Some(call) = self.calls.by_handle(handle) else {
            // Nobody else would answer it, and that would cost T305.
            self.pri.hang_up(handle, cause);
            return;
        };
        let in_band = self.tones.contains(&call.reference);
        self.tones.clear();
        call.cause.get_or_insert(cause);
        call.guard = Some(clock() + if in_band { TONE_GUARD } else { DISCONNECT_GUARD });
        self.out.push_back(Event::Disconnect { call: call.id, cause, in_band });
    }

    fn hung_up(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        let cause = cause(event).unwrap_or(31);
        // RELEASE COMPLETE if one is due; it frees the call. After HANGUP_ACK it is free already,
        // and then this does nothing.
        self.pri.hang_up(handle, cause);
        self.flush_frames();
        if let Some(id) = self.calls.by_handle(handle).map(|call| call.id) {
            self.finish(id, cause);
        }
    }

    fn restarted(&mut self, event: &RawEvent) {
        let slot = slot(event.channel);
        let cut: Vec<(CallRef, Handle)> = self
            .calls
            .iter()
            .filter(|call| slot.is_none_or(|slot| call.slot == slot))
            .map(|call| (call.id, call.handle))
            .collect();
        for (id, handle) in cut {
            self.pri.destroy(handle);
            self.finish(id, 41);
        }
        self.out.push_back(Event::Restarted { interface: 0, slot });
    }

    /// Ends calls whose DISCONNECT the gateway left without an answer.
    fn run_guards(&mut self) {
        let now = clock();
        let late: Vec<CallRef> = self
            .calls
            .iter()
            .filter(|call| call.guard.is_some_and(|guard| guard <= now))
            .map(|call| call.id)
            .collect();
        for id in late {
            self.warn("the gateway left a DISCONNECT without an answer");
            self.clear(id, 16);
        }
    }

    /// Ends calls that are over although libpri gave no event: it forgets a call after RELEASE
    /// COMPLETE without a word, and keeps one for ever that was given up before our first answer.
    fn sweep(&mut self) {
        self.flush_frames();
        for (id, cause) in std::mem::take(&mut self.over) {
            if let Some(handle) = self.calls.get(id).map(|call| call.handle) {
                self.pri.destroy(handle);
                self.finish(id, cause);
            }
        }
        let calls: Vec<(CallRef, Handle)> = self.calls.iter().map(|call| (call.id, call.handle)).collect();
        for (id, handle) in calls {
            if !self.pri.is_valid(handle) {
                self.finish(id, 31);
            }
        }
    }

    /// The first cause of a call is its cause; `otherwise` is for calls that have none yet.
    fn finish(&mut self, id: CallRef, otherwise: u8) {
        let Some((call, forgotten)) = self.calls.remove(id) else { return };
        if let Some(reference) = forgotten {
            self.pri.dchannel().rewrites.remove(&reference);
        }
        self.out.push_back(Event::Cleared { call: id, cause: call.cause.unwrap_or(otherwise) });
    }

    /// libpri has one configuration error: the peer is on our side. It says so in words alone.
    fn same_side(&mut self, words: &str) {
        self.warn(words);
        if words.contains("they think they're") {
            let side = if words.contains("network") { Side::Network } else { Side::User };
            self.out.push_back(Event::SameSide { side });
        }
    }

    /// A SETUP gets its name in [`Span::ring`], before its frame is shown.
    fn flush_setup(&mut self, event: Option<&RawEvent>) {
        if event.is_none_or(|event| event.kind != 5) {
            self.flush_frames();
        }
    }

    /// Shows what passed the D channel, and what libpri had to say.
    fn flush_frames(&mut self) {
        loop {
            let Some(passed) = self.pri.dchannel().take_passed() else { break };
            let reference = passed.reference();
            let call = reference.and_then(|reference| self.calls.named(reference));
            if let Some(message) = Message::parse(&passed.octets) {
                if let (Message::RELEASE_COMPLETE, Some(call)) = (message.kind, call) {
                    self.over.push((call, message.cause().unwrap_or(16)));
                }
                let tone = message.kind == Message::DISCONNECT && message.has_progress(8);
                if tone && !passed.outgoing {
                    self.tones.extend(reference);
                    self.tones.truncate(BATCH);
                }
            }
            let (outgoing, octets) = (passed.outgoing, passed.octets);
            self.out.push_back(Event::Frame { call, outgoing, octets });
        }
        loop {
            let Some(line) = self.pri.dchannel().take_line() else { break };
            self.warn(&line);
        }
    }

    fn warn(&mut self, line: &str) {
        self.out.push_back(Event::Warning(line.to_owned()));
    }

    /// Runs `act` on a call; one that has ended meanwhile is no error.
    fn with(&mut self, id: CallRef, act: impl FnOnce(&mut Self, &mut Call)) {
        if let Some(mut call) = self.calls.get(id).copied() {
            act(self, &mut call);
            self.calls.update(call);
        }
    }

    /// Runs `act` on the call of an event.
    fn with_event(&mut self, event: &RawEvent, act: impl FnOnce(&mut Call, &mut VecDeque<Event>)) {
        let call = Handle::new(event.call).and_then(|handle| self.calls.by_handle(handle));
        if let Some(call) = call {
            act(call, &mut self.out);
        }
    }
}

/// Says which channel the far end settled on, when its first answer is neither SETUP ACKNOWLEDGE
/// nor CALL PROCEEDING, whose events carry it.
fn settle(call: &mut Call, event: &RawEvent, events: &mut VecDeque<Event>) {
    if call.take_slot(event.channel) {
        events.push_back(Event::Proceeding { call: call.id, interface: 0, slot: call.slot, in_band: false });
    }
}

fn listens(event: &RawEvent) -> bool {
    event.progress & LISTEN != 0
}

fn cause(event: &RawEvent) -> Option<u8> {
    u8::try_from(event.cause).ok().filter(|cause| (1..=127).contains(cause))
}

/// The timeslot in libpri's channel; `None` for none, any, or the whole interface.
pub fn slot(channel: i32) -> Option<u8> {
    u8::try_from(channel & 0xFF).ok().filter(|slot| channel >= 0 && (1..=31).contains(slot))
}

/// The reference of a call from the far end. libpri keeps the flag in bit 15.
fn ring_reference(event: &RawEvent) -> Reference {
    Reference { ours: false, value: u16::try_from(event.reference & 0x7FFF).unwrap_or(0) }
}
