//! The lab: a node in virtual time and the world around it.

mod chaos;
mod isdn;
mod media;
mod phone;
mod r2;
mod render;

use demarc_hal::{Alarm, ChannelId, Companding, LineEvent, Port, PortKind, SpanId, SpanInfo, SpanKind};
use demarc_model::config::{Secret, SipPeer, Trunk, TrunkId, TrunkKind};
use demarc_model::learned::LineProbe;
use demarc_model::{Config, Instant, Now, TrunkTemplate};
use demarc_node::{Input, Node, Output};
use isdn::Isdn;
use media::Media;
use phone::{Phone, Phones};
use r2::R2;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

/// The password of every SIP phone of the lab.
pub(crate) const PASSWORD: &str = "lab password";
/// Every lab begins at this moment: 2025-01-01 00:00 UTC.
const BEGINNING: u64 = 1_735_689_600;
/// A lab runs away when it needs more steps than this without the time moving on.
const MAX_STEPS: usize = 100_000;

/// See the module's documentation.
pub struct Lab {
    /// The gateway.
    pub node: Node,
    config: Config,
    time: Duration,
    rows: Vec<String>,
    phones: Phones,
    isdn: Isdn,
    r2: R2,
    media: Media,
    /// What the world does by itself later.
    later: BTreeMap<(Duration, u64), Input>,
    count: u64,
    silent: bool,
    /// Final records by call.
    records: BTreeMap<u64, u32>,
}

impl Lab {
    /// A lab with the default gateway. `templates` are SIP gateways of other makers, each a trunk 3, 4
    /// … whose box is the peer; `config` are changes (`/pointer = json`), `phones` the SIP phones that
    /// are registered at the start (`201 202`), `set` switches of the world (`isdn-clears-late`).
    pub fn new(templates: Vec<&str>, config: Vec<&str>, phones: Vec<&str>, set: Vec<&str>) -> Self {
        let mut whole = Config::default_gateway(&mut || Secret::new(PASSWORD));
        for (name, id) in templates.into_iter().zip(3..) {
            whole.trunks.push(trunk_of(name, TrunkId(id)));
        }
        for change in config {
            whole = changed(&whole, change);
        }
        whole.validate().unwrap_or_else(|errors| panic!("the ladder's configuration: {errors:?}"));
        let cards = cards(&whole);
        let node = Node::new(Arc::new(whole.clone()), 7, BEGINNING, cards.clone());
        let mut lab = Self {
            node,
            config: whole,
            time: Duration::ZERO,
            rows: Vec::new(),
            phones: Phones::default(),
            isdn: Isdn::new(set.contains(&"isdn-clears-late")),
            r2: R2::default(),
            media: Media::default(),
            later: BTreeMap::new(),
            count: 0,
            silent: true,
            records: BTreeMap::new(),
        };
        lab.input(Input::Alarms { span: SpanId(1), alarms: Vec::new() });
        if !set.contains(&"span-down") {
            lab.input(Input::Isdn { span: SpanId(1), event: demarc_isdn::Event::Up });
        }
        for port in cards.iter().flat_map(|span| &span.ports).filter(|port| port.kind == PortKind::Cas) {
            let (span, slot) = (port.id.span, port.id.slot);
            lab.input(Input::R2 { span, event: demarc_r2::Event::Opened { slot } });
            lab.input(Input::R2 { span, event: demarc_r2::Event::FarEnd { slot, idle: true } });
        }
        for name in phones.iter().flat_map(|names| names.split_whitespace()) {
            let phone = lab.phones.add(name);
            let register = phone.register();
            lab.say(register);
        }
        lab.silent = false;
        lab
    }

    /// What happened so far, a row a line.
    pub fn rows(&self) -> &[String] {
        &self.rows
    }

    /// Forgets what happened so far.
    pub fn forget_rows(&mut self) {
        self.rows.clear();
        self.phones.forget_messages();
    }

    /// The ISDN calls that live, by name.
    pub fn isdn_calls(&self) -> Vec<String> {
        self.isdn.calls()
    }

    /// Lets time pass until `at`.
    pub fn run_until(&mut self, at: Duration) {
        while let Some(due) = self.due().filter(|due| *due <= at) {
            self.step(due);
        }
        self.time = self.time.max(at);
    }

    /// Lets time pass until nothing of a call is left, at most `patience`.
    ///
    /// # Panics
    /// When something is left after that.
    pub fn run_until_quiet(&mut self, patience: Duration) {
        let end = self.time + patience;
        let mut quiet = self.time;
        while !self.is_quiet() {
            let due = self.due().filter(|due| *due <= end);
            let Some(due) = due else {
                panic!("not quiet after {patience:?}:\n{}\n{:#?}", self.rows.join("\n"), self.live())
            };
            self.step(due);
            quiet = self.time;
        }
        self.rows.push(format!("{:>9.3} quiet", quiet.as_secs_f64()));
        self.check_nothing_is_left();
    }

    /// Does what a row says, at this moment.
    ///
    /// # Panics
    /// When the row makes no sense.
    pub fn act(&mut self, action: &str) {
        self.rows.push(format!("{:>9.3} → {action}", self.time.as_secs_f64()));
        let words: Vec<&str> = action.split_whitespace().collect();
        match words.as_slice() {
            ["sip", name, verb @ ..] => {
                let messages = self.phones.get(name).act(verb);
                for message in messages {
                    self.say((name.to_string(), message));
                }
            }
            ["isdn", "up"] => self.isdn_event(demarc_isdn::Event::Up),
            ["isdn", "down"] => self.isdn_event(demarc_isdn::Event::Down),
            ["r2", slot, verb @ ..] => {
                let event = self.r2.act(slot, verb);
                self.input(Input::R2 { span: SpanId(1), event });
            }
            ["isdn", verb @ ..] => {
                let event = self.isdn.act(verb);
                self.isdn_event(event);
            }
            ["helper-gone"] => {
                self.isdn.forget();
                self.input(Input::HelperGone { span: SpanId(1) });
            }
            ["alarm", "none"] => self.input(Input::Alarms { span: SpanId(1), alarms: Vec::new() }),
            ["alarm", "red"] => self.input(Input::Alarms { span: SpanId(1), alarms: vec![Alarm::Red] }),
            ["line", channel, event] => {
                let input = Input::Line { channel: channel_id(channel), event: line_event(event) };
                self.input(input);
            }
            ["probe", channel, step] => {
                let step = match *step {
                    "seize" => LineProbe::Seize,
                    "release" => LineProbe::Release,
                    country => LineProbe::Listen(
                        serde_json::from_value(country.into())
                            .unwrap_or_else(|_| panic!("no country {country}")),
                    ),
                };
                self.input(Input::Probe { channel: channel_id(channel), step });
            }
            ["media", stream, what @ ..] => {
                let event = self.media.act(stream, what);
                self.input(Input::Media(event));
            }
            ["hang-up-call"] => {
                let call = self.live().calls.first().map(|call| call.call).expect("there is no call");
                self.input(Input::HangUp { call });
            }
            ["config", ..] => {
                let change = action.trim_start_matches("config").trim();
                self.config = changed(&self.config, change);
                self.config.validate().unwrap_or_else(|errors| panic!("{change}: {errors:?}"));
                self.input(Input::Config(Arc::new(self.config.clone())));
            }
            _ => panic!("the world cannot do this: {action}"),
        }
    }

    fn live(&self) -> demarc_model::live::Live {
        self.node.live(self.now())
    }

    fn now(&self) -> Now {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(BEGINNING);
        Now { mono: Instant::from_start(self.time), wall: start + self.time }
    }

    /// When something happens next by itself.
    fn due(&self) -> Option<Duration> {
        let node = self.node.poll_timeout().map(|(at, _)| at.since_start());
        let world = self.later.keys().next().map(|(at, _)| *at);
        node.into_iter().chain(world).min().map(|due| due.max(self.time))
    }

    fn is_quiet(&self) -> bool {
        self.later.is_empty() && self.node.is_quiet()
    }

    fn step(&mut self, due: Duration) {
        if due == self.time {
            self.count += 1;
            assert!(self.count < MAX_STEPS as u64, "the node spins: {:?}", self.node.poll_timeout());
        } else {
            self.count = 0;
        }
        self.time = due;
        if let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= due) {
            let input = entry.remove();
            return self.input(input);
        }
        self.node.handle_timeout(self.now());
        self.listen();
    }

    fn isdn_event(&mut self, event: demarc_isdn::Event) {
        self.input(Input::Isdn { span: SpanId(1), event });
    }

    fn input(&mut self, input: Input) {
        self.node.handle_input(self.now(), input);
        self.listen();
    }

    /// A phone says something.
    fn say(&mut self, (name, bytes): (String, Vec<u8>)) {
        let flow = Phone::flow(&name);
        self.input(Input::Sip(demarc_sip::Input::Message { flow, bytes }));
    }

    /// Listens to what the node says, and lets the world answer what it answers by itself.
    fn listen(&mut self) {
        while let Some(output) = self.node.poll_output() {
            match output {
                Output::SipSend { flow, bytes } => {
                    let name = Phone::name_of(flow.remote);
                    let phone = self.phones.get(&name);
                    let (row, answers) = phone.hear(bytes);
                    if let Some(row) = row {
                        self.write(&format!("sip {name} {row}"));
                    }
                    for answer in answers {
                        self.later(
                            Duration::ZERO,
                            Input::Sip(demarc_sip::Input::Message { flow, bytes: answer }),
                        );
                    }
                }
                Output::SipResolve { host, port, transport } => {
                    self.write(&format!("resolve {host}"));
                    let flows = Phone::resolve(&host, port, transport);
                    let resolved = demarc_sip::Input::Resolved { host, port, transport, flows };
                    self.later(Duration::ZERO, Input::Sip(resolved));
                }
                Output::Line { channel, command } => {
                    self.write(&format!("line {channel} {}", render::line(&command)));
                }
                Output::R2 { span, command } => {
                    let (row, answer) = self.r2.hear(&command);
                    self.write(&format!("r2 {row}"));
                    if let Some(event) = answer {
                        self.later(Duration::ZERO, Input::R2 { span, event });
                    }
                }
                Output::Isdn { span, command } => {
                    let (row, answer) = self.isdn.hear(&command);
                    self.write(&format!("isdn {row}"));
                    if let Some(event) = answer {
                        self.later(Duration::ZERO, Input::Isdn { span, event });
                    }
                }
                Output::Media(command) => {
                    if let Some(row) = self.media.row(&command) {
                        self.write(&format!("media {row}"));
                    }
                    if let Some((after, event)) = self.media.hear(&command) {
                        self.later(after, Input::Media(event));
                    }
                }
                Output::Learned { .. } => {}
                Output::Probed { channel, what } => self.write(&format!("probe {channel} {what:?}")),
                Output::Setting { extension, setting } => {
                    self.write(&format!("setting {extension} {setting:?}"));
                    // As the daemon does: stored, and then in force.
                    assert!(self.config.set(extension, &setting), "{setting:?} changes nothing");
                    self.config.validate().unwrap_or_else(|errors| panic!("{setting:?}: {errors:?}"));
                    self.later(Duration::ZERO, Input::Config(Arc::new(self.config.clone())));
                }
                Output::Record(record) => {
                    let count = self.records.entry(record.call.0).or_default();
                    if record.ended_ms.is_some() {
                        *count += 1;
                        assert_eq!(*count, 1, "call {} has two last records", record.call);
                        self.write(&render::record(&record));
                    }
                }
            }
        }
    }

    fn later(&mut self, after: Duration, input: Input) {
        self.count += 1;
        self.later.insert((self.time + after, self.count), input);
    }

    fn write(&mut self, row: &str) {
        if !self.silent {
            self.rows.push(format!("{:>9.3} ← {row}", self.time.as_secs_f64()));
        }
    }

    /// When all is quiet no stream is open, no call lives on the D channel, and nobody is busy.
    fn check_nothing_is_left(&self) {
        let story = || self.rows.join("\n");
        let open: Vec<_> = self.records.iter().filter(|(_, ends)| **ends != 1).collect();
        assert!(open.is_empty(), "records without an end: {open:?}\n{}", story());
        assert!(self.media.open().is_empty(), "streams are left open: {:?}\n{}", self.media.open(), story());
        assert!(self.isdn.is_empty(), "ISDN calls are left\n{}", story());
        assert!(self.r2.is_empty(), "R2 calls are left\n{}", story());
        assert!(self.live().calls.is_empty(), "calls are left\n{}", story());
    }
}

/// The cards of the default gateway.
pub fn hardware() -> Vec<SpanInfo> {
    let span = |id, name: &str, kind, ports: Vec<PortKind>| SpanInfo {
        id: SpanId(id),
        name: name.into(),
        kind,
        companding: Companding::ALaw,
        ports: (1..).zip(ports).map(|(slot, kind)| Port { id: ChannelId::new(id, slot), kind }).collect(),
    };
    let mut e1 = vec![PortKind::Bearer; 31];
    e1[15] = PortKind::DChannel;
    vec![
        span(1, "E1", SpanKind::E1, e1),
        span(2, "FXO", SpanKind::Analog, vec![PortKind::Fxo; 4]),
        span(3, "FXS", SpanKind::Analog, vec![PortKind::Fxs; 4]),
    ]
}

/// The cards as a configuration sets them up.
fn cards(config: &Config) -> Vec<SpanInfo> {
    let mut cards = hardware();
    for card in &mut cards {
        let Some(span) = config.spans.iter().find(|span| span.id == card.id) else { continue };
        let slots = 1..=card.kind.slots();
        let ports = slots.filter_map(|slot| {
            let kind = span.signalling.port(card.kind, slot)?;
            Some(Port { id: ChannelId { span: card.id, slot }, kind })
        });
        card.ports = ports.collect();
    }
    cards
}

/// A configuration with one change: `/system/ring_timeout_s = 20`, or `/devices/0 removed`.
/// The trunk that a template makes, with the box at the peer's address.
fn trunk_of(template: &str, id: TrunkId) -> Trunk {
    let template = TrunkTemplate::named(template).unwrap_or_else(|| panic!("no template {template}"));
    let peer = SipPeer { host: "peer.example".into(), ..template.peer };
    Trunk { id, name: template.maker.into(), enabled: true, kind: TrunkKind::Sip(peer) }
}

fn changed(config: &Config, change: &str) -> Config {
    let mut json = serde_json::to_value(config).expect("a configuration");
    if let Some(pointer) = change.strip_suffix(" removed") {
        let (list, index) = pointer.rsplit_once('/').expect("a list item");
        let index: usize = index.parse().expect("a position");
        json.pointer_mut(list).and_then(|list| list.as_array_mut()).expect("a list").remove(index);
    } else {
        let (pointer, value) = change.split_once(" = ").unwrap_or_else(|| panic!("not a change: {change}"));
        let value = serde_json::from_str(value).unwrap_or_else(|error| panic!("{change}: {error}"));
        match json.pointer_mut(pointer) {
            Some(place) => *place = value,
            None => panic!("the configuration has no {pointer}"),
        }
    }
    serde_json::from_value(json).unwrap_or_else(|error| panic!("{change}: {error}"))
}

fn channel_id(text: &str) -> ChannelId {
    let (span, slot) = text.split_once('/').expect("span/slot");
    ChannelId::new(span.parse().expect("a span"), slot.parse().expect("a slot"))
}

fn line_event(text: &str) -> LineEvent {
    use LineEvent::*;
    let plain = [
        RingStarted,
        RingStopped,
        PolarityReversed,
        LoopBreak,
        BatteryLost,
        BatteryRestored,
        LineInUse,
        LineFree,
        OffHook,
        OnHook,
        Flash,
        Wink,
        Gone,
    ];
    if let Some(digit) = text.strip_prefix("Pulse") {
        return PulseDigit(digit.chars().next().expect("a digit"));
    }
    plain.into_iter().find(|event| format!("{event:?}") == text).unwrap_or_else(|| panic!("no event {text}"))
}
