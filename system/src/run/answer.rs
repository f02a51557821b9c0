//! What is asked through the socket.

use super::{Stop, System};
use demarc_clock::{rfc3339, unix_s};
use demarc_model::appliance::{Answer, Order, Request};
use std::sync::mpsc::SyncSender;

/// Lines of the log in an answer.
const LINES: usize = 1000;

impl System {
    pub(super) fn answer(&mut self, request: Request, user: u32) -> Answer {
        let refused = |reason: &str| Answer::Refused { reason: reason.to_owned() };
        match request {
            Request::Beat { beat } => {
                let now = self.clock.now().mono;
                if self.beat.is_none() {
                    self.journal.milestone("boot: gateway");
                }
                let call = self.update.beat(now, &beat);
                if let Some(id) = call {
                    self.order(Order::TestCall { id });
                }
                self.beat = Some((now, *beat));
                Answer::Orders { orders: std::mem::take(&mut self.orders) }
            }
            Request::Configure { machine } => {
                self.configure(*machine);
                Answer::Done
            }
            Request::Status => Answer::Status { status: Box::new(self.status()) },
            Request::ConfirmNetwork => {
                self.trial.confirm();
                self.network();
                Answer::Done
            }
            Request::Reboot => self.stopping(Stop::Reboot),
            Request::PowerOff => self.stopping(Stop::PowerOff),
            Request::Log { lines } => {
                Answer::Log { lines: self.journal.recent(usize::from(lines).min(LINES)) }
            }
            Request::ResetAdministrator | Request::SetInterfaces { .. } | Request::TrustKey { .. }
                if user != 0 =>
            {
                refused("only somebody in front of the unit can do that")
            }
            Request::ResetAdministrator => {
                self.order(Order::ResetAdministrator);
                Answer::Done
            }
            Request::SetInterfaces { interfaces } => {
                let wired = crate::network::wired(&self.paths);
                self.trial.trust(crate::network::effective(&interfaces, &wired));
                let reason = "set at the console".to_owned();
                self.order(Order::SetInterfaces { interfaces, reason });
                Answer::Done
            }
            Request::TrustKey { fingerprint } => self.trust_key(&fingerprint),
            Request::Install { source, force } => self.install(source, force),
            Request::Switch { when } => self.switch_when(Some(when)),
            Request::CancelSwitch => self.switch_when(None),
            Request::FactoryReset => self.factory_reset(),
            // Answered by a thread of its own.
            Request::LogsToUsb => Answer::Done,
        }
    }

    /// A stick may be slow, and the watchdog does not wait: a thread writes, and answers.
    pub(super) fn logs_to_usb(&self, answer: SyncSender<Answer>) {
        let (paths, journal) = (self.paths.clone(), self.journal.clone());
        let at = rfc3339(unix_s(self.clock.now().wall)).replace(':', "");
        std::thread::spawn(move || {
            journal.flush();
            let said = match crate::usb::save_logs(&paths, &format!("demarc-logs-{at}")) {
                Ok(()) => Answer::Done,
                Err(reason) => Answer::Refused { reason },
            };
            let _ = answer.try_send(said);
        });
    }

    /// The gateway ends first: it would write again what was erased.
    fn factory_reset(&mut self) -> Answer {
        self.stop(Stop::Erase);
        Answer::Done
    }

    fn stopping(&mut self, stop: Stop) -> Answer {
        self.stop(stop);
        Answer::Done
    }
}
