//! RFC 4733 telephone-events: the payload, and the events that arrive.

use crate::dtmf::KeyEdge;

/// The keys, by event code (RFC 4733 §3.2).
const KEYS: &[u8; 16] = b"0123456789*#ABCD";

/// The payload of a telephone-event packet (RFC 4733 §2.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Payload {
    /// What: 0–15 are the keys.
    pub event: u8,
    /// The event is over.
    pub end: bool,
    /// Level of the tone, in −dBm0: 0–63.
    pub volume: u8,
    /// How long it has lasted, in timestamp units.
    pub duration: u16,
}

impl Payload {
    /// Reads it; what follows the four octets is ignored.
    pub fn parse(payload: &[u8]) -> Option<Payload> {
        let &[event, flags, high, low] = payload.first_chunk::<4>()?;
        let duration = u16::from_be_bytes([high, low]);
        Some(Payload { event, end: flags & 0x80 != 0, volume: flags & 0x3F, duration })
    }

    /// The octets.
    pub fn build(&self) -> [u8; 4] {
        let [high, low] = self.duration.to_be_bytes();
        [self.event, self.volume & 0x3F | if self.end { 0x80 } else { 0 }, high, low]
    }
}

/// The event code of a key.
pub fn event_of(digit: char) -> Option<u8> {
    KEYS.iter().position(|&key| char::from(key) == digit).and_then(|i| u8::try_from(i).ok())
}

/// The key of an event code.
pub fn digit_of(event: u8) -> Option<char> {
    KEYS.get(usize::from(event)).copied().map(char::from)
}

/// Makes presses of keys out of packets, each press once.
///
/// Packets of one event share their timestamp; a new timestamp is a new event even when no end was
/// seen. Three ends are sent, each may be lost, and stragglers must not press the key again.
#[derive(Debug, Default)]
pub struct EventReceiver {
    /// Timestamp of the event heard last.
    last: Option<u32>,
    /// When it is still going on: ticks since its last packet.
    pressed: Option<u8>,
}

/// An event is over when nothing was heard of it for so many ticks.
const SILENT_TICKS: u8 = 10;

impl EventReceiver {
    /// A packet came. What it means, in order: at most an end and a beginning, and the end of that.
    pub fn receive(&mut self, timestamp: u32, payload: &[u8]) -> [Option<KeyEdge>; 3] {
        let Some((event, digit)) = Payload::parse(payload).and_then(|p| Some((p, digit_of(p.event)?))) else {
            return [None; 3];
        };
        let up = self.pressed.map(|_| KeyEdge::Up);
        match self.last {
            Some(last) if last == timestamp => {
                if self.pressed.is_none() {
                    return [None; 3]; // a repeated end
                }
                self.pressed = (!event.end).then_some(0);
                [up.filter(|_| event.end), None, None]
            }
            // Late: of an event before this one. Half the number space counts as earlier.
            Some(last) if timestamp.wrapping_sub(last) > u32::MAX / 2 => [None; 3],
            _ => {
                self.last = Some(timestamp);
                self.pressed = (!event.end).then_some(0);
                [up, Some(KeyEdge::Down(digit)), event.end.then_some(KeyEdge::Up)]
            }
        }
    }

    /// 20 ms passed. The end of an event whose packets ceased.
    pub fn tick(&mut self) -> Option<KeyEdge> {
        let silent = self.pressed.as_mut()?;
        *silent += 1;
        if *silent < SILENT_TICKS {
            return None;
        }
        self.pressed = None;
        Some(KeyEdge::Up)
    }

    /// The sender began anew (another SSRC): its timestamps mean nothing here.
    pub fn restart(&mut self) -> Option<KeyEdge> {
        self.last = None;
        self.pressed.take().map(|_| KeyEdge::Up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(event: u8, end: bool, duration: u16) -> [u8; 4] {
        Payload { event, end, volume: 10, duration }.build()
    }

    fn run(packets: &[(u32, [u8; 4])]) -> Vec<KeyEdge> {
        let mut receiver = EventReceiver::default();
        packets.iter().flat_map(|(t, p)| receiver.receive(*t, p)).flatten().collect()
    }

    #[test]
    fn the_payload_is_that_of_the_rfc() {
        assert_eq!(payload(11, true, 1760), [11, 0x8A, 0x06, 0xE0]);
        let parsed = Payload::parse(&[11, 0x8A, 0x06, 0xE0]).unwrap();
        assert_eq!(parsed, Payload { event: 11, end: true, volume: 10, duration: 1760 });
        assert_eq!(Payload::parse(&[11, 0x8A, 0x06]), None);
    }

    #[test]
    fn codes_and_keys_agree() {
        for event in 0..16 {
            assert_eq!(event_of(digit_of(event).unwrap()), Some(event));
        }
        assert_eq!(digit_of(16), None, "a flash is not a key");
        assert_eq!(event_of(','), None);
    }

    #[test]
    fn a_press_is_one_press() {
        let updates = [(80, payload(5, false, 160)), (80, payload(5, false, 320))];
        let ends = [(80, payload(5, true, 400)); 3];
        assert_eq!(run(&[&updates[..], &ends].concat()), [KeyEdge::Down('5'), KeyEdge::Up]);
    }

    #[test]
    fn a_lone_end_is_a_whole_press() {
        assert_eq!(run(&[(80, payload(5, true, 400))]), [KeyEdge::Down('5'), KeyEdge::Up]);
    }

    #[test]
    fn a_new_event_ends_the_one_before_and_stragglers_are_ignored() {
        let heard =
            run(&[(80, payload(5, false, 160)), (960, payload(5, false, 160)), (80, payload(5, true, 400))]);
        assert_eq!(heard, [KeyEdge::Down('5'), KeyEdge::Up, KeyEdge::Down('5')]);
    }

    #[test]
    fn a_press_whose_packets_cease_is_over() {
        let mut receiver = EventReceiver::default();
        receiver.receive(80, &payload(5, false, 160));
        let ends: Vec<_> = (0..30).filter_map(|_| receiver.tick()).collect();
        assert_eq!(ends, [KeyEdge::Up]);
    }
}
