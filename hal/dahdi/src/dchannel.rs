//! D channels: the descriptor goes to the helper that speaks Q.921, a copy stays here for events.

use crate::channel::Channel;
use crate::device::os;
use crate::sys::abi::event;
use demarc_hal::Error;

/// Frames that the kernel holds each way, and the octets of each. A frame is at most 268 octets.
const FRAMES: (i32, i32) = (32, 1024);

/// Sets up a D channel.
///
/// # Errors
/// [`Error::Gone`], [`Error::Os`].
pub fn prepare(channel: &Channel) -> Result<(), Error> {
    let (count, size) = FRAMES;
    channel.buffers(count, size).map_err(os("setting the buffers of a D channel"))
}

/// What a D channel told.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct News {
    /// Frames that were aborted, overran, or had a wrong check sum.
    pub bad_frames: u64,
    /// Look at the alarms.
    pub alarms: bool,
    /// The card has vanished.
    pub gone: bool,
}

/// Takes every event: as long as one waits, the helper can neither read nor write.
pub fn listen(channel: &Channel) -> News {
    /// The kernel keeps no more.
    const MOST: usize = 64;
    let mut news = News::default();
    for _ in 0..MOST {
        match channel.kernel_event() {
            Ok(Some(event)) => news.note(event),
            Ok(None) => break,
            Err(error) => {
                news.gone |= crate::device::gone(&error);
                break;
            }
        }
    }
    news
}

impl News {
    fn note(&mut self, event: i32) {
        match event {
            event::ABORT | event::OVERRUN | event::BADFCS => self.bad_frames += 1,
            event::ALARM | event::NOALARM => self.alarms = true,
            event::REMOVED => self.gone = true,
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn events_are_counted_in_any_order() {
        let mut news = News::default();
        for event in
            [event::REMOVED, event::BADFCS, -1, event::NOALARM, event::ABORT, i32::MAX, event::OVERRUN]
        {
            news.note(event);
        }
        assert_eq!(news, News { bad_frames: 3, alarms: true, gone: true });
    }
}
