//! Hold, transfer and charges of a call (Q.932, EN 300 196, EN 300 369, EN 300 182).

use super::{IsdnCall, State, Wire};
use crate::desk::Desk;
use demarc_isdn::{Aoc, AocAnswer, CallRef, ChannelChoice, Command, Event, Money};
use demarc_model::config::HoldForm;
use demarc_model::record::Charge;
use demarc_model::trace::Protocol;
use demarc_model::{Cause, LegEvent, LegId};

/// NOTIFY: remote hold (EN 300 196-1 §9.1.2, Q.763).
const REMOTE_HOLD: u8 = 0x79;
/// NOTIFY: remote retrieval.
const REMOTE_RETRIEVAL: u8 = 0x7A;

/// Who has put whom on hold. The B channel stays reserved meanwhile, whoever holds (Q.932 §6.2.2), so
/// that the call comes back to it.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Held {
    /// The far end holds us.
    by_them: bool,
    by_us: ByUs,
}

/// How far our hold is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ByUs {
    #[default]
    No,
    /// They were told by NOTIFY, or not at all.
    Told,
    /// HOLD was sent; whether the party came back meanwhile.
    Asked { back: bool },
    /// The far end has taken the audio away.
    Yes,
    /// RETRIEVE was sent; whether the party holds again meanwhile.
    Back { again: bool },
}

/// What a call has cost so far.
#[derive(Debug, Default)]
pub(crate) struct Tally {
    units: u32,
    amount: u64,
}

impl IsdnCall {
    /// A supplementary service, or nothing that is known here.
    pub(super) fn handle_service(&mut self, desk: &mut Desk, wire: Wire, event: Event) {
        let call = self.reference;
        match event {
            Event::Hold { .. } if self.is_active() && !self.held.by_them && wire.supplementary => {
                self.held.by_them = true;
                desk.isdn(wire.span, Command::HoldAck { call });
                desk.leg(LegEvent::Held { leg: self.leg });
            }
            Event::Hold { .. } => {
                let cause =
                    if wire.supplementary { Cause::WRONG_CALL_STATE } else { Cause::FACILITY_REJECTED };
                desk.isdn(wire.span, Command::HoldReject { call, cause: cause.value() });
            }
            Event::Retrieve { channel, .. } => self.asked_back(desk, wire, channel),
            Event::HoldAck { .. } => match self.held.by_us {
                ByUs::Asked { back } => {
                    self.held.by_us = ByUs::Yes;
                    if back {
                        self.retrieve(desk, wire);
                    }
                }
                _ => return,
            },
            Event::HoldReject { cause, .. } => {
                if let ByUs::Asked { .. } = self.held.by_us {
                    let words =
                        format!("HOLD refused with cause {}: it hears us", Cause::from_received(cause));
                    desk.note(self.leg, Protocol::Q931, words);
                    self.held.by_us = ByUs::No;
                }
            }
            Event::RetrieveAck { interface, slot, .. } => self.back(desk, wire, interface, slot),
            Event::RetrieveReject { cause, .. } => {
                if let ByUs::Back { .. } = self.held.by_us {
                    // Two people who cannot hear each other are no call.
                    self.held.by_us = ByUs::Yes;
                    self.clear(desk, wire, Cause::from_received(cause));
                }
            }
            _ => return,
        }
        desk.changed();
    }

    /// The other party put this one on hold.
    pub(super) fn hold(&mut self, desk: &mut Desk, wire: Wire) {
        let call = self.reference;
        self.held.by_us = match (self.held.by_us, self.trunk.hold) {
            (ByUs::No, HoldForm::Nothing) => ByUs::Told,
            (ByUs::No, HoldForm::Notify) => {
                desk.isdn(wire.span, Command::Notify { call, indicator: REMOTE_HOLD });
                ByUs::Told
            }
            (ByUs::No, HoldForm::Hold) => {
                desk.isdn(wire.span, Command::Hold { call });
                ByUs::Asked { back: false }
            }
            (ByUs::Asked { .. }, _) => ByUs::Asked { back: false },
            (ByUs::Back { .. }, _) => ByUs::Back { again: true },
            (same, _) => same,
        };
    }

    /// The other party is back.
    pub(super) fn retrieve(&mut self, desk: &mut Desk, wire: Wire) {
        let call = self.reference;
        self.held.by_us = match (self.held.by_us, self.trunk.hold) {
            (ByUs::Told, HoldForm::Notify) => {
                desk.isdn(wire.span, Command::Notify { call, indicator: REMOTE_RETRIEVAL });
                ByUs::No
            }
            (ByUs::Told, _) => ByUs::No,
            (ByUs::Asked { .. }, _) => ByUs::Asked { back: true },
            (ByUs::Yes, _) => {
                let channel = self.channel.map(|channel| ChannelChoice {
                    interface: channel.interface,
                    slot: channel.id.slot,
                    exclusive: true,
                });
                desk.isdn(wire.span, Command::Retrieve { call, channel });
                ByUs::Back { again: false }
            }
            (ByUs::Back { .. }, _) => ByUs::Back { again: false },
            (ByUs::No, _) => ByUs::No,
        };
    }

    /// The far end gives us our call back.
    fn back(&mut self, desk: &mut Desk, wire: Wire, interface: u8, slot: u8) {
        let ByUs::Back { again } = self.held.by_us else { return };
        self.held.by_us = ByUs::No;
        let ours = self.channel.map(|channel| (channel.interface, channel.id.slot));
        if ours != Some((interface, slot)) {
            return self.clear(desk, wire, Cause::REQUESTED_CIRCUIT_UNAVAILABLE);
        }
        if again {
            self.hold(desk, wire);
        }
    }

    /// The far end wants its call back, on its own channel.
    fn asked_back(&mut self, desk: &mut Desk, wire: Wire, wanted: ChannelChoice) {
        let call = self.reference;
        let channel = self.channel.filter(|_| self.held.by_them && self.is_active());
        let Some(channel) = channel else {
            let cause = Cause::WRONG_CALL_STATE.value();
            return desk.isdn(wire.span, Command::RetrieveReject { call, cause });
        };
        let (interface, slot) = (channel.interface, channel.id.slot);
        if wanted.exclusive && wanted.slot != 0 && (wanted.interface, wanted.slot) != (interface, slot) {
            let cause = Cause::REQUESTED_CIRCUIT_UNAVAILABLE.value();
            return desk.isdn(wire.span, Command::RetrieveReject { call, cause });
        }
        self.held.by_them = false;
        desk.isdn(wire.span, Command::RetrieveAck { call, interface, slot });
        desk.leg(LegEvent::Retrieved { leg: self.leg });
    }

    /// May the network connect it with another call?
    pub(crate) fn may_be_joined(&self) -> bool {
        self.is_active() && !self.over && self.trunk.transfer
    }

    /// The far end asks us to join it with its other call.
    pub(crate) fn transfer_asked(&mut self, desk: &mut Desk, other: LegId, with: CallRef, invoke: i32) {
        self.transfer = Some((with, invoke));
        desk.leg(LegEvent::TransferTo { leg: self.leg, other });
    }

    /// The parties are joined, or cannot be.
    pub(super) fn answer_transfer(&mut self, desk: &mut Desk, wire: Wire, accepted: bool) {
        let Some((_, invoke)) = self.transfer.take() else { return };
        // It was hung up for another reason when it had not even been answered.
        let accepted = accepted && self.state == State::Active;
        desk.isdn(wire.span, Command::TransferAnswer { call: self.reference, invoke, accepted });
    }

    /// The network says what the call costs.
    pub(super) fn charge(&mut self, desk: &mut Desk, aoc: Aoc) {
        use demarc_isdn::Charge as Told;
        let (charge, complete, total) = match aoc {
            Aoc::Start(rates) => {
                let words = format!("the network has told {} rates", rates.len());
                return desk.note(self.leg, Protocol::Q931, words);
            }
            Aoc::During { charge, total } => (charge, false, total),
            Aoc::End(charge) => (charge, true, true),
        };
        let charge = match charge {
            Told::NotAvailable => return,
            Told::Free => Charge { complete, units: Some(0), ..Charge::default() },
            Told::Units(units) => {
                self.tally.units = if total { units } else { self.tally.units.saturating_add(units) };
                Charge { complete, units: Some(self.tally.units), ..Charge::default() }
            }
            Told::Money(money) => {
                let amount = thousandths(&money);
                self.tally.amount = if total { amount } else { self.tally.amount.saturating_add(amount) };
                let currency = Some(money.currency).filter(|currency| !currency.is_empty());
                Charge { complete, units: None, amount: Some(self.tally.amount), currency }
            }
        };
        desk.leg(LegEvent::Charge { leg: self.leg, charge });
    }

    /// The far end would like to know what its call costs. We have no rates to tell.
    pub(super) fn asked_for_charge(&self, desk: &mut Desk, wire: Wire, invoke: i32) {
        let answer = AocAnswer::NotAvailable;
        desk.isdn(wire.span, Command::AocAnswer { call: self.reference, invoke, answer });
    }
}

/// An amount in thousandths of its currency; less than one is lost.
fn thousandths(money: &Money) -> u64 {
    let cost = u64::from(money.cost);
    match u32::try_from(i32::from(money.exponent) + 3) {
        Ok(exponent) => cost.saturating_mul(10_u64.saturating_pow(exponent)),
        Err(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_of_any_size() {
        let money = |cost, exponent| thousandths(&Money { currency: "EUR".into(), cost, exponent });
        assert_eq!([money(7, -3), money(12, -2), money(3, 0), money(1, 3)], [7, 120, 3_000, 1_000_000]);
        assert_eq!(money(7, i8::MIN), 0);
        assert_eq!(money(7, i8::MAX), u64::MAX);
    }
}
