//! The D channels of a span or of an NFAS group, and which of them is in use.
//!
//! libpri moves a call to another D channel only when the far end says something about it there.
//! When the D channel in use dies, both ends would wait for that. So every connected call is asked
//! about as if the far end had asked: libpri moves it and answers with STATUS on the other D channel,
//! and a far end that is libpri too moves it by that STATUS.

use super::Span;
use crate::convert::{self, T309_MS};
use crate::dchannel::{DChannel, Place, Reference};
use crate::sys::{Handle, clock};
use demarc_isdn::{CallRef, Event, Interface, Side};
use std::os::fd::OwnedFd;

/// STATUS ENQUIRY.
const STATUS_ENQUIRY: u8 = 0x75;

impl Span {
    /// Takes the backup D channel of the group.
    pub(super) fn join(&mut self, interface: u8, descriptor: Option<OwnedFd>) {
        let place = Place { interface, terminals: false };
        let dchannel = descriptor.and_then(|fd| DChannel::new(fd, place).ok());
        let joined = match (dchannel, self.settings.nfas) {
            (Some(dchannel), Some(_)) => self.pri.join(dchannel, &convert::settings(&self.settings)),
            _ => false,
        };
        if !joined {
            self.warn("a backup D channel that does not belong here");
        }
    }

    /// Layer 2 of a D channel changed.
    pub(super) fn link_up(&mut self, link: usize, up: bool) {
        let Some(state) = self.links_up.get_mut(link) else { return };
        if std::mem::replace(state, up) == up {
            return;
        }
        let [first, second] = self.links_up;
        let active = match self.pri.active() {
            0 if !first && second => 1,
            1 if !second && first => 0,
            same => same,
        };
        let moved = active != self.pri.active();
        self.pri.activate(active);
        if self.settings.nfas.is_some() {
            self.tell_links(if moved { None } else { Some(link) });
        }
        if moved {
            self.move_calls(active);
        }
        if self.settings.interface != Interface::BriPtmp {
            self.tell_up(first || second);
        }
    }

    /// Says how the D channels are: one, or both.
    fn tell_links(&mut self, only: Option<usize>) {
        for link in (0..self.pri.links()).filter(|link| only.is_none_or(|only| only == *link)) {
            let Some(interface) = self.pri.dchannel(link).map(|it| it.place().interface) else { continue };
            let up = self.links_up.get(link).copied().unwrap_or(false);
            let active = up && link == self.pri.active();
            self.out.push_back(Event::DChannel { interface, up, active });
        }
    }

    /// Says whether calls can be made.
    pub(super) fn tell_up(&mut self, up: bool) {
        if std::mem::replace(&mut self.up, up) != up {
            self.out.push_back(if up { Event::Up } else { Event::Down });
        }
        // libpri leaves T309 of a group to us.
        let t309 = self.settings.timers.t309_ms.unwrap_or(T309_MS);
        let grouped = self.settings.nfas.is_some();
        self.t309 = (grouped && !up).then(|| clock() + i64::from(t309) * 1000);
    }

    fn move_calls(&mut self, link: usize) {
        let connected = self.calls.iter().filter(|call| call.connected && call.cause.is_none());
        let references: Vec<Reference> = connected.map(|call| call.reference).collect();
        let from_network = self.settings.side == Side::User;
        let Some(mut dchannel) = self.pri.dchannel(link) else { return };
        for Reference { ours, value, .. } in references {
            // Two octets of call reference, the flag set in what goes to the originator (§4.3).
            let [high, low] = (value & 0x7FFF | u16::from(ours) << 15).to_be_bytes();
            dchannel.inject(from_network, &[0x08, 0x02, high, low, STATUS_ENQUIRY]);
        }
    }

    /// Ends connected calls when no D channel has come back within T309.
    pub(super) fn run_group(&mut self) {
        // A descriptor that failed: libpri would find out by N200 only.
        if self.pri.links() > 1 {
            for link in 0..self.pri.links() {
                let gone = self.pri.dchannel(link).is_some_and(|it| it.gone().is_some());
                if gone {
                    self.link_up(link, false);
                }
            }
        }
        if self.t309.take_if(|until| *until <= clock()).is_none() {
            return;
        }
        let all: Vec<(CallRef, Handle)> = self.calls.iter().map(|call| (call.id, call.handle)).collect();
        for (id, handle) in all {
            self.pri.destroy(handle);
            self.finish(id, 27);
        }
    }
}
