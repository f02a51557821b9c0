//! The media of the lab: nothing sounds, but everything takes its time.

use demarc_model::media::{CallerIdForm, HangupTone, ProgressTone, Source, Tone};
use demarc_model::{CallerId, MediaCommand, MediaEvent, Presentation, StreamId};
use std::collections::BTreeMap;
use std::time::Duration;

/// How long caller identity takes on a line.
const CALLER_ID: Duration = Duration::from_millis(600);

/// Open streams by the name that rows give them: the channel, or the phone.
#[derive(Default)]
pub struct Media {
    names: BTreeMap<StreamId, String>,
}

impl Media {
    /// The streams that are open.
    pub fn open(&self) -> Vec<&String> {
        self.names.values().collect()
    }

    /// What a row says: `2/1 digit 5`.
    pub fn act(&self, name: &str, what: &[&str]) -> MediaEvent {
        let found = self.names.iter().find(|(_, own)| *own == name);
        let stream = *found.unwrap_or_else(|| panic!("there is no stream {name}; {:?}", self.open())).0;
        match what {
            ["digit", digit] => MediaEvent::Digit { stream, digit: digit.chars().next().expect("a digit") },
            ["tone", tone] => MediaEvent::ProgressTone { stream, tone: progress_tone(tone) },
            ["voice"] => MediaEvent::Voice { stream },
            ["silent"] => MediaEvent::Silent { stream },
            ["unknown-tone"] => {
                let tone = HangupTone { f1: 620, f2: 0, on_ms: 300, off_ms: 200 };
                MediaEvent::UnknownTone { stream, tone }
            }
            ["lost"] => MediaEvent::RtpLost { stream },
            ["caller-id", number] => {
                let withheld = *number == "withheld";
                let caller = CallerId {
                    number: (!withheld).then(|| number.to_string()),
                    presentation: if withheld { Presentation::Restricted } else { Presentation::Allowed },
                    ..CallerId::default()
                };
                MediaEvent::CallerId { stream, caller, form: CallerIdForm::V23 }
            }
            other => panic!("a stream cannot {other:?}"),
        }
    }

    /// The row that an order makes.
    pub fn row(&mut self, command: &MediaCommand) -> Option<String> {
        match command {
            MediaCommand::OpenRtp { stream, rtp } => {
                let host = rtp.remote.map(crate::lab::phone::Phone::name_of);
                let name = self.unique(host.unwrap_or_else(|| "rtp".into()));
                self.names.insert(*stream, name.clone());
                Some(format!("{name} open"))
            }
            MediaCommand::OpenBearer { stream, channel } => {
                let name = channel.to_string();
                let owner = self.names.iter().find(|(_, other)| **other == name);
                assert!(owner.is_none(), "channel {name} has two owners: {owner:?} and {stream}");
                self.names.insert(*stream, name.clone());
                Some(format!("{name} open"))
            }
            MediaCommand::UpdateRtp { stream, rtp } => {
                let name = self.name(*stream);
                let direction = match (rtp.send, rtp.receive) {
                    (true, true) => "both ways",
                    (true, false) => "send only",
                    (false, true) => "receive only",
                    (false, false) => "inactive",
                };
                Some(format!("{name} update {direction}"))
            }
            MediaCommand::Close { stream } => {
                let name = self.name(*stream);
                self.names.remove(stream);
                Some(format!("{name} close"))
            }
            MediaCommand::Play { stream, source } => {
                let heard = match source {
                    Source::Silence => "silence".into(),
                    Source::Echo => "itself".into(),
                    Source::Stream(other) => self.name(*other),
                    Source::Tone(tone) => written(tone),
                    Source::Mix(parties) => {
                        let names: Vec<String> = parties.iter().map(|party| self.name(*party)).collect();
                        names.join(" and ")
                    }
                };
                Some(format!("{} hears {heard}", self.name(*stream)))
            }
            MediaCommand::Interject { stream, tone } => {
                Some(format!("{} hears in between {}", self.name(*stream), written(tone)))
            }
            MediaCommand::Detect { .. } | MediaCommand::Transparent { .. } => None,
            MediaCommand::SendDigits { stream, digits, .. } => {
                Some(format!("{} sends {digits}", self.name(*stream)))
            }
            MediaCommand::SendCallerId { stream, caller, .. } => {
                let shown = match (caller.presentation, caller.shown_number()) {
                    (Presentation::Restricted, _) => "withheld",
                    (_, Some(number)) => number,
                    _ => "unavailable",
                };
                let name = caller.shown_name().map(|name| format!(" {name:?}")).unwrap_or_default();
                Some(format!("{} caller-id {shown}{name}", self.name(*stream)))
            }
            MediaCommand::SendCallWaitingId { stream, caller, .. } => {
                let shown = caller.shown_number().unwrap_or("withheld");
                Some(format!("{} call-waiting-id {shown}", self.name(*stream)))
            }
            MediaCommand::SendMessageWaiting { stream, waiting, .. } => {
                let lamp = if *waiting { "on" } else { "off" };
                Some(format!("{} message-lamp {lamp}", self.name(*stream)))
            }
        }
    }

    /// What media say by themselves after an order, and when.
    pub fn hear(&self, command: &MediaCommand) -> Option<(Duration, MediaEvent)> {
        match command {
            MediaCommand::SendDigits { stream, digits, on_ms, off_ms } => {
                let each = u64::from(on_ms + off_ms);
                let after = Duration::from_millis(each * digits.len() as u64);
                Some((after, MediaEvent::DigitsSent { stream: *stream }))
            }
            MediaCommand::SendCallerId { stream, .. } => {
                Some((CALLER_ID, MediaEvent::CallerIdSent { stream: *stream }))
            }
            MediaCommand::SendCallWaitingId { stream, .. } => {
                Some((CALLER_ID, MediaEvent::CallWaitingIdSent { stream: *stream, acknowledged: true }))
            }
            MediaCommand::SendMessageWaiting { stream, .. } => {
                Some((CALLER_ID, MediaEvent::MessageWaitingSent { stream: *stream }))
            }
            MediaCommand::Play { stream, source: Source::Tone(tone) } if !tone.repeat => {
                let length: u64 = tone.parts.iter().map(|part| u64::from(part.ms)).sum();
                Some((Duration::from_millis(length), MediaEvent::Played { stream: *stream }))
            }
            _ => None,
        }
    }

    fn name(&self, stream: StreamId) -> String {
        self.names.get(&stream).cloned().unwrap_or_else(|| format!("closed {stream}"))
    }

    fn unique(&self, name: String) -> String {
        let taken = |name: &String| self.names.values().any(|other| other == name);
        if !taken(&name) {
            return name;
        }
        (2..).map(|n| format!("{name}~{n}")).find(|name| !taken(name)).unwrap_or(name)
    }
}

fn progress_tone(name: &str) -> ProgressTone {
    match name {
        "dial" => ProgressTone::Dial,
        "busy" => ProgressTone::Busy,
        "congestion" => ProgressTone::Congestion,
        "ringback" => ProgressTone::Ringback,
        "special" => ProgressTone::SpecialInformation,
        other => panic!("there is no tone {other}"),
    }
}

/// A tone by its frequencies and cadence.
fn written(tone: &Tone) -> String {
    let mut pitches: Vec<String> = Vec::new();
    for part in tone.parts.iter().filter(|part| part.f1 > 0.0) {
        let pitch = match (part.f2 > 0.0, part.modulated) {
            (false, _) => format!("{}", part.f1),
            (true, true) => format!("{}*{}", part.f1, part.f2),
            (true, false) => format!("{}+{}", part.f1, part.f2),
        };
        if !pitches.contains(&pitch) {
            pitches.push(pitch);
        }
    }
    // A sweep is told by its ends.
    if let (8.., Some(first), Some(last)) = (pitches.len(), pitches.first(), pitches.last()) {
        return format!("{first}…{last} Hz {}ms", tone.parts.iter().map(|part| part.ms).sum::<u32>());
    }
    let cadence: Vec<String> =
        tone.parts.iter().filter(|part| part.ms > 0).map(|part| part.ms.to_string()).collect();
    let once = if tone.repeat { "" } else { " once" };
    if cadence.is_empty() {
        format!("{} Hz{once}", pitches.join("/"))
    } else {
        format!("{} Hz {}ms{once}", pitches.join("/"), cadence.join(","))
    }
}
