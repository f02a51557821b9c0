//! A leg that we call, until it answers: the UAC of RFC 3261 §13.2, once for each place where a
//! device is registered, or for one address of a trunk after the other.

use super::timer::SessionTimer;
use super::{Established, Session};
use crate::hub::{ALLOW, Hub, User};
use crate::message::{Draft, Method, Name, Response, Uri, write_address};
use crate::transaction::TransactionId;
use crate::{Flow, cause, dialog::Dialog, diversion, identity};
use demarc_model::config::SipPeer;
use demarc_model::{Cause, Dial, Instant, LegEvent, Now, Party};
use std::collections::VecDeque;
use std::time::Duration;

/// How long an emergency call waits for the first word of an address before it tries another way: three
/// repetitions, instead of the 32 s of timer B.
const EMERGENCY_PATIENCE: Duration = Duration::from_secs(4);

/// Where to call.
#[derive(Debug, Clone)]
pub struct Target {
    /// The way.
    pub flow: Flow,
    /// The Request-URI.
    pub uri: String,
}

/// How the call to one place stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Progress {
    /// The INVITE is out, nothing came back.
    Calling,
    /// As before, but it is to be cancelled as soon as something came back (§9.1).
    CancelWanted,
    /// A provisional response came.
    Proceeding,
    /// A CANCEL is out.
    Cancelled,
    /// It has answered and has the call.
    Won,
    /// It is over.
    Done,
}

/// The call to one place.
#[derive(Debug)]
pub struct Fork {
    target: Target,
    call_id: String,
    /// Our From with tag.
    local: String,
    cseq: u32,
    transaction: TransactionId,
    sent_at: Instant,
    progress: Progress,
    /// Credentials were given already.
    authorized: bool,
}

impl Fork {
    fn silent_until(&self) -> Option<Instant> {
        (self.progress == Progress::Calling).then_some(self.sent_at + EMERGENCY_PATIENCE)
    }
}

/// What is known of a call while nobody answered.
#[derive(Debug)]
pub struct Outgoing {
    dial: Dial,
    /// Called at once (a device), or one after the other (a trunk).
    waiting: VecDeque<Target>,
    proceeding: bool,
    alerting: bool,
    /// The place whose early audio is heard.
    early: Option<TransactionId>,
    /// The most telling failure so far: status, cause, words.
    failure: Option<(u16, Cause, String)>,
}

impl Session {
    /// Calls all targets of a device, or the first of a trunk. None when nothing could be sent.
    pub fn dial(now: Now, hub: &mut Hub, dial: Dial, targets: Vec<Target>) -> Option<Self> {
        let first = targets.first()?.flow;
        let mut session = Session::new(hub, dial.leg, dial.to, &first)?;
        let parallel = matches!(dial.to, Party::Device(_));
        session.outgoing = Some(Outgoing {
            dial,
            waiting: targets.into(),
            proceeding: false,
            alerting: false,
            early: None,
            failure: None,
        });
        while session.call_next(now, hub) && parallel {}
        if session.forks.is_empty() {
            session.audio.close(hub);
            session.forget(hub);
            return None;
        }
        Some(session)
    }

    /// Calls the next target; false when there is none.
    fn call_next(&mut self, now: Now, hub: &mut Hub) -> bool {
        while let Some(target) = self.outgoing.as_mut().and_then(|o| o.waiting.pop_front()) {
            let (tag, call_id) = (hub.entropy.token(), hub.entropy.token());
            self.audio.set_flow(hub, &target.flow);
            let Some(outgoing) = &self.outgoing else { return false };
            let domain = self.domain();
            let audience = self.audience(&domain, outgoing.dial.emergency);
            let (name, uri) = identity::from(&outgoing.dial.caller, &audience);
            let local = write_address(&name, &uri, Some(&tag));
            self.know(hub, &call_id, &tag);
            if let Some(fork) = self.send_invite(now, hub, target, local, call_id, 1, None) {
                self.forks.push(fork);
                return true;
            }
        }
        false
    }

    /// Sends an INVITE.
    #[allow(clippy::too_many_arguments)] // one header each
    fn send_invite(
        &mut self,
        now: Now,
        hub: &mut Hub,
        target: Target,
        local: String,
        call_id: String,
        cseq: u32,
        credentials: Option<(Name, String)>,
    ) -> Option<Fork> {
        let offer = self.audio.offer();
        let outgoing = self.outgoing.as_ref()?;
        let domain = self.domain();
        let audience = self.audience(&domain, outgoing.dial.emergency);
        let to = match self.party {
            Party::Device(_) => identity::uri(&outgoing.dial.called, &domain),
            Party::Trunk(_) => target.uri.clone(),
        };
        let draft = Draft::request(&Method::Invite, Uri::parse(&target.uri).unwrap_or_default())
            .add(Name::MaxForwards, "70")
            .add(Name::From, local.clone())
            .add(Name::To, write_address("", &to, None))
            .add(Name::CallId, call_id.clone())
            .add(Name::CSeq, format!("{cseq} INVITE"))
            .add(Name::Contact, hub.contact(&target.flow))
            .add(Name::Allow, ALLOW)
            .add(Name::Supported, "timer");
        let dial = &outgoing.dial;
        let draft = identity::assert(draft, &dial.caller, &audience);
        let form = self.peer().map(|peer| peer.diversion).unwrap_or_default();
        let mut draft = diversion::write(draft, dial.redirecting.as_ref(), form, &target.uri, &audience);
        let authorized = credentials.is_some();
        if let Some((name, value)) = credentials {
            draft = draft.add(name, value);
        }
        let draft = draft.body("application/sdp", offer);
        let user = User::Leg(self.leg);
        let transaction = hub.send(now, target.flow, Method::Invite, &target.uri, draft, user)?;
        let (sent_at, progress) = (now.mono, Progress::Calling);
        Some(Fork { target, call_id, local, cseq, transaction, sent_at, progress, authorized })
    }

    /// A response to one of the INVITEs; false when it is for none of them.
    pub(super) fn on_invite_response(
        &mut self,
        now: Now,
        hub: &mut Hub,
        id: TransactionId,
        response: &Response,
    ) -> bool {
        let Some(at) = self.forks.iter().position(|fork| fork.transaction == id) else { return false };
        match response.status().code() {
            ..200 => self.on_provisional(now, hub, at, response),
            200..300 => self.on_success(now, hub, at, response),
            status => {
                if !self.try_again(now, hub, at, response) {
                    let received = response.q850_cause().map(Cause::from_received);
                    let cause = received.unwrap_or_else(|| self.causes().cause(status));
                    let words = format!("SIP {status} {}", response.reason_phrase());
                    self.on_fork_failed(now, hub, at, (status, cause, words));
                }
            }
        }
        true
    }

    /// No answer (timer B), or the connection is gone; false when it was none of the INVITEs.
    pub(super) fn on_invite_failed(&mut self, now: Now, hub: &mut Hub, id: TransactionId) -> bool {
        let Some(at) = self.forks.iter().position(|fork| fork.transaction == id) else { return false };
        let cause = self.causes().cause(408);
        self.on_fork_failed(now, hub, at, (408, cause, "SIP: no answer to INVITE".to_owned()));
        true
    }

    /// An emergency call does not wait for timer B: an address that says nothing at all is left, and the
    /// next is tried, or the next trunk. What it says later is cancelled, unless it answers.
    pub(super) fn on_silence(&mut self, now: Now, hub: &mut Hub) {
        let due = |fork: &Fork| fork.silent_until().is_some_and(|at| at <= now.mono);
        while let Some(at) = self.forks.iter().position(due).filter(|_| self.is_in_need()) {
            let cause = self.causes().cause(408);
            let words = format!("SIP: no answer to INVITE in {} s", EMERGENCY_PATIENCE.as_secs());
            self.on_fork_failed(now, hub, at, (408, cause, words));
            if let Some(fork) = self.forks.get_mut(at) {
                fork.progress = Progress::CancelWanted;
            }
        }
    }

    /// When [`Session::on_silence`] is due.
    pub(super) fn silence(&self) -> Option<(Instant, &'static str)> {
        let at = self.forks.iter().filter_map(Fork::silent_until).min().filter(|_| self.is_in_need())?;
        Some((at, "emergency call tries another way"))
    }

    /// It is an emergency call that nobody has answered.
    fn is_in_need(&self) -> bool {
        self.outgoing.as_ref().is_some_and(|outgoing| outgoing.dial.emergency)
    }

    fn on_provisional(&mut self, now: Now, hub: &mut Hub, at: usize, response: &Response) {
        let Some(fork) = self.forks.get_mut(at) else { return };
        match fork.progress {
            Progress::CancelWanted => {
                fork.progress = Progress::Cancelled;
                let (id, reason) = (fork.transaction, self.parting_words());
                return hub.cancel(now, self.leg, id, &reason);
            }
            Progress::Calling => fork.progress = Progress::Proceeding,
            Progress::Proceeding => {}
            Progress::Cancelled | Progress::Won | Progress::Done => return,
        }
        let id = fork.transaction;
        let status = response.status().code();
        let early = self.outgoing.as_ref().and_then(|outgoing| outgoing.early);
        let in_band = match response.sdp() {
            Some(sdp) if early.is_none_or(|early| early == id) => self.audio.accept(sdp).is_ok(),
            _ => false,
        };
        self.proceed(hub, at);
        let Some(outgoing) = &mut self.outgoing else { return };
        if in_band {
            outgoing.early = Some(id);
        }
        let leg = self.leg;
        let event = match status {
            180 if !outgoing.alerting => {
                outgoing.alerting = true;
                Some(LegEvent::Alerting { leg, in_band })
            }
            100 => None,
            _ if in_band && early.is_none() || status == 183 => {
                let cause = response.q850_cause().map(Cause::from_received);
                Some(LegEvent::Progress { leg, in_band, cause })
            }
            _ => None,
        };
        self.update_media(hub);
        if let Some(event) = event {
            hub.emit(event);
        }
    }

    /// The first 2xx has the call. Any other is told that it is too late (§13.2.2.4).
    fn on_success(&mut self, now: Now, hub: &mut Hub, at: usize, response: &Response) {
        let too_late = self.call.is_some() || self.is_over();
        let Some(fork) = self.forks.get_mut(at) else { return };
        let repeated = self.call.as_ref().filter(|call| {
            call.dialog.call_id == fork.call_id
                && response.to().tag().unwrap_or_default() == call.dialog.remote_tag
        });
        if let Some(call) = repeated {
            return call.repeat_ack(hub);
        }
        let contact = hub.contact(&fork.target.flow);
        let dialog = Dialog::uac(response, fork.target.flow, &fork.local, &contact, &fork.target.uri);
        let cseq = response.cseq().number;
        let ack = hub.send_ack(self.leg, dialog.flow, dialog.ack(cseq));
        fork.progress = if too_late { Progress::Done } else { Progress::Won };
        if too_late {
            let cause = if self.is_over() { self.ended_with() } else { Cause::NON_SELECTED_USER };
            return self.farewell(now, hub, dialog, cause);
        }
        let heard = match response.sdp() {
            Some(answer) => self.audio.accept(answer).is_ok(),
            None => self.audio.is_agreed(),
        };
        if heard {
            self.proceed(hub, at);
        }
        self.audio.settle();
        self.outgoing = None;
        self.cancel_others(now, hub);
        let mut call = Established::new(dialog, true, SessionTimer::agreed(now.mono, response));
        call.answered_by(cseq, ack);
        self.call = Some(call);
        if !heard {
            let words = "SIP: the answer has no audio for us".to_owned();
            return self.hang_up(now, hub, Cause::INCOMPATIBLE_DESTINATION, Some(words));
        }
        self.audio.set_answered();
        self.update_media(hub);
        hub.emit(LegEvent::Answered { leg: self.leg, connected: identity::connected(response) });
        self.audio_changed(hub);
    }

    /// Answers the challenge of a trunk (§22.2). True when the INVITE is out again.
    fn try_again(&mut self, now: Now, hub: &mut Hub, at: usize, response: &Response) -> bool {
        let Some(peer) = self.peer().cloned() else { return false };
        let Some(fork) = self.forks.get(at) else { return false };
        let stale = challenge_is_stale(response);
        if self.outgoing.is_none() || (fork.authorized && !stale) || fork.cseq > 3 {
            return false;
        }
        if !matches!(fork.progress, Progress::Calling | Progress::Proceeding) {
            return false;
        }
        let (target, local) = (fork.target.clone(), fork.local.clone());
        let (call_id, cseq) = (fork.call_id.clone(), fork.cseq + 1);
        let Some(credentials) = hub.authorize(&peer, &Method::Invite, &target.uri, response) else {
            return false;
        };
        let again = self.send_invite(now, hub, target, local, call_id, cseq, Some(credentials));
        let (Some(again), Some(fork)) = (again, self.forks.get_mut(at)) else { return false };
        *fork = again;
        true
    }

    fn on_fork_failed(&mut self, now: Now, hub: &mut Hub, at: usize, failure: (u16, Cause, String)) {
        let Some(fork) = self.forks.get_mut(at) else { return };
        let given_up = std::mem::replace(&mut fork.progress, Progress::Done);
        if matches!(given_up, Progress::CancelWanted | Progress::Cancelled) {
            return; // another was tried long ago
        }
        let status = failure.0;
        let Some(outgoing) = &mut self.outgoing else { return };
        if outgoing.early == Some(fork.transaction) {
            outgoing.early = None;
        }
        if outgoing.failure.as_ref().is_none_or(|(known, ..)| rank(status) < rank(*known)) {
            outgoing.failure = Some(failure);
        }
        // Only an address that does not work is a reason to try the next one (RFC 3263 §4.3).
        if matches!(status, 408 | 503) && self.call_next(now, hub) {
            return;
        }
        if status >= 600 {
            self.cancel_others(now, hub);
        } else if self.forks.iter().any(|f| matches!(f.progress, Progress::Calling | Progress::Proceeding)) {
            return;
        }
        let failure = self.outgoing.take().and_then(|outgoing| outgoing.failure);
        let (cause, words) = match failure {
            Some((_, cause, words)) => (cause, Some(words)),
            None => (Cause::TEMPORARY_FAILURE, None),
        };
        self.end(hub, cause, words);
    }

    /// Cancels whatever still rings (§9.1).
    pub(super) fn cancel_others(&mut self, now: Now, hub: &mut Hub) {
        let reason = self.parting_words();
        for fork in &mut self.forks {
            match fork.progress {
                Progress::Calling => fork.progress = Progress::CancelWanted,
                Progress::Proceeding => {
                    fork.progress = Progress::Cancelled;
                    hub.cancel(now, self.leg, fork.transaction, &reason);
                }
                _ => {}
            }
        }
    }

    /// Is any of them still on its way?
    pub(super) fn is_calling(&self) -> bool {
        self.forks.iter().any(|fork| !matches!(fork.progress, Progress::Won | Progress::Done))
    }

    fn proceed(&mut self, hub: &mut Hub, at: usize) {
        let Some(outgoing) = self.outgoing.as_mut().filter(|outgoing| !outgoing.proceeding) else { return };
        outgoing.proceeding = true;
        let place = self.forks.get(at).map(|fork| fork.target.flow.to_string()).unwrap_or_default();
        self.update_media(hub);
        hub.emit(LegEvent::Proceeding { leg: self.leg, stream: self.audio.stream, place });
    }

    /// Why the others are cancelled: somebody else answered, or the caller is gone.
    fn parting_words(&self) -> String {
        const ELSEWHERE: &str = "SIP;cause=200;text=\"Call completed elsewhere\"";
        if !self.is_over() {
            return ELSEWHERE.to_owned();
        }
        let reason = cause::to_reason(self.ended_with());
        match self.ended_with() {
            // With these words a telephone shows no missed call.
            Cause::NON_SELECTED_USER => format!("{reason}, {ELSEWHERE}"),
            _ => reason,
        }
    }

    fn domain(&self) -> String {
        match self.peer() {
            Some(peer) => peer.host.clone(),
            None => self.config.system.sip.realm.clone(),
        }
    }

    /// The peer of a trunk.
    pub(super) fn peer(&self) -> Option<&SipPeer> {
        let Party::Trunk(id) = self.party else { return None };
        super::peer(&self.config, id)
    }
}

/// A new nonce is asked for, not another password (RFC 7616 §3.3).
pub(crate) fn challenge_is_stale(response: &Response) -> bool {
    [Name::WwwAuthenticate, Name::ProxyAuthenticate].into_iter().flat_map(|name| response.lines(name)).any(
        |value| {
            let value: String = value.chars().filter(|c| !c.is_whitespace() && *c != '"').collect();
            value.to_ascii_lowercase().contains("stale=true")
        },
    )
}

/// The lower, the more it tells (RFC 3261 §16.7 step 6).
fn rank(status: u16) -> u16 {
    match status {
        600.. => 0,
        486 => 1,
        408 | 480 | 487 => 1000,
        503 => 999,
        other => other,
    }
}
