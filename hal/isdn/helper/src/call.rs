//! The calls of a span, by every name that they have.

use crate::dchannel::Reference;
use crate::span::Channel;
use crate::sys::Handle;
use demarc_isdn::CallRef;
use std::collections::{BTreeMap, VecDeque};

/// Far more than the 31 channels of a span: calls that are being cleared count too.
const MOST: usize = 128;
/// How many ended calls keep their name, for the last frames about them.
const KEPT: usize = 64;

/// One call.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    pub id: CallRef,
    pub handle: Handle,
    pub reference: Reference,
    /// Its B channel as far as it is known; slot 0 when it is not, or on hold.
    pub channel: Channel,
    /// Something was sent in answer to its SETUP.
    pub answered: bool,
    /// CALL PROCEEDING or more was sent.
    pub proceeding: bool,
    /// No more digits will come.
    pub complete: bool,
    /// CONNECT passed.
    pub connected: bool,
    /// We sent DISCONNECT with a tone.
    pub in_band: bool,
    /// We sent the RELEASE after it.
    pub releasing: bool,
    /// Why it ends: the first reason that anybody gave.
    pub cause: Option<u8>,
    /// Where the answer to a request for transfer goes.
    pub reply: Option<Handle>,
    /// When it is cleared although the gateway has said nothing.
    pub guard: Option<i64>,
}

impl Call {
    /// A call that begins.
    pub fn new(id: CallRef, handle: Handle, reference: Reference, channel: Channel) -> Self {
        Self {
            id,
            handle,
            reference,
            channel,
            answered: false,
            proceeding: false,
            complete: reference.ours,
            connected: false,
            in_band: false,
            releasing: false,
            cause: None,
            reply: None,
            guard: None,
        }
    }

    /// Takes the channel that the far end named; true when it is another one.
    pub fn take_channel(&mut self, named: Option<Channel>) -> bool {
        let named = named.unwrap_or(self.channel);
        std::mem::replace(&mut self.channel, named) != named
    }
}

/// All of them.
#[derive(Debug, Default)]
pub struct Calls {
    calls: BTreeMap<CallRef, Call>,
    names: BTreeMap<Reference, CallRef>,
    ended: VecDeque<(Reference, CallRef)>,
    incoming: u32,
}

impl Calls {
    /// No more calls.
    pub fn is_full(&self) -> bool {
        self.calls.len() >= MOST
    }

    /// A call by its name.
    pub fn get(&self, id: CallRef) -> Option<&Call> {
        self.calls.get(&id)
    }

    /// A call by libpri's name.
    pub fn by_handle(&mut self, handle: Handle) -> Option<&mut Call> {
        self.calls.values_mut().find(|call| call.handle == handle)
    }

    /// The name of a call that is or was lately.
    pub fn named(&self, reference: Reference) -> Option<CallRef> {
        self.names.get(&reference).copied()
    }

    /// Every call.
    pub fn iter(&self) -> impl Iterator<Item = &Call> {
        self.calls.values()
    }

    /// Adds a call of ours.
    pub fn insert(&mut self, call: Call) {
        self.names.insert(call.reference, call.id);
        self.calls.insert(call.id, call);
    }

    /// Names a call of the far end's and adds it; `None` when there are too many.
    pub fn accept(&mut self, handle: Handle, reference: Reference, channel: Channel) -> Option<CallRef> {
        if self.is_full() {
            return None;
        }
        self.incoming = self.incoming.wrapping_add(2);
        let id = CallRef(self.incoming);
        self.insert(Call::new(id, handle, reference, channel));
        Some(id)
    }

    /// Puts a changed call back, unless it has ended.
    pub fn update(&mut self, call: Call) {
        if let Some(old) = self.calls.get_mut(&call.id) {
            *old = call;
        }
    }

    /// Takes a call out, and the reference that is now forgotten for good.
    pub fn remove(&mut self, id: CallRef) -> Option<(Call, Option<Reference>)> {
        let call = self.calls.remove(&id)?;
        self.ended.push_back((call.reference, id));
        if self.ended.len() <= KEPT {
            return Some((call, None));
        }
        let (reference, old) = self.ended.pop_front()?;
        // Another call may have the reference by now.
        let forgotten = self.names.get(&reference) == Some(&old);
        if forgotten {
            self.names.remove(&reference);
        }
        Some((call, forgotten.then_some(reference)))
    }
}
