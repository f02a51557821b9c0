//! What the user of a telephone may change and ask for by dialling a code.
//!
//! The default codes are those of European exchanges (ETSI ETS 300 738: `*` switches on, `#`
//! switches off, `*#` asks) with the British short ones beside them (141, 1470, 1471). All of them
//! can be changed: an American house would write `*72N` and `*73`.

use super::{Config, ExtensionId, Match};
use serde::{Deserialize, Serialize};

/// What the user of an extension has switched on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields, default)]
pub struct ExtensionFeatures {
    /// Every call goes to this number instead; none = not.
    pub forward_always: Option<String>,
    /// A call goes to this number when the extension is busy.
    pub forward_busy: Option<String>,
    /// A call goes to this number when nobody answers, or no telephone can be reached.
    pub forward_no_answer: Option<String>,
    /// How long it rings before that, in seconds (5–120).
    pub forward_after_s: u16,
    /// Refuse every call as busy.
    pub do_not_disturb: bool,
    /// A second call is announced to an analog telephone in a call.
    pub call_waiting: bool,
    /// The message lamp is lit, and dial tone stutters.
    pub message_waiting: bool,
}

impl Default for ExtensionFeatures {
    fn default() -> Self {
        Self {
            forward_always: None,
            forward_busy: None,
            forward_no_answer: None,
            forward_after_s: 20,
            do_not_disturb: false,
            call_waiting: true,
            message_waiting: false,
        }
    }
}

/// One thing that an extension's user has changed; it goes into the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExtensionSetting {
    /// See [`ExtensionFeatures::forward_always`].
    ForwardAlways(Option<String>),
    /// See [`ExtensionFeatures::forward_busy`].
    ForwardBusy(Option<String>),
    /// See [`ExtensionFeatures::forward_no_answer`].
    ForwardNoAnswer(Option<String>),
    /// See [`ExtensionFeatures::do_not_disturb`].
    DoNotDisturb(bool),
    /// See [`ExtensionFeatures::call_waiting`].
    CallWaiting(bool),
    /// See [`ExtensionFeatures::message_waiting`].
    MessageWaiting(bool),
}

impl Config {
    /// Does what an extension's user wants. False when nothing changes, or there is no such
    /// extension.
    pub fn set(&mut self, extension: ExtensionId, setting: &ExtensionSetting) -> bool {
        let Some(found) = self.extensions.iter_mut().find(|e| e.id == extension) else { return false };
        let before = found.features.clone();
        let features = &mut found.features;
        match setting.clone() {
            ExtensionSetting::ForwardAlways(number) => features.forward_always = number,
            ExtensionSetting::ForwardBusy(number) => features.forward_busy = number,
            ExtensionSetting::ForwardNoAnswer(number) => features.forward_no_answer = number,
            ExtensionSetting::DoNotDisturb(on) => features.do_not_disturb = on,
            ExtensionSetting::CallWaiting(on) => features.call_waiting = on,
            ExtensionSetting::MessageWaiting(on) => features.message_waiting = on,
        }
        found.features != before
    }
}

/// A code and what it does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(deny_unknown_fields)]
pub struct FeatureCode {
    /// What is dialled: digits, `*` and `#`; `X` is any digit, and one `N` stands for a number: up
    /// to the `#` that follows it, or up to the end.
    pub code: String,
    /// What it does.
    pub feature: Feature,
}

/// What a code does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Feature {
    /// Forward every call to the number.
    ForwardAlways,
    /// Forward no call unconditionally.
    ForwardAlwaysOff,
    /// Are calls forwarded unconditionally?
    ForwardAlwaysAsk,
    /// Forward to the number when busy.
    ForwardBusy,
    /// Do not forward when busy.
    ForwardBusyOff,
    /// Are calls forwarded when busy?
    ForwardBusyAsk,
    /// Forward to the number when nobody answers.
    ForwardNoAnswer,
    /// Do not forward when nobody answers.
    ForwardNoAnswerOff,
    /// Are calls forwarded when nobody answers?
    ForwardNoAnswerAsk,
    /// Refuse all calls.
    DoNotDisturb,
    /// Take calls again.
    DoNotDisturbOff,
    /// Are calls refused?
    DoNotDisturbAsk,
    /// Announce a second call.
    CallWaiting,
    /// Do not announce a second call.
    CallWaitingOff,
    /// Is a second call announced?
    CallWaitingAsk,
    /// Call the number and show nobody who calls.
    Withhold,
    /// Call the number and show who calls, though the extension does not.
    Show,
    /// Call the number that was called last.
    Redial,
    /// Call who called last.
    CallReturn,
    /// Take a call that rings at another member of a ring group.
    PickUp,
    /// With a call on hold: park it in the place that the digit names. Without: take the call
    /// parked there.
    Park,
    /// Light the message lamp of one's own telephones (a test of the lamp).
    MessageLamp,
    /// Put the message lamp out.
    MessageLampOff,
}

/// The codes of a house where nobody has changed them.
pub(super) fn default_codes() -> Vec<FeatureCode> {
    use Feature::*;
    let codes = [
        ("*21*N#", ForwardAlways),
        ("#21#", ForwardAlwaysOff),
        ("*#21#", ForwardAlwaysAsk),
        ("*67*N#", ForwardBusy),
        ("#67#", ForwardBusyOff),
        ("*#67#", ForwardBusyAsk),
        ("*61*N#", ForwardNoAnswer),
        ("#61#", ForwardNoAnswerOff),
        ("*#61#", ForwardNoAnswerAsk),
        ("*26#", DoNotDisturb),
        ("#26#", DoNotDisturbOff),
        ("*#26#", DoNotDisturbAsk),
        ("*43#", CallWaiting),
        ("#43#", CallWaitingOff),
        ("*#43#", CallWaitingAsk),
        ("141N", Withhold),
        ("1470N", Show),
        ("1471", CallReturn),
        ("**0", Redial),
        ("*8", PickUp),
        ("*40X", Park),
        ("*94#", MessageLamp),
        ("#94#", MessageLampOff),
    ];
    codes.map(|(code, feature)| FeatureCode { code: code.into(), feature }).to_vec()
}

impl Feature {
    /// Does its code need a number (`N`)?
    pub const fn needs_number(self) -> bool {
        use Feature::*;
        matches!(self, ForwardAlways | ForwardBusy | ForwardNoAnswer | Withhold | Show)
    }

    /// In words, for call records and ladders.
    pub const fn words(self) -> &'static str {
        use Feature::*;
        match self {
            ForwardAlways => "Forward every call",
            ForwardAlwaysOff => "Forward no call",
            ForwardAlwaysAsk => "Is every call forwarded?",
            ForwardBusy => "Forward when busy",
            ForwardBusyOff => "Do not forward when busy",
            ForwardBusyAsk => "Forwarded when busy?",
            ForwardNoAnswer => "Forward when nobody answers",
            ForwardNoAnswerOff => "Do not forward when nobody answers",
            ForwardNoAnswerAsk => "Forwarded when nobody answers?",
            DoNotDisturb => "Do not disturb",
            DoNotDisturbOff => "May be disturbed",
            DoNotDisturbAsk => "Not to be disturbed?",
            CallWaiting => "Call waiting on",
            CallWaitingOff => "Call waiting off",
            CallWaitingAsk => "Call waiting?",
            Withhold => "Withhold the number",
            Show => "Show the number",
            Redial => "Redial",
            CallReturn => "Call return",
            PickUp => "Pick up",
            Park => "Park",
            MessageLamp => "Message lamp on",
            MessageLampOff => "Message lamp off",
        }
    }
}

impl FeatureCode {
    /// How dialled digits stand to the code, and what stands for its `N`, or for its `X`.
    pub fn compare<'a>(&self, dialled: &'a str) -> (Match, &'a str) {
        let mut rest = dialled;
        let mut argument = "";
        let mut code = self.code.chars().peekable();
        while let Some(symbol) = code.next() {
            if symbol == 'N' {
                let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
                let (number, after) = rest.split_at(end);
                argument = number;
                if code.peek().is_none() {
                    return match (number.is_empty(), after.is_empty()) {
                        (true, true) => (Match::Partial, ""),
                        (false, true) => (Match::Open, number),
                        // What follows is no number: it may be another code, or a service.
                        _ => (Match::Open, rest),
                    };
                }
                rest = after;
                if number.is_empty() && !rest.is_empty() {
                    return (Match::No, "");
                }
                continue;
            }
            let mut digits = rest.chars();
            match (digits.next(), symbol) {
                (None, _) => return (Match::Partial, ""),
                (Some(digit), 'X') if digit.is_ascii_digit() => argument = rest.get(..1).unwrap_or_default(),
                (Some(digit), symbol) if digit == symbol => {}
                _ => return (Match::No, ""),
            }
            rest = digits.as_str();
        }
        if rest.is_empty() { (Match::Full, argument) } else { (Match::No, "") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compare(code: &str, dialled: &str) -> (Match, String) {
        let code = FeatureCode { code: code.into(), feature: Feature::Park };
        let (found, argument) = code.compare(dialled);
        (found, argument.to_owned())
    }

    #[test]
    fn a_code_with_a_number_ends_with_its_hash() {
        for begun in ["", "*", "*21", "*21*", "*21*2", "*21*202"] {
            assert_eq!(compare("*21*N#", begun).0, Match::Partial, "{begun}");
        }
        assert_eq!(compare("*21*N#", "*21*202#"), (Match::Full, "202".into()));
        for wrong in ["*21*#", "*22", "21", "*21*202#1", "*21*2*#"] {
            assert_eq!(compare("*21*N#", wrong).0, Match::No, "{wrong}");
        }
    }

    #[test]
    fn a_prefix_is_open() {
        assert_eq!(compare("141N", "141"), (Match::Partial, String::new()));
        assert_eq!(compare("141N", "141020"), (Match::Open, "020".into()));
        assert_eq!(compare("141N", "141*43"), (Match::Open, "*43".into()));
        assert_eq!(compare("141N", "1420").0, Match::No);
    }

    #[test]
    fn a_place_is_one_digit() {
        assert_eq!(compare("*40X", "*40").0, Match::Partial);
        assert_eq!(compare("*40X", "*407"), (Match::Full, "7".into()));
        assert_eq!(compare("*40X", "*40#").0, Match::No);
    }

    #[test]
    fn no_default_code_hides_another() {
        let codes = default_codes();
        for (i, code) in codes.iter().enumerate() {
            let example = code.code.replace('N', "7").replace('X', "1");
            for (k, other) in codes.iter().enumerate() {
                let (found, _) = other.compare(&example);
                assert_eq!(found.is_match(), i == k, "{example} and {}", other.code);
            }
        }
    }

    #[test]
    fn a_setting_goes_into_its_extension() {
        let mut config = Config::default_gateway(&mut || crate::config::Secret::new("long-enough-secret"));
        let id = config.extensions[0].id;
        let forward = ExtensionSetting::ForwardAlways(Some("202".into()));
        assert!(config.set(id, &forward));
        assert!(!config.set(id, &forward), "it is so already");
        assert_eq!(config.extensions[0].features.forward_always.as_deref(), Some("202"));
        assert!(config.set(id, &ExtensionSetting::ForwardAlways(None)));
        assert!(!config.set(ExtensionId(999), &forward));
    }
}
