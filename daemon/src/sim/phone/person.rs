//! One telephone and the person at it.

use super::Reply;
use super::ear::{Ear, Heard};
use super::tap::Tap;
use demarc_hal::{Bearer, Block, Companding, Line, LineCommand, LineEvent};
use demarc_media::{Engine, codec::g711};
use demarc_model::media::{Detect, Source, Tone, TonePart};
use demarc_model::{CallerId, ChannelId, Country, MediaCommand, MediaEvent, Room, StreamId};
use serde::{Deserialize, Serialize};
use std::os::fd::BorrowedFd;
use std::time::Duration;
use tokio::sync::oneshot;

/// The one stream of a telephone.
const STREAM: StreamId = StreamId::new(Room::Pstn, 1);
/// How long a person presses the recall key.
const FLASH: Duration = Duration::from_millis(100);
/// How long a key is pressed and let go, in milliseconds.
const KEY_MS: u16 = 80;
/// The longest that is listened or whistled at once, in milliseconds.
const LONGEST_MS: u32 = 30_000;
/// The most digits that are dialled at once.
const MOST_DIGITS: usize = 40;
/// Telephones ring with pauses of at most this many ticks of 20 ms: after a longer one they are
/// not being called any more.
const LONGEST_PAUSE: u32 = 6 * 50;

/// What the person is asked to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PhoneOrder {
    /// Lift the receiver.
    OffHook,
    /// Put it down.
    HangUp,
    /// Press keys: `0`–`9`, `*`, `#`, and `,` for half a second of patience.
    Dial(String),
    /// Turn a rotary dial: `0`–`9`.
    Pulse(String),
    /// Press the recall key.
    Flash,
    /// Listen for so many milliseconds (20–30000) and say what was heard.
    Listen(u32),
    /// Whistle 1004 Hz at −10 dBm0 for so many milliseconds.
    Whistle(u32),
    /// Look at the telephone.
    Look,
}

/// The telephone as the person sees it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PhoneState {
    /// Its end of the wires.
    pub port: ChannelId,
    /// The receiver is lifted.
    pub off_hook: bool,
    /// It rings.
    pub ringing: bool,
    /// How often it rang since it was last lifted.
    pub rings: u32,
    /// Who calls, when the exchange said so.
    pub caller: Option<CallerId>,
    /// What was heard, when that was asked.
    pub heard: Option<Heard>,
}

/// What the person is busy with.
enum Doing {
    Dialling,
    Listening { ear: Ear, ms: u64 },
}

/// One telephone and the person at it.
pub struct Person {
    port: ChannelId,
    country: Country,
    line: Box<dyn Line>,
    law: Companding,
    engine: Engine,
    audio: rtrb::Consumer<Block>,
    off_hook: bool,
    /// Ticks since the bell rang last.
    since_ring: Option<u32>,
    rings: u32,
    caller: Option<CallerId>,
    tones: Vec<String>,
    digits: String,
    busy: Option<(Doing, oneshot::Sender<Reply>)>,
}

impl Person {
    /// Somebody at a telephone.
    pub fn new(port: ChannelId, line: Box<dyn Line>, bearer: Box<dyn Bearer>, country: Country) -> Self {
        let law = bearer.companding();
        let (tap, audio) = Tap::new(bearer);
        let mut engine = Engine::new([(port, Box::new(tap) as Box<dyn Bearer>)]);
        engine.command(MediaCommand::OpenBearer { stream: STREAM, channel: port });
        let mut person = Self {
            port,
            country,
            line,
            law,
            engine,
            audio,
            off_hook: false,
            since_ring: None,
            rings: 0,
            caller: None,
            tones: Vec::new(),
            digits: String::new(),
            busy: None,
        };
        person.listen_for_caller_id();
        person
    }

    /// Readable when the line has something.
    pub fn wake_fd(&self) -> BorrowedFd<'_> {
        self.line.wake_fd()
    }

    /// Does as asked; the answer comes when it is done.
    pub fn obey(&mut self, order: PhoneOrder, reply: oneshot::Sender<Reply>) {
        if self.busy.is_some() && !matches!(order, PhoneOrder::HangUp | PhoneOrder::Look) {
            drop(reply.send(Err("the person is dialling or listening; wait, or hang up".into())));
            return;
        }
        match self.begin(order) {
            Ok(Some(doing)) => self.busy = Some((doing, reply)),
            Ok(None) => drop(reply.send(Ok(self.state(None)))),
            Err(why) => drop(reply.send(Err(why))),
        }
    }

    /// Looks at the line.
    pub fn look(&mut self) {
        while let Some(event) = self.line.poll_event() {
            match event {
                LineEvent::RingStarted => {
                    self.rings += 1;
                    self.since_ring = Some(0);
                }
                LineEvent::LoopBreak | LineEvent::BatteryLost => self.tones.push("disconnect".into()),
                _ => {}
            }
        }
    }

    /// 20 ms pass.
    pub fn tick(&mut self) {
        self.engine.tick();
        self.since_ring = self.since_ring.map(|ticks| ticks + 1).filter(|ticks| *ticks < LONGEST_PAUSE);
        while let Some(event) = self.engine.poll_event() {
            match event {
                MediaEvent::Digit { digit, .. } if self.digits.len() < MOST_DIGITS => self.digits.push(digit),
                MediaEvent::ProgressTone { tone, .. } if self.tones.len() < MOST_DIGITS => {
                    self.tones.push(format!("{tone:?}").to_lowercase());
                }
                MediaEvent::CallerId { caller, .. } => self.caller = Some(caller),
                MediaEvent::DigitsSent { .. } => self.done_dialling(),
                _ => {}
            }
        }
        self.listen();
    }

    fn begin(&mut self, order: PhoneOrder) -> Result<Option<Doing>, String> {
        match order {
            PhoneOrder::Look => Ok(None),
            PhoneOrder::OffHook => {
                self.tell(LineCommand::OffHook)?;
                self.off_hook = true;
                (self.since_ring, self.rings) = (None, 0);
                self.forget_heard();
                let detect = Detect { dtmf: true, progress: Some(self.country), ..Detect::default() };
                self.engine.command(MediaCommand::Detect { stream: STREAM, detect });
                Ok(None)
            }
            PhoneOrder::HangUp => {
                self.tell(LineCommand::OnHook)?;
                self.off_hook = false;
                self.caller = None;
                if let Some((_, reply)) = self.busy.take() {
                    drop(reply.send(Err("the receiver was put down".into())));
                }
                self.play(Source::Silence);
                self.listen_for_caller_id();
                Ok(None)
            }
            PhoneOrder::Flash => {
                self.lifted()?;
                self.tell(LineCommand::Flash(FLASH))?;
                Ok(None)
            }
            PhoneOrder::Dial(digits) => {
                self.lifted()?;
                checked(&digits, "0123456789*#,")?;
                let (on_ms, off_ms) = (KEY_MS, KEY_MS);
                self.engine.command(MediaCommand::SendDigits { stream: STREAM, digits, on_ms, off_ms });
                Ok(Some(Doing::Dialling))
            }
            PhoneOrder::Pulse(digits) => {
                self.lifted()?;
                checked(&digits, "0123456789")?;
                for digit in digits.chars() {
                    self.tell(LineCommand::PulseDigit(digit))?;
                }
                Ok(None)
            }
            PhoneOrder::Whistle(ms) => {
                self.lifted()?;
                let ms = ms.clamp(20, LONGEST_MS);
                let part = TonePart { f1: 1004.0, f2: 0.0, modulated: false, level_dbm0: -10.0, ms };
                self.play(Source::Tone(Tone { parts: vec![part], repeat: false }));
                Ok(None)
            }
            PhoneOrder::Listen(ms) => {
                self.lifted()?;
                self.forget_heard();
                while self.audio.pop().is_ok() {}
                let ms = u64::from(ms.clamp(20, LONGEST_MS));
                Ok(Some(Doing::Listening { ear: Ear::default(), ms }))
            }
        }
    }

    fn listen(&mut self) {
        let law = self.law;
        let audio = &mut self.audio;
        let blocks = std::iter::from_fn(|| audio.pop().ok());
        let samples = blocks.flat_map(|block| block.map(|octet| g711::decode(law, octet)));
        match &mut self.busy {
            Some((Doing::Listening { ear, .. }, _)) => ear.hear(samples),
            _ => samples.for_each(drop),
        }
        let full = |doing: &Doing| matches!(doing, Doing::Listening { ear, ms } if ear.ms() >= *ms);
        if self.busy.as_ref().is_some_and(|(doing, _)| full(doing))
            && let Some((Doing::Listening { ear, .. }, reply)) = self.busy.take()
        {
            let heard =
                ear.finish(self.law, std::mem::take(&mut self.tones), std::mem::take(&mut self.digits));
            drop(reply.send(Ok(self.state(Some(heard)))));
        }
    }

    fn done_dialling(&mut self) {
        if let Some((Doing::Dialling, reply)) =
            self.busy.take_if(|(doing, _)| matches!(doing, Doing::Dialling))
        {
            drop(reply.send(Ok(self.state(None))));
        }
    }

    fn state(&self, heard: Option<Heard>) -> PhoneState {
        PhoneState {
            port: self.port,
            off_hook: self.off_hook,
            ringing: self.since_ring.is_some(),
            rings: self.rings,
            caller: self.caller.clone(),
            heard,
        }
    }

    fn lifted(&self) -> Result<(), String> {
        if self.off_hook { Ok(()) } else { Err("the receiver is down; go off hook first".into()) }
    }

    fn tell(&mut self, command: LineCommand) -> Result<(), String> {
        self.line.command(command).map_err(|error| error.to_string())
    }

    fn play(&mut self, source: Source) {
        self.engine.command(MediaCommand::Play { stream: STREAM, source });
    }

    fn forget_heard(&mut self) {
        self.tones.clear();
        self.digits.clear();
    }

    fn listen_for_caller_id(&mut self) {
        let caller_id = Some(self.country.plan().caller_id.form);
        let detect = Detect { caller_id, ..Detect::default() };
        self.engine.command(MediaCommand::Detect { stream: STREAM, detect });
    }
}

fn checked(digits: &str, allowed: &str) -> Result<(), String> {
    if digits.is_empty() || digits.len() > MOST_DIGITS {
        return Err(format!("dial 1 to {MOST_DIGITS} digits"));
    }
    match digits.chars().find(|digit| !allowed.contains(*digit)) {
        Some(wrong) => Err(format!("{wrong:?} cannot be dialled; allowed are {allowed}")),
        None => Ok(()),
    }
}
