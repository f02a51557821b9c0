//! What the hardware tests say to whoever runs them: a technician at a console, the API, the UI.

use demarc_hal::{ChannelId, SpanId};
use serde::{Deserialize, Serialize};

/// A test that can be run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct TestInfo {
    /// Its name for machines: `bert`.
    pub id: String,
    /// Its name for people, in a few words.
    pub title: String,
    /// What it does and what it proves, in a sentence or two.
    pub about: String,
    /// What must be there; without it the test is skipped.
    pub needs: Vec<Need>,
    /// How long it takes on each of its ports, in seconds: thoroughly, and quickly.
    pub seconds: (u32, u32),
    /// What goes out of service meanwhile.
    pub disturbs: Disturbs,
}

/// What a test needs on the bench.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Need {
    /// A digital span.
    Span,
    /// Two digital spans on a crossover cable, or one with a loopback plug.
    SpanLoop,
    /// Two digital spans on a crossover cable.
    SpanPair,
    /// An FXS port that is cabled to an FXO port.
    LinePair,
    /// An FXS port, cabled to an FXO port or with a telephone.
    Fxs,
    /// An FXO port, cabled to an FXS port or with a line of the telco.
    Fxo,
    /// Somebody who looks and listens, where no other port of ours does.
    Person,
}

/// What a test takes out of service while it runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Disturbs {
    /// Nothing: it only looks.
    Nothing,
    /// One channel, or one pair of analog ports.
    Channel,
    /// Its whole span, or both spans of the cable.
    Span,
}

/// Which port is cabled to which, and what the unit is.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Bench {
    /// The unit's serial number, for the report.
    pub unit: String,
    /// Who or what tests, for the report.
    pub tester: String,
    /// Crossover cables between digital spans.
    #[serde(rename = "span")]
    pub spans: Vec<SpanCable>,
    /// Digital spans with a loopback plug (RJ48: 1↔4, 2↔5).
    #[serde(rename = "plug")]
    pub plugs: Vec<Plug>,
    /// Digital spans that lead to somebody else's exchange.
    #[serde(rename = "trunk")]
    pub trunks: Vec<Trunk>,
    /// Pairs of wires between an FXS and an FXO port.
    #[serde(rename = "pair")]
    pub pairs: Vec<PairCable>,
    /// FXS ports with a telephone.
    #[serde(rename = "phone")]
    pub phones: Vec<PortAt>,
    /// FXO ports with a line of the telco.
    #[serde(rename = "line")]
    pub lines: Vec<PortAt>,
    /// The relays that plug and unplug, if there are any.
    pub jig: Option<JigAt>,
    /// What the unit is expected to have.
    pub inventory: Option<Inventory>,
}

/// A crossover cable.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct SpanCable {
    /// One end: the network side of the D channel, unless `a_side` says something else.
    pub a: SpanId,
    /// The other end.
    pub b: SpanId,
    /// The side that `a` takes.
    #[serde(default = "Side::network")]
    pub a_side: Side,
    /// The side that `b` takes.
    #[serde(default)]
    pub b_side: Side,
    /// The jig's relay that makes this cable, if one does.
    #[serde(default)]
    pub relay: Option<u8>,
}

/// A loopback plug.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct Plug {
    /// Where it is plugged in.
    pub span: SpanId,
    /// The jig's relay that makes it, if one does.
    #[serde(default)]
    pub relay: Option<u8>,
}

/// A span with a far end that is not ours.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = BenchTrunk))]
#[serde(deny_unknown_fields)]
pub struct Trunk {
    /// Which.
    pub span: SpanId,
    /// The side that we take.
    #[serde(default)]
    pub side: Side,
}

/// Side of a D channel (ITU-T Q.921).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// As towards an exchange.
    #[default]
    User,
    /// As an exchange.
    Network,
}

impl Side {
    /// What the first end of a cable is if nothing is said.
    pub const fn network() -> Self {
        Side::Network
    }
}

/// A pair of wires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct PairCable {
    /// The port that feeds it.
    pub fxs: PortAt,
    /// The port that it leads to.
    pub fxo: PortAt,
    /// The jig's relay that makes it, if one does.
    #[serde(default)]
    pub relay: Option<u8>,
}

/// A port, in a file written `"3/1"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(try_from = "String", into = "String")]
#[cfg_attr(feature = "openapi", schema(value_type = String, example = "3/1"))]
pub struct PortAt(pub ChannelId);

impl TryFrom<String> for PortAt {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let parts = text.split_once('/');
        let numbers = parts.and_then(|(span, slot)| Some((span.parse().ok()?, slot.parse().ok()?)));
        match numbers {
            Some((span, slot)) if span > 0 && slot > 0 => Ok(Self(ChannelId::new(span, slot))),
            _ => Err(format!("\"{text}\" is no port: write span/port, as in \"3/1\"")),
        }
    }
}

impl From<PortAt> for String {
    fn from(port: PortAt) -> Self {
        port.0.to_string()
    }
}

/// The serial jig.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct JigAt {
    /// Its serial port: `/dev/ttyUSB0`.
    pub port: String,
    /// Bits a second.
    #[serde(default = "JigAt::usual_speed")]
    pub speed: u32,
}

impl JigAt {
    /// 115 200 bit/s.
    pub const fn usual_speed() -> u32 {
        115_200
    }
}

/// What a unit has, as a list to compare with.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default, deny_unknown_fields)]
pub struct Inventory {
    /// Its cards: `pci-0000:05:00.0 d161:8020 wct4xxp`.
    pub cards: Vec<String>,
    /// Its spans: `1 e1 31 Digium TE220 port 1`.
    pub spans: Vec<String>,
}

/// How long tests may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Length {
    /// As short as shows a fault that is always there.
    Quick,
    /// As long as the limits of the standards need.
    #[default]
    Thorough,
}

/// What is to be run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(default)]
pub struct RunRequest {
    /// Ids of tests, run in the order of the plan; none = all.
    pub tests: Vec<String>,
    /// Only on these spans; none = wherever the bench has what a test needs.
    pub spans: Vec<SpanId>,
    /// How long they may take.
    pub length: Length,
    /// What is cabled to what.
    pub bench: Bench,
}

/// How a run stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RunState {
    /// It goes on.
    pub running: bool,
    /// It was cancelled: what is missing from `results` was not run.
    pub cancelled: bool,
    /// The unit's serial number.
    pub unit: String,
    /// When it began, in milliseconds since 1970.
    pub began_at: u64,
    /// Steps in all: a test on a port is one.
    pub steps: u32,
    /// What is being run now.
    pub now: Option<StepNow>,
    /// What has been run, in order.
    pub results: Vec<StepResult>,
}

/// The step that is being run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepNow {
    /// Id of its test.
    pub test: String,
    /// What it is run on, for people: `spans 1 and 2`.
    pub subject: String,
    /// What it does now, in words.
    pub doing: String,
    /// How far it is, 0–100.
    pub percent: u8,
    /// It waits for somebody to say yes or no to this.
    pub question: Option<String>,
}

/// How a step went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct StepResult {
    /// Id of its test.
    pub test: String,
    /// Title of its test.
    pub title: String,
    /// What it was run on, for people.
    pub subject: String,
    /// The spans it was run on.
    pub spans: Vec<SpanId>,
    /// How it went.
    pub verdict: Verdict,
    /// Why, in a sentence.
    pub reason: String,
    /// What to do about it, in a sentence; empty when there is nothing to do.
    pub remedy: String,
    /// What was measured.
    #[cfg_attr(feature = "openapi", schema(value_type = Vec<Measured>))]
    pub values: Vec<Value>,
    /// Names of the files that it made: recordings.
    pub files: Vec<String>,
    /// How long it took, in milliseconds.
    pub took_ms: u64,
}

/// How a step went, in a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is in order.
    Passed,
    /// It is not.
    Failed,
    /// It could not be found out: something that the test needs is not there.
    Skipped,
}

/// [`Value`] by the name that it has in the API's description, where `Value` means any JSON.
pub type Measured = Value;

/// Something measured.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "openapi", schema(as = Measured))]
pub struct Value {
    /// What: `bit errors`.
    pub name: String,
    /// How much.
    pub value: f64,
    /// Of what: `dBm0`, `ms`; empty for a count.
    pub unit: String,
    /// What it must be, in words: `< 20`; empty when it is only told.
    pub limit: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_written_span_slash_port() {
        assert_eq!(PortAt::try_from("3/12".to_owned()), Ok(PortAt(ChannelId::new(3, 12))));
        for wrong in ["", "3", "3/", "/1", "0/1", "1/0", "1/256", "a/b", "1/2/3"] {
            assert!(PortAt::try_from(wrong.to_owned()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_request_of_nothing_runs_everything_thoroughly() {
        let request: RunRequest = serde_json::from_str("{}").unwrap();
        assert_eq!(request, RunRequest::default());
        assert_eq!(request.length, Length::Thorough);
    }
}
