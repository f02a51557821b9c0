//! A ladder's rows, as far as a bench can do or see them.

use demarc_hal::{ChannelId, LineEvent};
use demarc_model::Country;
use demarc_model::hardware_test::PortAt;
use std::time::Duration;

/// Characters of a ladder, and its rows, at most.
const TEXT: usize = 1 << 20;
const ROWS: usize = 4096;
/// Bursts of ringing that are nearer than this may be one to whoever sees them.
const ONE_RING: Duration = Duration::from_millis(1200);

/// A call, as a text file: see CONTRIBUTING.md.
#[derive(Debug, Clone, PartialEq)]
pub struct Ladder {
    /// Its first line.
    pub title: String,
    /// What the gateway's configuration must say, and which telephones there must be.
    pub head: Vec<String>,
    /// Whose tones are meant.
    pub country: Country,
    pub(crate) rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Row {
    pub(crate) at: Duration,
    /// Without its time.
    pub(crate) text: String,
    pub(crate) what: What,
}

/// What a row means to the far end of the gateway's port.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum What {
    /// The gateway's port is to see this, this long where it lasts.
    Make { port: ChannelId, event: LineEvent, lasts: Option<Duration> },
    /// A key is pressed.
    Digit { port: ChannelId, digit: char },
    /// A tone of the country is heard.
    Tone { port: ChannelId, name: String },
    /// Others do it: phones, an exchange, an administrator.
    Others,
    /// The world would do it, and a bench cannot.
    Cannot,
    /// Our port must see this; not every port can where it `may`.
    See { port: ChannelId, event: LineEvent, may: bool },
    /// Our port hears these digits.
    Digits { port: ChannelId, digits: String },
    /// Our port hears these frequencies, in Hz, or silence; they may take so long to come round.
    Hear { port: ChannelId, pitches: Vec<f64>, round: Duration },
    /// Nothing that the far end of a port could see.
    Unseen,
}

impl Ladder {
    /// Reads a ladder.
    ///
    /// # Errors
    /// Which line is not one of a ladder.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() > TEXT {
            return Err(format!("more than {TEXT} characters are no ladder"));
        }
        let (mut ladder, mut in_head) =
            (Self { title: String::new(), head: Vec::new(), country: Country::GB, rows: Vec::new() }, true);
        for (number, line) in (1..).zip(text.lines()) {
            let line = line.trim();
            if line.is_empty() {
                in_head = false;
            } else if in_head {
                ladder.head(line);
            } else {
                let row = row(line).ok_or_else(|| {
                    format!("line {number}: \"{line}\" is no row: write time, → or ←, and what happens")
                })?;
                ladder.rows.push(row);
            }
        }
        match ladder.rows.len() {
            0 => return Err("there is no row: an empty line parts them from the head".into()),
            rows if rows > ROWS => return Err(format!("{rows} rows; {ROWS} are the most")),
            _ => {}
        }
        ladder.lengths();
        Ok(ladder)
    }

    fn head(&mut self, line: &str) {
        match line.strip_prefix("# ") {
            Some(title) if self.title.is_empty() => self.title = title.into(),
            Some(_) => {}
            None => self.head.push(line.into()),
        }
        let country = line.strip_prefix("config: /system/country = ");
        if let Some(country) = country.and_then(|code| serde_json::from_str(code).ok()) {
            self.country = country;
        }
    }

    /// How long ringing lasts, and which bursts cannot be told apart.
    fn lengths(&mut self) {
        let mut rows = std::mem::take(&mut self.rows);
        for index in 0..rows.len() {
            let (before, rest) = rows.split_at_mut(index);
            let Some((row, after)) = rest.split_first_mut() else { break };
            match &mut row.what {
                What::Make { port, event: LineEvent::RingStarted, lasts } => {
                    let stops = |other: &&Row| matches!(&other.what, What::Make { port: at, event: LineEvent::RingStopped, .. } if at == port);
                    *lasts = after.iter().find(stops).map(|stop| stop.at.saturating_sub(row.at));
                }
                What::See { port, event: LineEvent::RingStarted, may } => {
                    let near = |other: &Row| {
                        let same = matches!(&other.what, What::See { port: at, event: LineEvent::RingStarted, .. } if at == port);
                        same && row.at.saturating_sub(other.at) < ONE_RING
                    };
                    *may = before.iter().any(near);
                }
                _ => {}
            }
        }
        self.rows = rows;
    }

    /// Rows that others must do.
    pub(crate) fn others(&self) -> Vec<&str> {
        let others = self.rows.iter().filter(|row| row.what == What::Others);
        others.map(|row| row.text.as_str()).collect()
    }
}

impl What {
    /// The gateway's port that it is about.
    pub(crate) fn port(&self) -> Option<ChannelId> {
        match self {
            What::Make { port, .. }
            | What::Digit { port, .. }
            | What::Tone { port, .. }
            | What::See { port, .. }
            | What::Digits { port, .. }
            | What::Hear { port, .. } => Some(*port),
            What::Others | What::Cannot | What::Unseen => None,
        }
    }

    /// The far end does something.
    pub(crate) fn is_done(&self) -> bool {
        matches!(self, What::Make { .. } | What::Digit { .. } | What::Tone { .. })
    }
}

fn row(line: &str) -> Option<Row> {
    let (time, rest) = line.split_once(char::is_whitespace)?;
    let seconds: f64 = time.parse().ok()?;
    let at = Duration::try_from_secs_f64(seconds).ok()?;
    let rest = rest.trim();
    let words: Vec<&str> = rest.split_whitespace().collect();
    let what = match words.as_slice() {
        ["quiet"] => What::Unseen,
        ["→", words @ ..] => world(words),
        ["←", words @ ..] => gateway(words),
        _ => return None,
    };
    Some(Row { at, text: rest.into(), what })
}

fn port(text: &str) -> Option<ChannelId> {
    PortAt::try_from(text.to_owned()).ok().map(|port| port.0)
}

fn world(words: &[&str]) -> What {
    match words {
        ["line", at, event] => match (port(at), made(event)) {
            (Some(port), Some(event)) => What::Make { port, event, lasts: None },
            _ => What::Cannot,
        },
        ["media", at, "digit", digit] => match (port(at), digit.chars().next()) {
            (Some(port), Some(digit)) => What::Digit { port, digit },
            _ => What::Others,
        },
        ["media", at, "tone", name] => match port(at) {
            Some(port) => What::Tone { port, name: (*name).into() },
            None => What::Others,
        },
        ["media", at, ..] if port(at).is_some() => What::Cannot,
        _ => What::Others,
    }
}

/// What a far end can make the gateway's port see.
fn made(word: &str) -> Option<LineEvent> {
    use LineEvent::{Flash, LoopBreak, OffHook, OnHook, PolarityReversed, RingStarted, RingStopped};
    let known = [OffHook, OnHook, Flash, RingStarted, RingStopped, PolarityReversed, LoopBreak];
    pulse(word).or_else(|| known.into_iter().find(|event| format!("{event:?}") == word))
}

fn pulse(word: &str) -> Option<LineEvent> {
    word.strip_prefix("Pulse")?.chars().next().map(LineEvent::PulseDigit)
}

fn gateway(words: &[&str]) -> What {
    let Some(port) = words.get(1).and_then(|word| port(word)) else { return What::Unseen };
    let see = |event, may| What::See { port, event, may };
    match words {
        ["line", _, "OffHook"] => see(LineEvent::OffHook, false),
        ["line", _, "OnHook"] => see(LineEvent::OnHook, false),
        ["line", _, "Flash", _] => see(LineEvent::Flash, false),
        ["line", _, "Ring", _] => see(LineEvent::RingStarted, false),
        ["line", _, "OpenLoop", _] => see(LineEvent::LoopBreak, false),
        ["line", _, "Polarity", _] => see(LineEvent::PolarityReversed, true),
        ["line", _, word] => pulse(word).map_or(What::Unseen, |event| see(event, false)),
        ["media", _, "sends", digits] => What::Digits { port, digits: (*digits).into() },
        ["media", _, "hears", "silence"] => What::Hear { port, pitches: Vec::new(), round: Duration::ZERO },
        ["media", _, "hears", pitch, "Hz", rest @ ..] => {
            heard(pitch, rest).map_or(What::Unseen, |(pitches, round)| What::Hear { port, pitches, round })
        }
        _ => What::Unseen,
    }
}

/// `350+440 Hz 400,200ms`: its first frequencies, and how long it takes to come round.
fn heard(pitch: &str, rest: &[&str]) -> Option<(Vec<f64>, Duration)> {
    let first = pitch.split(['/', '…']).next()?;
    // One tone modulated by another is many.
    let pitches = first.split('+').map(|hz| hz.parse().ok()).collect::<Option<Vec<f64>>>()?;
    let cadence = rest.first().and_then(|word| word.strip_suffix("ms"));
    let parts = cadence.into_iter().flat_map(|cadence| cadence.split(','));
    let round = parts.filter_map(|ms| ms.parse().ok()).fold(0_u64, u64::saturating_add);
    Some((pitches, Duration::from_millis(round)))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CALL: &str = "# A call.\nphones: 201\nconfig: /system/country = \"DE\"\n\n  \
         0.000 → line 2/1 RingStarted\n  0.400 → line 2/1 RingStopped\n  0.400 → sip 201 200\n  \
         0.500 ← line 2/1 OffHook\n  0.600 ← media 2/1 hears 400+450 Hz 400,200,400,2000ms\n  \
         0.600 ← media 2/1 hears 201\n  0.700 → media 2/1 caller-id withheld\n  1.000 quiet\n";

    #[test]
    fn rows_are_what_a_bench_can_do_and_see() {
        let ladder = Ladder::parse(CALL).unwrap();
        let port = ChannelId::new(2, 1);
        assert_eq!((ladder.title.as_str(), ladder.country, ladder.head.len()), ("A call.", Country::DE, 2));
        let lasts = Some(Duration::from_millis(400));
        let what: Vec<&What> = ladder.rows.iter().map(|row| &row.what).collect();
        assert_eq!(what[0], &What::Make { port, event: LineEvent::RingStarted, lasts });
        assert_eq!(what[2], &What::Others);
        assert_eq!(what[3], &What::See { port, event: LineEvent::OffHook, may: false });
        let round = Duration::from_secs(3);
        assert_eq!(what[4], &What::Hear { port, pitches: vec![400.0, 450.0], round });
        assert_eq!(what[5..], [&What::Unseen, &What::Cannot, &What::Unseen]);
        assert_eq!(ladder.others(), ["→ sip 201 200"]);
    }

    #[test]
    fn the_second_burst_of_a_ring_may_be_one_with_the_first() {
        let rings = "# A call.\n\n 0.0 ← line 3/1 Ring 400ms\n 0.6 ← line 3/1 Ring 400ms\n 3.0 ← line 3/1 Ring 400ms\n";
        let may = |row: &Row| matches!(row.what, What::See { may: true, .. });
        let may: Vec<bool> = Ladder::parse(rings).unwrap().rows.iter().map(may).collect();
        assert_eq!(may, [false, true, false]);
    }

    #[test]
    fn what_is_no_ladder_is_refused_with_its_line() {
        let wrong = Ladder::parse("# A call.\n\n  soon → line 2/1 OffHook\n").unwrap_err();
        assert!(wrong.contains("line 3"), "{wrong}");
        assert!(Ladder::parse("").is_err());
    }
}
