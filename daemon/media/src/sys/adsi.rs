//! Caller identity as a signal: messages to samples and back.

use super::*;
use std::ptr::{NonNull, null, null_mut};

/// A standard of `adsi.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(i32)]
pub enum Standard {
    /// Bellcore CLASS: Bell 202.
    Class = 1,
    /// ETSI CLIP: V.23.
    Clip = 2,
    /// NTT J-CLIP: V.23 with a frame of its own.
    Jclip = 4,
}

/// The longest message: a type, a length, and up to 255 octets; J-CLIP adds its frame.
const LONGEST: usize = 512;

/// Turns a message into samples.
pub struct AdsiSender {
    context: NonNull<Context>,
    message: [u8; LONGEST],
    used: usize,
}

impl AdsiSender {
    /// A sender of one message of type `kind`; `None` when there is no memory.
    pub fn new(standard: Standard, kind: u8) -> Option<Self> {
        // SAFETY: NULL asks spandsp to allocate.
        let context = NonNull::new(unsafe { adsi_tx_init(null_mut(), standard as c_int) })?;
        let mut sender = Self { context, message: [0; LONGEST], used: 0 };
        sender.add(kind, None);
        Some(sender)
    }

    /// Leaves out the channel seizure and shortens the mark, as for a telephone in a call (GR-30
    /// §2.3.1, EN 300 659-2: 80 bits of mark).
    pub fn shorten_for_call(&mut self) {
        // SAFETY: the context is live; lengths are in bits.
        unsafe { adsi_tx_set_preamble(self.context.as_ptr(), 0, 80, 5, 1) };
    }

    /// Adds a field; one that does not fit is left out.
    pub fn field(&mut self, kind: u8, body: &[u8]) {
        // A field needs a type, a length and, in J-CLIP, escapes: at worst twice its size.
        if self.used + 2 * body.len() + 8 <= 255 {
            self.add(kind, Some(body));
        }
    }

    /// Begins to send. False when spandsp refuses the message.
    pub fn start(&mut self) -> bool {
        let used = c_int::try_from(self.used).unwrap_or(0);
        // SAFETY: the context is live and `message` readable for `used` octets.
        unsafe { adsi_tx_put_message(self.context.as_ptr(), self.message.as_ptr(), used) > 0 }
    }

    /// Fills `samples`; how many it filled, fewer at the end.
    pub fn send(&mut self, samples: &mut [i16]) -> usize {
        // SAFETY: the context is live and `samples` writable for its length.
        let made = unsafe { adsi_tx(self.context.as_ptr(), samples.as_mut_ptr(), length(samples)) };
        usize::try_from(made).unwrap_or(0).min(samples.len())
    }

    fn add(&mut self, kind: u8, body: Option<&[u8]>) {
        let (bytes, count) = body.map_or((null(), 0), |b| (b.as_ptr(), length(b)));
        let used = c_int::try_from(self.used).unwrap_or(0);
        // SAFETY: the context is live; `message` has room for the field, as `field` checked (the
        // type of a message takes a few octets of an empty one); `bytes` is readable for `count`.
        let used = unsafe {
            adsi_add_field(self.context.as_ptr(), self.message.as_mut_ptr(), used, kind, bytes, count)
        };
        self.used = usize::try_from(used).unwrap_or(self.used).min(LONGEST);
    }
}

impl Drop for AdsiSender {
    fn drop(&mut self) {
        // SAFETY: the context came from `adsi_tx_init` and is freed once.
        unsafe { adsi_tx_free(self.context.as_ptr()) };
    }
}

/// Turns samples into messages.
pub struct AdsiReceiver {
    context: NonNull<Context>,
    /// Ours, and filled by spandsp while it processes a block. A raw pointer, because spandsp keeps
    /// one too.
    message: NonNull<Message>,
}

struct Message {
    octets: [u8; LONGEST],
    used: usize,
}

impl AdsiReceiver {
    /// A receiver; `None` when there is no memory.
    pub fn new(standard: Standard) -> Option<Self> {
        let message = NonNull::from(Box::leak(Box::new(Message { octets: [0; LONGEST], used: 0 })));
        // SAFETY: NULL asks spandsp to allocate. The message outlives the context: `drop` frees it last.
        let context = unsafe { adsi_rx_init(null_mut(), standard as c_int, put, message.as_ptr().cast()) };
        match NonNull::new(context) {
            Some(context) => Some(Self { context, message }),
            None => {
                // SAFETY: it came from a box, and spandsp does not have it.
                drop(unsafe { Box::from_raw(message.as_ptr()) });
                None
            }
        }
    }

    /// Listens to `samples`; true when they completed a message whose checksum is right.
    pub fn listen(&mut self, samples: &[i16]) -> bool {
        // SAFETY: the message is ours and nobody holds a reference to it; the context is live and
        // `samples` readable for its length.
        unsafe {
            self.message.as_mut().used = 0;
            adsi_rx(self.context.as_ptr(), samples.as_ptr(), length(samples));
            self.message.as_ref().used > 0
        }
    }

    /// The fields of the message just received: first its type, with no body, then type and body of
    /// each field. Ends at the first that is damaged.
    pub fn fields(&mut self) -> impl Iterator<Item = (u8, &[u8])> + '_ {
        // SAFETY: the message is ours, and is not written to while `self` is borrowed.
        let (context, message) = (self.context, unsafe { self.message.as_ref() });
        let mut position = -1;
        std::iter::from_fn(move || {
            let used = c_int::try_from(message.used).unwrap_or(0);
            let (mut kind, mut body, mut count) = (0, null(), 0);
            // SAFETY: the context is live, the message readable for `used` octets, the rest are ours.
            position = unsafe {
                let octets = message.octets.as_ptr();
                adsi_next_field(context.as_ptr(), octets, used, position, &mut kind, &mut body, &mut count)
            };
            if position < 0 {
                return None;
            }
            // Do not trust a length: take the body out of the message ourselves.
            let start = (body as usize).wrapping_sub(message.octets.as_ptr() as usize);
            let count = usize::try_from(count).unwrap_or(0);
            let body = if body.is_null() {
                None
            } else {
                message.octets[..message.used].get(start..start.wrapping_add(count))
            };
            Some((kind, body.unwrap_or_default()))
        })
    }
}

unsafe extern "C" fn put(user_data: *mut c_void, octets: *const u8, count: c_int) {
    let Ok(count) = usize::try_from(count) else { return };
    if octets.is_null() || count > LONGEST {
        return;
    }
    // SAFETY: `user_data` is the `Message` of the receiver that is listening, to which nobody else
    // holds a reference now; spandsp passes `count` readable octets.
    let (message, octets) =
        unsafe { (&mut *user_data.cast::<Message>(), std::slice::from_raw_parts(octets, count)) };
    message.octets[..count].copy_from_slice(octets);
    message.used = count;
}

impl Drop for AdsiReceiver {
    fn drop(&mut self) {
        // SAFETY: the context came from `adsi_rx_init` and is freed once; the message came from a box
        // and spandsp, which had it too, is gone.
        unsafe {
            adsi_rx_free(self.context.as_ptr());
            drop(Box::from_raw(self.message.as_ptr()));
        }
    }
}

// SAFETY: see the module.
unsafe impl Send for AdsiSender {}
// SAFETY: see the module.
unsafe impl Send for AdsiReceiver {}
