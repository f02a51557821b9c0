//! What the PBX wants of a call.

use super::{IsdnCall, NAME, State, Wire};
use crate::desk::Desk;
use crate::isdn_span::numbers::Numbers;
use crate::tone;
use demarc_isdn::{Command, PartyId};
use demarc_model::{CallerId, Cause, LegCommand};

impl IsdnCall {
    /// Something the PBX wants.
    pub(crate) fn handle_command(&mut self, desk: &mut Desk, wire: Wire, command: LegCommand) {
        let call = self.reference;
        match (command, self.state) {
            (LegCommand::MoreDigits { digits, complete, .. }, _) => {
                self.dialled_on(desk, wire, digits, complete);
            }
            (LegCommand::NeedDigits { dial_tone, .. }, State::CallPresent) => {
                self.state = State::OverlapReceiving;
                self.timer = Some((desk.at(wire.times.t302), "T302"));
                self.heard |= dial_tone;
                desk.isdn(wire.span, Command::SetupAck { call, in_band: dial_tone });
                if dial_tone {
                    desk.play(self.stream, tone::dial(desk.config.system.country));
                }
            }
            (LegCommand::Proceed { .. }, State::CallPresent | State::OverlapReceiving) => {
                self.proceed(desk, wire, false);
            }
            (
                LegCommand::Ring { in_band, .. },
                State::CallPresent | State::OverlapReceiving | State::IncomingCallProceeding,
            ) => {
                self.state = State::CallReceived;
                self.timer = None;
                // The network side owes its caller ringback; the user side leaves it to the network.
                if wire.network && !in_band {
                    desk.play(self.stream, tone::ringback(desk.config.system.country));
                }
                self.heard |= in_band || wire.network;
                self.early_media |= in_band;
                desk.isdn(wire.span, Command::Alerting { call, in_band: in_band || wire.network });
            }
            (LegCommand::Ring { in_band: true, .. }, State::CallReceived) => {
                self.early_media = true;
                if !std::mem::replace(&mut self.heard, true) {
                    desk.isdn(wire.span, Command::Progress { call, in_band: true, cause: None });
                }
            }
            (
                LegCommand::Progress { cause, .. },
                State::CallPresent
                | State::OverlapReceiving
                | State::IncomingCallProceeding
                | State::CallReceived,
            ) => {
                self.early_media = true;
                if matches!(self.state, State::CallPresent | State::OverlapReceiving) {
                    // The first answer to SETUP names the channel, which PROGRESS need not do.
                    self.proceed(desk, wire, cause.is_none());
                }
                if !self.heard || cause.is_some() {
                    self.heard = true;
                    let cause = cause.map(Cause::value);
                    desk.isdn(wire.span, Command::Progress { call, in_band: true, cause });
                }
            }
            (
                LegCommand::Answer { connected, .. },
                State::CallPresent
                | State::OverlapReceiving
                | State::IncomingCallProceeding
                | State::CallReceived,
            ) => self.answer(desk, wire, connected),
            (LegCommand::Hangup { cause, .. }, state) => self.hangup(desk, wire, cause, state),
            (LegCommand::Hold { .. }, State::Active) => self.hold(desk, wire),
            (LegCommand::Retrieve { .. }, State::Active) => self.retrieve(desk, wire),
            (LegCommand::TransferRefused { .. }, _) => self.answer_transfer(desk, wire, false),
            _ => return,
        }
        desk.changed();
    }

    fn proceed(&mut self, desk: &mut Desk, wire: Wire, in_band: bool) {
        self.state = State::IncomingCallProceeding;
        self.timer = None;
        self.heard |= in_band;
        desk.isdn(wire.span, Command::Proceeding { call: self.reference, in_band });
    }

    /// Who answered is told with number (COLP) and name; whoever withholds the number (COLR) has it
    /// marked, and has no name.
    fn answer(&mut self, desk: &mut Desk, wire: Wire, connected: Option<CallerId>) {
        self.state = State::Active;
        self.timer = None;
        let call = self.reference;
        let connected = connected.filter(|_| self.trunk.send_connected);
        let name = connected.as_ref().and_then(|party| party.shown_name()).filter(|_| self.trunk.send_name);
        let name: Option<String> = name.map(|name| name.chars().take(NAME).collect());
        let numbers = Numbers { system: &desk.config.system, trunk: &self.trunk, mirror: wire.mirror };
        let number = connected
            .as_ref()
            .and_then(|party| numbers.party_out(party))
            .filter(|number| !number.digits.is_empty());
        if name.is_some() {
            let party = Box::new(PartyId { number: number.clone(), name, subaddress: None });
            desk.isdn(wire.span, Command::ConnectedLine { call, party });
        }
        desk.isdn(wire.span, Command::Connect { call, connected: number });
    }

    /// A caller who listens to a tone of ours (dial tone, ringback) is told by another why the call
    /// failed. Every other one gets the cause alone: it makes the tone itself, or has heard what
    /// the PBX had to say.
    fn hangup(&mut self, desk: &mut Desk, wire: Wire, cause: Cause, state: State) {
        self.answer_transfer(desk, wire, true);
        let unanswered =
            matches!(state, State::OverlapReceiving | State::IncomingCallProceeding | State::CallReceived);
        if unanswered && wire.network && self.heard && !self.early_media && tone::explains(cause) {
            self.hung_up = true;
            self.cause = Some(cause);
            self.state = State::DisconnectRequest;
            self.timer = Some((desk.at(wire.times.t306), "T306"));
            desk.play(self.stream, tone::of_cause(desk.config.system.country, cause));
            desk.isdn(wire.span, Command::DisconnectInBand { call: self.reference, cause: cause.value() });
            return;
        }
        self.hung_up = true;
        self.clear(desk, wire, cause);
    }
}
