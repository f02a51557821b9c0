//! The recall key, and what becomes of two calls at one telephone.
//!
//! ```text
//!   one call     flash: it is held, dial tone for a second one; flash again: back to the first
//!   two calls    Europe: flash and a digit     0 refuses or ends the other
//!   or a knock                                 1 ends this one, takes the other
//!                                              2 (or none) changes between them
//!                                              3 all three together
//!                America: flash                takes who knocks; changes between them; joins
//!                                              all three when the second was dialled, and the
//!                                              next one lets the last party go
//!   a call for help                            does nothing
//!   on hook      between two calls             joins their parties (transfer)
//!                with one on hold              it rings back
//! ```

use super::{FxsLine, State};
use crate::desk::Desk;
use crate::tone;
use demarc_model::config::FlashCustom;
use demarc_model::{Cause, LegEvent, LegId};
use std::time::Duration;

/// How long a digit is awaited after the recall key.
const CHOICE: Duration = Duration::from_secs(3);

impl FxsLine {
    /// The active call or the one on hold is a call for help.
    fn calls_for_help(&self) -> bool {
        self.emergency.is_some_and(|leg| self.leg == Some(leg) || self.held == Some(leg))
    }

    pub(super) fn flash(&mut self, desk: &mut Desk) {
        // Who calls for help loses nobody by a telephone that bounces on its hook.
        if self.leg.is_some() && self.emergency == self.leg {
            return;
        }
        let custom = self.features().map_or(FlashCustom::Country, |features| features.flash);
        let digits = match custom {
            FlashCustom::Country => desk.config.system.country.flash_is_digits(),
            FlashCustom::Digits => true,
            FlashCustom::Plain | FlashCustom::Off => false,
        };
        let two = self.held.is_some() || self.knock.is_some();
        match (&self.state, self.leg) {
            (State::Active, Some(leg)) if custom == FlashCustom::Off => desk.leg(LegEvent::Flash { leg }),
            (State::Active, Some(leg)) if !two => self.hold_and_dial(desk, leg),
            (State::Active, Some(leg)) if digits => {
                if !self.conference {
                    desk.leg(LegEvent::Held { leg });
                    desk.play(self.stream, tone::dial(desk.config.system.country));
                }
                self.state = State::Choosing;
                self.timer = Some((desk.at(CHOICE), "digit after the recall key"));
            }
            (State::Active, Some(leg)) => self.plain_flash(desk, leg),
            // Back to the call on hold.
            (State::Collecting { .. } | State::Waiting, Some(_)) if self.held.is_some() => {
                self.end_leg(desk, Cause::NORMAL_CLEARING, None);
                self.retrieve(desk);
            }
            (State::Parked { .. }, _) if self.held.is_some() => self.retrieve(desk),
            (State::Parked { .. }, _) if self.knock.is_some() => self.take_knock(desk),
            // A telephone hung up for a moment only: its user wants dial tone.
            (State::Parked { .. }, _) => {
                desk.close(self.stream.take());
                self.begin(desk);
            }
            _ => {}
        }
        desk.changed();
    }

    /// The digit after the recall key.
    pub(super) fn choose(&mut self, desk: &mut Desk, digit: char) {
        self.timer = None;
        self.state = State::Active;
        let Some(leg) = self.leg else { return };
        if self.conference {
            return self.choose_in_conference(desk, digit);
        }
        let knock = self.knock.as_ref().map(|knock| knock.leg);
        match (digit, self.held, knock) {
            ('0', held, knock) => {
                if let Some(other) = held.or(knock) {
                    self.other_ended(
                        desk,
                        other,
                        if knock.is_some() { Cause::USER_BUSY } else { Cause::NORMAL_CLEARING },
                    );
                }
                desk.leg(LegEvent::Retrieved { leg });
            }
            ('1', held, knock) if held.or(knock).is_some() => {
                self.end_leg(desk, Cause::NORMAL_CLEARING, None);
                if held.is_some() { self.retrieve(desk) } else { self.take_knock(desk) }
            }
            ('2', Some(_), _) => self.change_over(desk, leg),
            ('3', Some(held), _) => self.confer(desk, held, leg),
            ('2' | '3', None, Some(_)) => {
                self.held = Some(leg);
                self.take_knock(desk);
            }
            _ => desk.leg(LegEvent::Retrieved { leg }),
        }
        desk.changed();
    }

    fn choose_in_conference(&mut self, desk: &mut Desk, digit: char) {
        match (digit, self.held) {
            ('0', Some(held)) => self.other_ended(desk, held, Cause::NORMAL_CLEARING),
            ('1', Some(_)) => self.drop_last(desk),
            ('2', Some(held)) => {
                self.conference = false;
                desk.leg(LegEvent::Held { leg: held });
            }
            _ => {}
        }
        desk.changed();
    }

    fn plain_flash(&mut self, desk: &mut Desk, leg: LegId) {
        match self.held {
            _ if self.conference => self.drop_last(desk),
            Some(held) if self.dialled_second => {
                desk.leg(LegEvent::Held { leg });
                self.confer(desk, held, leg);
            }
            Some(_) => {
                desk.leg(LegEvent::Held { leg });
                self.change_over(desk, leg);
            }
            None => {
                desk.leg(LegEvent::Held { leg });
                self.held = Some(leg);
                self.take_knock(desk);
            }
        }
    }

    fn hold_and_dial(&mut self, desk: &mut Desk, leg: LegId) {
        desk.leg(LegEvent::Held { leg });
        self.held = Some(leg);
        self.leg = None;
        self.dialled_second = true;
        self.begin(desk);
    }

    fn confer(&mut self, desk: &mut Desk, held: LegId, leg: LegId) {
        self.conference = true;
        desk.leg(LegEvent::Conference { leg: held, other: leg });
    }

    /// `leg` is on hold already, and the other one comes back.
    fn change_over(&mut self, desk: &mut Desk, leg: LegId) {
        if let Some(held) = self.held.replace(leg) {
            self.leg = Some(held);
            desk.leg(LegEvent::Retrieved { leg: held });
        }
    }

    /// The call on hold is the active one again.
    fn retrieve(&mut self, desk: &mut Desk) {
        self.leg = self.held.take();
        self.dialled_second = false;
        self.timer = None;
        if let Some(leg) = self.leg {
            self.state = State::Active;
            desk.leg(LegEvent::Retrieved { leg });
        }
    }

    /// Who knocks is answered. The active call, if there is one, is on hold already.
    fn take_knock(&mut self, desk: &mut Desk) {
        let Some(knock) = self.knock.take() else { return };
        self.leg = Some(knock.leg);
        self.dialled_second = false;
        self.timer = None;
        self.state = State::Active;
        desk.leg(LegEvent::Answered { leg: knock.leg, connected: None });
    }

    /// The last party leaves the conference.
    fn drop_last(&mut self, desk: &mut Desk) {
        self.end_leg(desk, Cause::NORMAL_CLEARING, None);
        self.leg = self.held.take();
        self.conference = false;
    }

    /// A call beside the active one is over.
    pub(super) fn other_ended(&mut self, desk: &mut Desk, leg: LegId, cause: Cause) {
        if self.held == Some(leg) {
            self.held = None;
            self.conference = false;
        } else if self.knock.as_ref().is_some_and(|knock| knock.leg == leg) {
            self.knock = None;
        } else {
            return;
        }
        if self.leg.is_none() && matches!(self.state, State::Parked { .. }) {
            // The last leg is gone, and the stream with it: what is still heard needs one of its own.
            let tone = tone::of_cause(desk.config.system.country, cause);
            self.park(desk, tone);
        }
        desk.ended(leg, cause, None);
    }

    /// The telephone was put down with more than one call, or with one on hold.
    pub(super) fn on_hook_with_others(&mut self, desk: &mut Desk) {
        let transfers = self.features().is_some_and(|features| features.transfer_on_hang_up);
        let reaches = matches!(self.state, State::Active | State::Choosing | State::Waiting);
        if let (Some(leg), Some(held), true) =
            (self.leg, self.held, transfers && reaches && !self.calls_for_help())
        {
            desk.leg(LegEvent::TransferTo { leg: held, other: leg });
            self.free(desk, State::OnHook);
            self.held = None;
            self.end_leg(desk, Cause::NORMAL_CLEARING, None);
            return desk.ended(held, Cause::NORMAL_CLEARING, None);
        }
        self.end_leg(desk, Cause::NORMAL_CLEARING, None);
        if let Some(held) = self.held.take() {
            if self.conference {
                desk.leg(LegEvent::Held { leg: held });
            }
            self.leg = Some(held);
            return self.ring_back(desk, true);
        }
        if let Some(knock) = self.knock.take() {
            self.leg = Some(knock.leg);
            self.alerted = true;
            self.ring_back(desk, false);
        }
    }
}
