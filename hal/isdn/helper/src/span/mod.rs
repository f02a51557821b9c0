//! One span or NFAS group: commands of the gateway in, events for it out, libpri in the middle.

mod clearing;
mod group;
mod restart;
mod supplementary;

use crate::call::{Call, Calls};
use crate::convert;
use crate::dchannel::{DChannel, Place, Reference};
use crate::mwi;
use crate::rewrite::Rewrite;
use crate::sys::{Ask, Controller, Handle, RawEvent, text};
use demarc_isdn::command::Setup;
use demarc_isdn::event::IncomingSetup;
use demarc_isdn::q931::Message;
use demarc_isdn::{CallRef, ChannelChoice, Command, Event, Interface, PartyId, PartyNumber, Settings, Side};
use restart::Restarts;
use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

/// Frames that one turn reads, so that a flood leaves time for the gateway.
const BATCH: usize = 64;
/// Bits of `PRI_PROG_*` that mean "listen": not end-to-end ISDN, and in-band information.
const LISTEN: i32 = 1 | 1 << 3;
/// Bit of libpri's channels: the interface is named.
const EXPLICIT: i32 = 1 << 16;
/// Bit of libpri's channels: a connection without a B channel (call-independent signalling).
const INDEPENDENT: i32 = 1 << 17;

/// A B channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Channel {
    /// Interface of the NFAS group; 0 without one.
    pub interface: u8,
    /// Timeslot; 0 is none.
    pub slot: u8,
}

/// The machine of one span.
pub struct Span {
    settings: Settings,
    pri: Controller,
    calls: Calls,
    /// Layer 2, by D channel.
    links_up: [bool; 2],
    /// The gateway was told that calls can be made.
    up: bool,
    out: VecDeque<Event>,
    /// References of the DISCONNECTs that came with a tone.
    tones: Vec<Reference>,
    /// Calls about which a RELEASE COMPLETE passed, and its cause.
    over: Vec<(CallRef, u8)>,
    restarts: Restarts,
    /// NFAS: when connected calls end because no D channel came back.
    t309: Option<i64>,
}

impl Span {
    /// Starts layer 2. `None` when libpri refuses.
    pub fn new(fd: OwnedFd, settings: Settings) -> Option<Self> {
        let place = Place {
            interface: settings.nfas.map_or(0, |group| group.primary),
            terminals: settings.interface == Interface::BriPtmp && settings.side == Side::Network,
        };
        let pri = Controller::new(DChannel::new(fd, place).ok()?, &convert::settings(&settings))?;
        let mut span = Self {
            settings,
            pri,
            calls: Calls::default(),
            links_up: [false; 2],
            up: false,
            out: VecDeque::new(),
            tones: Vec::new(),
            over: Vec::new(),
            restarts: Restarts::default(),
            t309: None,
        };
        // Layer 2 of a multipoint bus comes up with the first call and goes when it is over.
        if span.settings.interface == Interface::BriPtmp {
            span.tell_up(true);
        }
        Some(span)
    }

    /// The next event for the gateway.
    pub fn poll_event(&mut self) -> Option<Event> {
        self.out.pop_front()
    }

    /// Why no D channel works any more.
    pub fn gone(&self) -> Option<String> {
        let mut why = None;
        for link in 0..self.pri.links() {
            why = Some(self.pri.dchannel(link)?.gone()?.to_owned());
        }
        why
    }

    /// Runs `poll` with the descriptors of the D channels that can be read now.
    pub fn with_fds<T>(&self, poll: impl FnOnce(&[BorrowedFd<'_>]) -> T) -> T {
        let dchannels: Vec<_> = (0..self.pri.links()).filter_map(|link| self.pri.dchannel(link)).collect();
        let readable = dchannels.iter().filter(|one| one.gone().is_none() && one.resting().is_none());
        let fds: Vec<BorrowedFd<'_>> = readable.map(|one| one.as_fd()).collect();
        poll(&fds)
    }

    /// When [`Span::run`] has something to do even if no frame comes, by [`crate::sys::clock`].
    pub fn deadline(&mut self) -> Option<i64> {
        let guards = self.calls.iter().filter_map(|call| call.guard).min();
        let rests = (0..self.pri.links()).filter_map(|link| self.pri.dchannel(link)?.resting()).min();
        let others = [guards, rests, self.t309, self.restarts.deadline(), self.pri.next_timer()];
        others.into_iter().flatten().min()
    }

    /// Runs timers and reads frames, until there is nothing to do or it is the gateway's turn.
    pub fn run(&mut self) {
        for link in 0..self.pri.links() {
            self.run_link(link);
        }
        self.run_guards();
        self.run_group();
        // Calls that were moved are to be where they belong before the gateway speaks of them.
        for link in 0..self.pri.links() {
            if self.pri.dchannel(link).is_some_and(|dchannel| dchannel.has_injected()) {
                self.run_link(link);
            }
        }
        self.run_restarts();
        self.sweep();
    }

    fn run_link(&mut self, link: usize) {
        let frames_read = |span: &Self| span.pri.dchannel(link).map(|dchannel| dchannel.frames_read());
        for _ in 0..BATCH {
            // As many as can be due at once, lest one that is always due keep us here.
            for _ in 0..BATCH {
                let Some(event) = self.pri.run_timers(link) else { break };
                self.flush_frames();
                self.handle_event(link, &event);
            }
            let before = frames_read(self);
            let event = self.pri.read_frame(link);
            self.flush_setup(event.as_deref());
            if let Some(event) = event {
                self.handle_event(link, &event);
            } else if frames_read(self) == before {
                break;
            }
        }
    }

    /// Does what the gateway says; a descriptor may come with it.
    pub fn handle_command(&mut self, command: Command, descriptor: Option<OwnedFd>) {
        match command {
            Command::Start(_) => self.warn("started already"),
            Command::Backup { interface } => self.join(interface, descriptor),
            Command::Setup(setup) => self.begin(&setup),
            Command::Restart { interface, slot } => self.restart(Channel { interface, slot }),
            Command::Information { call, digits } => self.with(call, |span, call| {
                for digit in digits.bytes().filter(|octet| b"0123456789*#".contains(octet)) {
                    span.pri.information(call.handle, digit);
                }
            }),
            Command::SetupAck { call, in_band } => self.with(call, |span, call| {
                span.pri.setup_ack(call.handle, span.channel(call), in_band);
                call.answered = true;
            }),
            Command::UseChannel { call, interface, slot } => {
                self.with(call, |_, call| call.channel = Channel { interface, slot });
            }
            Command::Proceeding { call, in_band } => self.with(call, |span, call| {
                let channel = span.channel(call);
                if call.proceeding && in_band {
                    span.pri.progress(call.handle, channel, None);
                } else {
                    span.pri.proceeding(call.handle, channel, in_band);
                }
                (call.answered, call.proceeding) = (true, true);
            }),
            Command::Alerting { call, in_band } => self.with(call, |span, call| {
                span.pri.alerting(call.handle, span.channel(call), in_band);
                (call.answered, call.proceeding) = (true, true);
            }),
            Command::Progress { call, in_band, cause } => self.progress(call, in_band, cause),
            Command::Connect { call, connected } => self.connect(call, connected),
            Command::Clear { call, cause } => self.clear(call, cause & 0x7F),
            Command::DisconnectInBand { call, cause } => {
                self.disconnect_in_band(call, cause & 0x7F);
            }
            command => self.supplementary(command),
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
        let reference = Reference { ours: true, value, tei: 0 };
        self.rewrite(reference, None);
        let channel = Channel { interface: setup.channel.interface, slot: setup.channel.slot };
        self.calls.insert(Call::new(id, handle, reference, channel));
        let channel = convert::channel(channel, self.settings.nfas.is_some());
        if !self.pri.setup(handle, &convert::setup(setup, channel, &self.settings)) {
            self.pri.destroy(handle);
            self.finish(id, 41);
        }
    }

    fn connect(&mut self, call: CallRef, connected: Option<PartyNumber>) {
        self.with(call, |span, call| {
            if connected.is_some() {
                let party = convert::raw_party(&PartyId { number: connected, ..PartyId::default() });
                span.pri.ask(call.handle, &Ask::ConnectedLine(&party));
            }
            span.pri.connect(call.handle, span.channel(call));
            (call.answered, call.proceeding, call.connected) = (true, true, true);
        });
    }

    fn progress(&mut self, call: CallRef, in_band: bool, cause: Option<u8>) {
        // The progress indicator is mandatory in PROGRESS (§3.1.8): without a tone there is
        // nothing to say.
        if !in_band {
            return;
        }
        self.with(call, |span, call| {
            if !call.answered {
                span.pri.proceeding(call.handle, span.channel(call), false);
                (call.answered, call.proceeding) = (true, true);
            }
            span.pri.progress(call.handle, span.channel(call), cause);
        });
    }

    fn handle_event(&mut self, link: usize, event: &RawEvent) {
        if event.kind != 5 && event.kind != 8 {
            self.announce(event);
        }
        match event.kind {
            1 => self.link_up(link, true),
            2 => self.link_up(link, false),
            3 => self.restarted(link, event),
            4 => self.same_side(&String::from_utf8_lossy(&text(&event.text))),
            5 => self.ring(link, event),
            6 | 9 => self.hung_up(event),
            7 => self.with_event(link, event, |call, channel, events| {
                settle(call, channel, events);
                events.push_back(Event::Alerting { call: call.id, in_band: listens(event) });
            }),
            8 => self.answered(link, event),
            10 => self.restart_acked(self.channel_of(link, event)),
            12 | 18 => self.with_event(link, event, |call, _, events| {
                let (digits, complete) = (convert::digits(&event.text), event.complete != 0);
                // libpri says "complete" again with whatever INFORMATION brings.
                let news = complete && !std::mem::replace(&mut call.complete, complete);
                if !digits.is_empty() || news {
                    events.push_back(Event::Information { call: call.id, digits, complete });
                }
            }),
            13 => self.with_event(link, event, |call, channel, events| {
                call.take_channel(channel);
                let Channel { interface, slot } = call.channel;
                let in_band = listens(event);
                events.push_back(Event::Proceeding { call: call.id, interface, slot, in_band });
            }),
            14 => self.with_event(link, event, |call, channel, events| {
                call.take_channel(channel);
                let Channel { interface, slot } = call.channel;
                let in_band = listens(event);
                events.push_back(Event::SetupAck { call: call.id, interface, slot, in_band });
            }),
            15 => self.disconnected(event),
            17 => self.with_event(link, event, |call, channel, events| {
                settle(call, channel, events);
                let (in_band, cause) = (listens(event), cause(event));
                events.push_back(Event::Progress { call: call.id, in_band, cause });
            }),
            // CONNECT ACKNOWLEDGE says nothing that the gateway acts upon; FACILITY and what else
            // comes with subcommands was announced.
            _ => self.supplementary_event(link, event),
        }
    }

    fn answered(&mut self, link: usize, event: &RawEvent) {
        let line = event.subs().iter().find(|sub| sub.kind == 2).map(|sub| convert::party(&sub.party));
        self.announce(event);
        self.with_event(link, event, |call, channel, events| {
            settle(call, channel, events);
            call.connected = true;
            let connected = line.and_then(|party| party.number).filter(|number| !number.digits.is_empty());
            events.push_back(Event::Connect { call: call.id, connected });
        });
    }

    fn ring(&mut self, link: usize, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        // No call: libpri ends such connections by itself, and `mwi` reads what they carry.
        if event.channel & INDEPENDENT != 0 {
            return;
        }
        // A handle that comes again is a call that went without a word.
        if let Some(stale) = self.calls.by_handle(handle).map(|call| call.id) {
            self.finish(stale, 41);
        }
        // libpri keeps the flag in bit 15.
        let value = u16::try_from(event.reference & 0x7FFF).unwrap_or(0);
        let Some(reference) = self.pri.dchannel(link).map(|dchannel| dchannel.reference(value)) else {
            return;
        };
        let channel = self.channel_of(link, event).unwrap_or_default();
        let Some(id) = self.calls.accept(handle, reference, channel) else {
            self.pri.hang_up(handle, 34);
            return;
        };
        self.rewrite(reference, None);
        self.with(id, |_, call| call.complete = event.complete != 0);
        self.flush_frames();
        let (redirecting, redirection) = convert::redirection(&event.redirecting);
        let filled = |text: String| (!text.is_empty()).then_some(text);
        self.out.push_back(Event::Setup(Box::new(IncomingSetup {
            call: id,
            channel: ChannelChoice {
                interface: channel.interface,
                slot: channel.slot,
                exclusive: event.flexible == 0,
            },
            called: convert::number(&event.called).unwrap_or_default(),
            complete: event.complete != 0,
            calling: convert::number(&event.calling.number),
            name: convert::words(&event.calling.name),
            redirecting,
            bearer: convert::bearer(event.capability),
            redirection,
            called_subaddress: convert::subaddress(&event.called_subaddress),
            calling_subaddress: convert::subaddress(&event.calling.subaddress),
            keypad: filled(convert::digits(&event.keypad)),
            user_user: convert::words(&event.user_user),
            progress: convert::progress(event),
        })));
        self.announce(event);
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

    /// Shows what passed the D channels, and what libpri had to say.
    fn flush_frames(&mut self) {
        for link in 0..self.pri.links() {
            self.flush_link(link);
        }
    }

    fn flush_link(&mut self, link: usize) {
        while let Some(passed) = self.pri.dchannel(link).and_then(|mut it| it.take_passed()) {
            let reference = passed.reference;
            let call = reference.and_then(|reference| self.calls.named(reference));
            if let Some(message) = Message::parse(&passed.octets) {
                // One terminal of several says no more than that it is out.
                let last = !reference.is_some_and(|reference| reference.ours && self.has_terminals());
                if let (Message::RELEASE_COMPLETE, Some(call), true) = (message.kind, call, last) {
                    self.over.push((call, message.cause().unwrap_or(16)));
                }
                let tone = message.kind == Message::DISCONNECT && message.has_progress(8);
                if tone && !passed.outgoing {
                    self.tones.extend(reference);
                    self.tones.truncate(BATCH);
                }
                let news = if passed.outgoing { None } else { mwi::read(&message) };
                self.out.extend(news.map(|news| Event::Mwi(Box::new(news))));
            }
            let (outgoing, octets) = (passed.outgoing, passed.octets);
            self.out.push_back(Event::Frame { call, outgoing, octets });
        }
        while let Some(line) = self.pri.dchannel(link).and_then(|mut it| it.take_line()) {
            self.warn(&line);
        }
        let refused = self.pri.dchannel(link).map_or(0, |mut it| it.take_refused());
        if refused > 0 {
            self.warn("a frame that is none was not taken");
        }
    }

    /// Wishes for the messages of a call, on whichever D channel they go.
    fn rewrite(&mut self, reference: Reference, wish: Option<Rewrite>) {
        for mut dchannel in (0..self.pri.links()).filter_map(|link| self.pri.dchannel(link)) {
            match wish {
                Some(wish) => dchannel.rewrites.insert(reference, wish),
                None => dchannel.rewrites.remove(&reference),
            };
        }
    }

    fn has_terminals(&self) -> bool {
        self.settings.interface == Interface::BriPtmp && self.settings.side == Side::Network
    }

    /// The channel of a call as libpri wants it.
    fn channel(&self, call: &Call) -> i32 {
        convert::channel(call.channel, self.settings.nfas.is_some())
    }

    /// The B channel in an event; `None` for none, any, or the whole interface.
    fn channel_of(&self, link: usize, event: &RawEvent) -> Option<Channel> {
        if event.channel < 0 {
            return None;
        }
        let slot = u8::try_from(event.channel & 0xFF).ok().filter(|slot| (1..=31).contains(slot))?;
        Some(Channel { interface: self.interface_of(link, event), slot })
    }

    /// The interface in an event: the D channel's own unless it is named.
    fn interface_of(&self, link: usize, event: &RawEvent) -> u8 {
        let own = self.pri.dchannel(link).map_or(0, |dchannel| dchannel.place().interface);
        let named = event.channel >= 0 && event.channel & EXPLICIT != 0;
        match self.settings.nfas {
            Some(_) if named => u8::try_from(event.channel >> 8 & 0x7F).unwrap_or(own),
            Some(_) => own,
            None => 0,
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

    /// Runs `act` on the call of an event, with the channel that the event names.
    fn with_event(
        &mut self,
        link: usize,
        event: &RawEvent,
        act: impl FnOnce(&mut Call, Option<Channel>, &mut VecDeque<Event>),
    ) {
        let channel = self.channel_of(link, event);
        let call = Handle::new(event.call).and_then(|handle| self.calls.by_handle(handle));
        if let Some(call) = call {
            act(call, channel, &mut self.out);
        }
    }
}

/// Says which channel the far end settled on, when its first answer is neither SETUP ACKNOWLEDGE
/// nor CALL PROCEEDING, whose events carry it.
fn settle(call: &mut Call, channel: Option<Channel>, events: &mut VecDeque<Event>) {
    if call.take_channel(channel) {
        let Channel { interface, slot } = call.channel;
        events.push_back(Event::Proceeding { call: call.id, interface, slot, in_band: false });
    }
}

fn listens(event: &RawEvent) -> bool {
    event.progress & LISTEN != 0
}

fn cause(event: &RawEvent) -> Option<u8> {
    u8::try_from(event.cause).ok().filter(|cause| (1..=127).contains(cause))
}
