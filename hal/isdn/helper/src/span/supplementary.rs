//! Hold, transfer, notification, advice of charge, messages waiting, SERVICE and what else rides
//! beside a call.

use super::{Channel, Span, cause};
use crate::convert::{self, charge};
use crate::sys::{Ask, Handle, RawEvent, RawSub};
use demarc_isdn::command::Mwi;
use demarc_isdn::{Aoc, AocAnswer, CallRef, ChannelChoice, Command, Dialect, Event, PartyId};

/// Wrong call state: what cannot be asked for now.
const WRONG_STATE: u8 = 101;
/// `PRI_AOC_REQ_RSP_*`.
const AOC_NOT_AVAILABLE: i32 = 1;
const AOC_FOLLOWS: i32 = 5;

impl Span {
    /// Does what the gateway says.
    pub(super) fn supplementary(&mut self, command: Command) {
        match command {
            Command::Hold { call } => self.with(call, |span, call| {
                if !span.pri.ask(call.handle, &Ask::Hold) {
                    span.out.push_back(Event::HoldReject { call: call.id, cause: WRONG_STATE });
                }
            }),
            Command::HoldAck { call } => self.with(call, |span, call| {
                if span.pri.ask(call.handle, &Ask::HoldAck) {
                    call.channel = Channel::default();
                }
            }),
            Command::HoldReject { call, cause } => {
                self.ask(call, &Ask::HoldReject(cause & 0x7F));
            }
            Command::Retrieve { call, channel } => self.retrieve(call, channel),
            Command::RetrieveAck { call, interface, slot } => {
                let channel = Channel { interface, slot };
                let raw = convert::channel(channel, self.settings.nfas.is_some());
                if self.ask(call, &Ask::RetrieveAck(raw)) {
                    self.with(call, |_, call| call.channel = channel);
                }
            }
            Command::RetrieveReject { call, cause } => {
                self.ask(call, &Ask::RetrieveReject(cause & 0x7F));
            }
            Command::Transfer { call, with } => self.transfer(call, with),
            Command::TransferAnswer { call, invoke, accepted } => self.with(call, |span, call| {
                let to = call.reply.take().unwrap_or(call.handle);
                span.pri.ask(to, &Ask::TransferAnswer(invoke, accepted));
            }),
            Command::Notify { call, indicator } => self.with(call, |span, call| {
                if !span.pri.ask(call.handle, &Ask::Notify(indicator & 0x7F)) {
                    span.warn("the dialect has no such notification");
                }
            }),
            Command::ConnectedLine { call, party } => {
                self.ask(call, &Ask::ConnectedLine(&convert::raw_party(&party)));
            }
            Command::Display { call, text } => {
                self.ask(call, &Ask::Display(&convert::ia5(&text, 80)));
            }
            Command::Keypad { call, digits } => {
                let digits: String = digits.chars().filter(|digit| "0123456789*#".contains(*digit)).collect();
                self.ask(call, &Ask::Keypad(&convert::plain(Some(&digits), 32)));
            }
            Command::UserUser { call, text } => {
                self.ask(call, &Ask::UserUser(&convert::plain(Some(&text), 128)));
            }
            Command::Aoc { call, aoc } => self.advise(call, &aoc),
            Command::AocAnswer { call, invoke, answer } => self.answer_wish(call, invoke, &answer),
            Command::Mwi(news) => self.mwi(&news),
            Command::Service { interface, slot, status } => {
                // libpri does not name the interface in SERVICE.
                let own = self.pri.dchannel(self.pri.active()).map(|it| it.place().interface);
                let here = own == Some(interface)
                    && self.settings.service_messages
                    && !self.settings.interface.is_bri();
                if !here || !self.pri.service(0, slot, convert::raw_service(status)) {
                    self.warn("SERVICE cannot be sent");
                }
            }
            _ => {}
        }
    }

    /// False when libpri refuses; a call that has ended meanwhile is no error.
    fn ask(&mut self, call: CallRef, what: &Ask<'_>) -> bool {
        let Some(handle) = self.calls.get(call).map(|call| call.handle) else { return true };
        self.pri.ask(handle, what)
    }

    fn retrieve(&mut self, call: CallRef, channel: Option<ChannelChoice>) {
        let channel = channel.map(|channel| Channel { interface: channel.interface, slot: channel.slot });
        let raw = convert::channel(channel.unwrap_or_default(), self.settings.nfas.is_some());
        if !self.ask(call, &Ask::Retrieve(raw)) {
            self.out.push_back(Event::RetrieveReject { call, cause: WRONG_STATE });
        }
    }

    fn transfer(&mut self, call: CallRef, with: CallRef) {
        let with = self.calls.get(with).map(|with| with.handle);
        if !with.is_some_and(|with| self.ask(call, &Ask::Transfer(with))) {
            self.warn("these two calls cannot be transferred");
        }
    }

    fn advise(&mut self, call: CallRef, aoc: &Aoc) {
        // In QSIG libpri takes it and sends nothing.
        let said = self.settings.dialect == Dialect::EuroIsdn
            && match aoc {
                Aoc::Start(rates) => self.ask(call, &Ask::AocStart(&charge::raw_rates(rates))),
                Aoc::During { charge: of, total } => {
                    self.ask(call, &Ask::AocDuring(&charge::raw_charge(of, *total)))
                }
                Aoc::End(of) => self.ask(call, &Ask::AocEnd(&charge::raw_charge(of, true))),
            };
        if !said {
            self.warn("advice of charge cannot be sent");
        }
    }

    fn answer_wish(&mut self, call: CallRef, invoke: i32, answer: &AocAnswer) {
        let (response, rates) = match answer {
            AocAnswer::Follows => (AOC_FOLLOWS, Vec::new()),
            AocAnswer::Rates(rates) => (AOC_FOLLOWS, charge::raw_rates(rates)),
            AocAnswer::NotAvailable => (AOC_NOT_AVAILABLE, Vec::new()),
        };
        self.ask(call, &Ask::AocAnswer(invoke, response, &rates));
    }

    fn mwi(&mut self, news: &Mwi) {
        let voicemail = convert::raw_number(news.voicemail.as_ref());
        if !self.up || !self.pri.mwi(&convert::raw(&news.mailbox), &voicemail, news.messages) {
            self.warn("messages waiting cannot be told");
        }
    }

    /// Says what came beside a message, before the message itself.
    pub(super) fn announce(&mut self, event: &RawEvent) {
        let Some(handle) = Handle::new(event.call) else { return };
        let Some(call) = self.calls.by_handle(handle).map(|call| call.id) else { return };
        // In SETUP they are fields of it.
        let initial = event.kind == 5;
        if let Some(text) = convert::words(&event.user_user).filter(|_| !initial) {
            self.out.push_back(Event::UserUser { call, text });
        }
        for sub in event.subs() {
            match sub.kind {
                // libpri also says it when there is nothing to say.
                1 if !initial && convert::party(&event.redirecting.to) != PartyId::default() => {
                    let to = Box::new(convert::party(&event.redirecting.to));
                    let reason = u8::try_from(event.redirecting.reason & 0x0F).unwrap_or(0);
                    self.out.push_back(Event::Diverting { call, to, reason });
                }
                2 if !initial => self.connected_line(call, event, sub),
                17 => self.transfer_asked(call, event, sub),
                18 | 22 if sub.kind == 18 || !sub.rates().is_empty() => {
                    let aoc = Box::new(Aoc::Start(charge::rates(sub.rates())));
                    self.out.push_back(Event::Aoc { call, aoc });
                }
                19 => {
                    let (of, total) = (charge::charge(&sub.charge), sub.charge.total != 0);
                    self.out.push_back(Event::Aoc { call, aoc: Box::new(Aoc::During { charge: of, total }) });
                }
                20 => {
                    let aoc = Box::new(Aoc::End(charge::charge(&sub.charge)));
                    self.out.push_back(Event::Aoc { call, aoc });
                }
                21 if self.settings.supplementary => {
                    let (wish, invoke) = (charge::wish(sub.wish), sub.invoke);
                    self.out.push_back(Event::AocAsked { call, wish, invoke });
                }
                21 => self.answer_wish(call, sub.invoke, &AocAnswer::NotAvailable),
                25 => {
                    let text = convert::words(&sub.text);
                    self.out.extend(text.map(|text| Event::Display { call, text }));
                }
                _ => {}
            }
        }
    }

    fn connected_line(&mut self, call: CallRef, event: &RawEvent, sub: &RawSub) {
        let party = convert::party(&sub.party);
        // With an answer, the number alone is in `Event::Connect`.
        let more = party.name.is_some() || party.subaddress.is_some();
        if more || event.kind != 8 && party.number.is_some() {
            self.out.push_back(Event::ConnectedLine { call, party: Box::new(party) });
        }
    }

    fn transfer_asked(&mut self, call: CallRef, event: &RawEvent, sub: &RawSub) {
        let reply = Handle::new(event.subcall);
        let mut named = |raw| {
            let handle = Handle::new(raw)?;
            self.calls.by_handle(handle).map(|call| call.id)
        };
        let with = match (named(sub.call_1), named(sub.call_2)) {
            (Some(one), Some(other)) if one == call => Some(other),
            (Some(one), Some(other)) if other == call => Some(one),
            _ => None,
        };
        let invoke = sub.invoke;
        let Some(with) = with else {
            self.ask(call, &Ask::TransferAnswer(invoke, false));
            return;
        };
        self.with(call, |_, call| call.reply = reply);
        self.out.push_back(Event::TransferAsked { call, with, invoke });
    }

    /// Messages that are of supplementary services throughout.
    pub(super) fn supplementary_event(&mut self, link: usize, event: &RawEvent) {
        let Channel { interface, slot } = self.channel_of(link, event).unwrap_or_default();
        let cause = cause(event).unwrap_or(31);
        match event.kind {
            16 => self.with_event(link, event, |call, _, events| {
                if let Ok(indicator @ 0..=0x7F) = u8::try_from(event.info) {
                    events.push_back(Event::Notify { call: call.id, indicator });
                }
            }),
            19 | 20 => {
                let status = convert::service(event.info);
                self.out.push_back(if event.kind == 19 {
                    Event::Service { interface, slot, status }
                } else {
                    Event::ServiceAcked { interface, slot, status }
                });
            }
            21 => self.with_event(link, event, |call, _, events| {
                events.push_back(Event::Hold { call: call.id });
            }),
            22 => self.with_event(link, event, |call, _, events| {
                call.channel = Channel::default();
                events.push_back(Event::HoldAck { call: call.id });
            }),
            23 => self.with_event(link, event, |call, _, events| {
                events.push_back(Event::HoldReject { call: call.id, cause });
            }),
            24 => self.with_event(link, event, |call, _, events| {
                let channel = ChannelChoice { interface, slot, exclusive: event.flexible == 0 };
                events.push_back(Event::Retrieve { call: call.id, channel });
            }),
            25 => self.with_event(link, event, |call, channel, events| {
                call.take_channel(channel);
                let Channel { interface, slot } = call.channel;
                events.push_back(Event::RetrieveAck { call: call.id, interface, slot });
            }),
            26 => self.with_event(link, event, |call, _, events| {
                events.push_back(Event::RetrieveReject { call: call.id, cause });
            }),
            _ => {}
        }
    }
}
