//! Anything may happen: random but possible acts of the world, for fuzzing.

use super::Lab;
use std::time::Duration;

/// SIP phones that take part.
const PHONES: [&str; 3] = ["201", "202", "203"];
/// What they dial.
const NUMBERS: [&str; 9] = ["202", "211", "200", "*43", "777", "02079460100", "802079460100", "999", "0"];
const LINE_EVENTS: [&str; 9] = [
    "RingStarted",
    "RingStopped",
    "PolarityReversed",
    "LoopBreak",
    "BatteryLost",
    "BatteryRestored",
    "OffHook",
    "OnHook",
    "Flash",
];
const RESPONSES: [&str; 6] = ["180", "183", "200", "486", "503", "603"];
const ISDN: [&str; 8] = [
    "SETUP_ACK",
    "PROCEEDING",
    "ALERTING",
    "PROGRESS pi",
    "CONNECT",
    "DISCONNECT cause=17",
    "DISCONNECT cause=1 pi",
    "CLEARED cause=16",
];

impl Lab {
    /// Does the `choice`-th thing that may happen now, with `detail` to choose among its kinds;
    /// nothing when it makes no sense now.
    pub fn chaos(&mut self, choice: u8, detail: u16) {
        let detail = usize::from(detail);
        let pick = |list: &[&str]| list[detail % list.len()].to_string();
        let phone = PHONES[detail % PHONES.len()];
        let action = match choice % 16 {
            0 | 1 => format!("sip {phone} INVITE {}", NUMBERS[(detail / 4) % NUMBERS.len()]),
            2 => format!("sip {phone} CANCEL"),
            3 => format!("sip {phone} BYE"),
            4 | 5 => format!("sip {phone} {}", RESPONSES[(detail / 4) % RESPONSES.len()]),
            6 => format!("sip {phone} re-INVITE {}", ["sendonly", "sendrecv", "inactive"][(detail / 4) % 3]),
            7 => format!("sip {phone} INFO 5"),
            8 => {
                let slot = 1 + detail % 31;
                if slot == 16 {
                    return;
                }
                let number = ["2079460900", "2079460901", "2079460911", "2079460999", "20794"][detail % 5];
                let overlap = if detail.is_multiple_of(7) { " overlap" } else { "" };
                format!("isdn SETUP slot={slot} called={number}/2 calling=2079460100/2{overlap}")
            }
            9 | 10 => {
                let calls = self.isdn.calls();
                let Some(call) = calls.get(detail % calls.len().max(1)) else { return };
                format!("isdn {call} {}", ISDN[(detail / 8) % ISDN.len()])
            }
            11 => format!("line 2/{} {}", 1 + detail % 4, LINE_EVENTS[(detail / 4) % 6]),
            12 => format!("line 3/{} {}", 1 + detail % 4, LINE_EVENTS[6 + (detail / 4) % 3]),
            13 | 14 => {
                let open: Vec<String> = self.media.open().into_iter().cloned().collect();
                let Some(stream) = open.get(detail % open.len().max(1)) else { return };
                let what = pick(&[
                    "digit 2",
                    "digit 0",
                    "digit 1",
                    "digit #",
                    "tone dial",
                    "tone busy",
                    "voice",
                    "lost",
                    "caller-id 02079460105",
                ]);
                format!("media {stream} {what}")
            }
            _ => match detail % 12 {
                0 => "isdn down".into(),
                1 | 2 => "isdn up".into(),
                3 => "helper-gone".into(),
                4 => "alarm red".into(),
                5 => "alarm none".into(),
                6 => "config /trunks/0/enabled = false".into(),
                7 => "config /trunks/0/enabled = true".into(),
                8 => "config /extensions/1/devices = []".into(),
                9 => "config /lines/0/guard_ms = 0".into(),
                10 if !self.live().calls.is_empty() => "hang-up-call".into(),
                _ => return,
            },
        };
        let words: Vec<&str> = action.split_whitespace().collect();
        if let ["sip", name, verb, ..] = words.as_slice()
            && !self.phones.get(name).can(verb)
        {
            return;
        }
        self.act(&action);
        self.check();
    }

    /// Lets everybody go home: what is left after that must be nothing.
    pub fn go_home(&mut self) {
        // What is under way (a call that is being authenticated) arrives first.
        self.run_until(self.time + Duration::from_millis(100));
        for call in self.live().calls {
            self.rows.push(format!("everybody hangs up: call {}", call.call));
            self.input(demarc_node::Input::HangUp { call: call.call });
        }
        for slot in 1..=4 {
            self.act(&format!("line 3/{slot} OnHook"));
            self.act(&format!("line 2/{slot} BatteryRestored"));
        }
        for call in self.isdn.calls() {
            if self.isdn.calls().contains(&call) {
                self.act(&format!("isdn {call} CLEARED cause=16"));
            }
        }
        self.run_until_quiet(Duration::from_secs(4000));
    }

    /// What must be so at every moment.
    fn check(&self) {
        let live = self.live();
        let legs: usize = live.calls.iter().map(|call| call.legs.len()).sum();
        // A line may listen for caller identity, and a telephone hear dial tone or busy, without a
        // leg; no other stream is open without one.
        let on_a_line = |name: &&&String| name.starts_with("2/") || name.starts_with("3/");
        let open = self.media.open();
        let streams = open.iter().filter(|name| !on_a_line(name)).count();
        assert!(streams <= legs, "{open:?} for {legs} legs:\n{}", self.rows.join("\n"));
    }
}
