//! A BYE under way: the leg is over for call control, the peer still has to agree.

use super::Session;
use crate::cause;
use crate::dialog::Dialog;
use crate::hub::{Hub, User};
use crate::message::{Method, Name, Response};
use crate::transaction::TransactionId;
use demarc_model::{Cause, Now};

/// A BYE under way.
#[derive(Debug)]
pub struct Farewell {
    transaction: TransactionId,
    dialog: Dialog,
    cause: Cause,
    authorized: bool,
}

impl Session {
    /// Sends a BYE (RFC 3261 §15.1.1).
    pub(super) fn farewell(&mut self, now: Now, hub: &mut Hub, dialog: Dialog, cause: Cause) {
        self.send_bye(now, hub, dialog, cause, None);
    }

    fn send_bye(
        &mut self,
        now: Now,
        hub: &mut Hub,
        mut dialog: Dialog,
        cause: Cause,
        credentials: Option<(Name, String)>,
    ) {
        let (uri, draft) = dialog.request(&Method::Bye);
        let mut draft = draft.add(Name::Reason, cause::to_reason(cause));
        let authorized = credentials.is_some();
        if let Some((name, value)) = credentials {
            draft = draft.add(name, value);
        }
        let sent = hub.send(now, dialog.flow, Method::Bye, &uri, draft, User::Leg(self.leg));
        if let Some(transaction) = sent {
            self.farewells.push(Farewell { transaction, dialog, cause, authorized });
        }
    }

    /// A final response to a BYE: whatever it says, the dialog is over, but a trunk may want to
    /// know who says so.
    pub(super) fn on_farewell_response(
        &mut self,
        now: Now,
        hub: &mut Hub,
        id: TransactionId,
        response: &Response,
    ) {
        if response.status().is_provisional() {
            return;
        }
        let Some(at) = self.farewells.iter().position(|f| f.transaction == id) else { return };
        let Farewell { dialog, cause, authorized, .. } = self.farewells.swap_remove(at);
        if let Some(peer) = self.peer().cloned().filter(|_| !authorized)
            && let Some(credentials) = hub.authorize(&peer, &Method::Bye, &dialog.target, response)
        {
            self.send_bye(now, hub, dialog, cause, Some(credentials));
        }
    }

    /// A BYE was never answered.
    pub(super) fn on_farewell_failed(&mut self, id: TransactionId) {
        self.farewells.retain(|farewell| farewell.transaction != id);
    }
}
