//! The driver: spans found, numbered, configured, opened and watched.

use crate::bearer::DahdiBearer;
use crate::cards::{self, Inventory};
use crate::channel::Channel;
use crate::clock::{Beat, DahdiClock};
use crate::configure::{self, Configured};
use crate::dchannel;
use crate::device::{Control, gone, is, os};
use crate::echo::Cancellers;
use crate::gain;
use crate::line::{self, DahdiLine};
use crate::numbering::Numbering;
use crate::probe::Probe;
use crate::span::{Slot, Span};
use crate::status;
use crate::sys::Plain;
use crate::sys::abi::{LineConfig, maint};
use crate::sysfs::{self, Device};
use crate::watch::Watch;
use demarc_hal::{
    Alarm, Bearer, Card, CasChannel, CasForm, ChannelId, Clock, DChannel, Defect, Driver, DriverEvent, Error,
    Line, LineSettings, Maintenance, PortKind, SignallingSeen, SpanId, SpanInfo, SpanKind, SpanSettings,
    SpanStatus,
};
use nix::errno::Errno;
use std::collections::{BTreeMap, VecDeque};
use std::os::fd::BorrowedFd;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

/// Events that wait for their reader at most. One more of a kind says nothing new.
const WAITING: usize = 512;

/// Where the kernel shows itself.
#[derive(Debug, Clone)]
pub struct Paths {
    /// Device files: `/dev/dahdi`.
    pub dev: PathBuf,
    /// `/sys`.
    pub sys: PathBuf,
    /// `/proc`.
    pub proc: PathBuf,
    /// Modules of every kernel: `/lib/modules`.
    pub modules: PathBuf,
    /// Firmware that the kernel loads: `/lib/firmware`.
    pub firmware: PathBuf,
    /// Firmware of Astribanks: `/usr/share/dahdi`.
    pub astribank: PathBuf,
    /// Settings of Sangoma's driver: `/etc/wanpipe`.
    pub wanpipe: PathBuf,
    /// The kernel's log: `/dev/kmsg`.
    pub kmsg: PathBuf,
}

impl Default for Paths {
    fn default() -> Self {
        Self {
            dev: "/dev/dahdi".into(),
            sys: "/sys".into(),
            proc: "/proc".into(),
            modules: "/lib/modules".into(),
            firmware: "/lib/firmware".into(),
            astribank: "/usr/share/dahdi".into(),
            wanpipe: "/etc/wanpipe".into(),
            kmsg: "/dev/kmsg".into(),
        }
    }
}

/// The driver of every card that has a DAHDI module.
pub struct DahdiDriver {
    paths: Paths,
    control: Control,
    numbering: Numbering,
    /// The numbering that [`Driver::memory`] gave last.
    remembered: Option<Numbering>,
    cancellers: Cancellers,
    spans: BTreeMap<SpanId, Span>,
    inventory: Inventory,
    events: VecDeque<DriverEvent>,
    watch: Watch,
    clock_open: bool,
    /// Of that clock.
    beat: Arc<Beat>,
    /// Signalling channels that are looked at.
    probes: Mutex<BTreeMap<SpanId, Probe>>,
}

impl DahdiDriver {
    /// Finds what is there. `numbering` is what [`DahdiDriver::numbering`] gave at the last run. Without
    /// DAHDI there are no spans, but cards that wait for it; they arrive when it is loaded.
    ///
    /// # Errors
    /// [`Error::Os`] when DAHDI is loaded and we may not use it.
    pub fn new(paths: Paths, numbering: Numbering) -> Result<Self, Error> {
        let control = Control::new(&paths.dev)?;
        let mut driver = Self {
            paths,
            control,
            remembered: Some(numbering.clone()),
            numbering,
            cancellers: Cancellers::default(),
            spans: BTreeMap::new(),
            inventory: Inventory::default(),
            events: VecDeque::new(),
            watch: Watch::new()?,
            clock_open: false,
            beat: Arc::default(),
            probes: Mutex::default(),
        };
        driver.scan();
        driver.events.clear();
        Ok(driver)
    }

    /// DAHDI is there. Without it a gateway has only cards that wait, and no clock of theirs.
    pub fn is_loaded(&self) -> bool {
        self.control.is_loaded()
    }

    /// The numbers given out so far, to be kept.
    pub fn numbering(&self) -> &Numbering {
        &self.numbering
    }

    /// The hardware of a span: its device, and which of its ports it is.
    pub fn hardware(&self, span: SpanId) -> Option<(&Device, u32)> {
        self.spans.get(&span).map(|span| (&span.found.device, span.found.port))
    }

    /// Compares what is there with what was.
    fn scan(&mut self) {
        // What these do is seen in a moment: the kernel tells when it has.
        cards::astribank::register(&self.paths.sys);
        sysfs::assign(&self.paths.sys);
        let mut found = BTreeMap::new();
        for span in sysfs::spans(&self.paths.sys) {
            if let Some(id) = self.numbering.number(span.device.identity(), span.port) {
                found.insert(id, span);
            }
        }
        let away: Vec<SpanId> = self.spans.values().filter(|span| span.present).map(|span| span.id).collect();
        for id in away {
            let still = found.get(&id).zip(self.spans.get(&id)).is_some_and(|(now, span)| *now == span.found);
            if !still {
                self.lose(id);
            }
        }
        for (id, span) in found {
            // A card that is being pulled out is still listed for a second.
            let known = self.spans.get(&id);
            if !known.is_some_and(|known| known.present || known.found.appearance == span.appearance) {
                self.spans.insert(id, Span::new(id, span, &self.control));
                self.prepare_analog(id);
                self.say(DriverEvent::Arrived(id));
            }
        }
        self.look_at_cards();
    }

    /// Looks at the cards again.
    fn look_at_cards(&mut self) {
        let mut devices: Vec<(Device, Vec<SpanId>)> =
            sysfs::devices(&self.paths.sys).into_iter().map(|device| (device, Vec::new())).collect();
        for span in self.spans.values().filter(|span| span.present) {
            let device = devices.iter_mut().find(|(device, _)| device.name == span.found.device.name);
            if let Some((_, spans)) = device {
                spans.push(span.id);
            }
        }
        if self.inventory.look(&self.paths, &devices) {
            self.say(DriverEvent::CardsChanged);
        }
    }

    /// A span's card has vanished.
    fn lose(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        span.present = false;
        self.probes.get_mut().unwrap_or_else(PoisonError::into_inner).remove(&id);
        for slot in &span.channels {
            if let Some(copy) = slot.lent().take() {
                self.watch.forget(&*copy);
            }
        }
        self.say(DriverEvent::Gone(id));
    }

    fn say(&mut self, event: DriverEvent) {
        if !self.events.contains(&event) && self.events.len() < WAITING {
            self.events.push_back(event);
            self.watch.ring();
        }
    }

    /// Analog ports need no settings of ours to be used: they begin with kewl start.
    fn prepare_analog(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.kind == SpanKind::Analog) else { return };
        let number = span.found.number;
        for index in 0..span.channels.len() {
            // A port that cannot be set up says so when it is opened.
            let _ = configure_analog(&self.control, &mut self.cancellers, span, index);
        }
        let _ = self.control.start(number);
    }

    fn span(&self, id: SpanId) -> Result<&Span, Error> {
        let span = self.spans.get(&id).ok_or(Error::NoSuchSpan(id))?;
        if span.present { Ok(span) } else { Err(Error::Gone) }
    }

    fn span_mut(&mut self, id: SpanId) -> Result<&mut Span, Error> {
        let span = self.spans.get_mut(&id).ok_or(Error::NoSuchSpan(id))?;
        if span.present { Ok(span) } else { Err(Error::Gone) }
    }

    /// A channel's span, place among its channels, and kind.
    fn port(&mut self, at: ChannelId) -> Result<(&mut Span, usize, PortKind), Error> {
        let span = self.spans.get_mut(&at.span).ok_or(Error::NoSuchPort(at))?;
        let index =
            span.channels.iter().position(|slot| slot.slot == at.slot).ok_or(Error::NoSuchPort(at))?;
        let kind = span.channels.get(index).and_then(|slot| span.port(slot)).ok_or(Error::NoSuchPort(at))?;
        if span.present { Ok((span, index, kind)) } else { Err(Error::Gone) }
    }

    /// A channel that is open, or opens now.
    fn channel(&mut self, at: ChannelId) -> Result<Arc<Channel>, Error> {
        self.end_probe(at.span)?;
        let dev = self.paths.dev.clone();
        let (span, index, _) = self.port(at)?;
        let slot = span.channels.get_mut(index).ok_or(Error::NoSuchPort(at))?;
        if let Some(open) = slot.open.upgrade() {
            return Ok(open);
        }
        let open = Arc::new(Channel::open(&dev, at, slot.number)?);
        slot.open = Arc::downgrade(&open);
        Ok(open)
    }

    /// Lets go of the copy of a descriptor whose owner has closed it.
    ///
    /// # Errors
    /// [`Error::Busy`] when the owner still has it.
    fn reclaim(&self, at: ChannelId) -> Result<(), Error> {
        let slot = self.span(at.span)?.channels.iter().find(|slot| slot.slot == at.slot);
        let Some(slot) = slot else { return Ok(()) };
        let mut lent = slot.lent();
        let Some(copy) = lent.take() else { return Ok(()) };
        if copy.has_duplicate() {
            *lent = Some(copy);
            return Err(Error::Busy(at));
        }
        copy.lent.store(false, Ordering::Relaxed);
        self.watch.forget(&*copy);
        Ok(())
    }

    /// Keeps a copy of a descriptor that is handed out.
    fn keep(&mut self, at: ChannelId, copy: Arc<Channel>) -> Result<(), Error> {
        let (span, index, _) = self.port(at)?;
        if let Some(slot) = span.channels.get_mut(index) {
            *slot.lent() = Some(copy);
        }
        Ok(())
    }

    /// Ends a look at the signalling channel of a span.
    fn end_probe(&self, id: SpanId) -> Result<(), Error> {
        let probe = self.probes.lock().unwrap_or_else(PoisonError::into_inner).remove(&id);
        let (Some(probe), Ok(span)) = (probe, self.span(id)) else { return Ok(()) };
        match span.signalling_slot() {
            Some(slot) => probe.end(&self.control, slot.config()),
            None => Ok(()),
        }
    }

    /// Looks at the alarms of a span again.
    fn look(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        match self.control.span_info(span.found.number) {
            Ok(info) if info.alarms != span.alarms => {
                span.alarms = info.alarms;
                self.say(DriverEvent::AlarmsChanged(id));
            }
            Ok(_) => {}
            // The kernel knows the number no more.
            Err(_) => self.lose(id),
        }
    }

    /// Takes what has happened.
    fn service(&mut self) {
        let news = self.watch.take();
        for id in self.spans.keys().copied().collect::<Vec<_>>() {
            if news.tick {
                self.look(id);
            }
            self.listen(id);
        }
        if news.hardware {
            self.scan();
        }
    }

    /// Takes the events of a span's D channel.
    fn listen(&mut self, id: SpanId) {
        let Some(span) = self.spans.get_mut(&id).filter(|span| span.present) else { return };
        let mut alarms = false;
        let mut vanished = false;
        for slot in &span.channels {
            let Some(copy) = slot.lent().clone().filter(|copy| !copy.lent.load(Ordering::Relaxed)) else {
                continue;
            };
            let news = dchannel::listen(&copy);
            span.bad_frames += news.bad_frames;
            alarms |= news.alarms;
            vanished |= news.gone;
        }
        if vanished {
            self.lose(id);
        } else if alarms {
            self.look(id);
        }
    }

    /// Refuses a change of signalling under an open channel.
    fn check_closed(&mut self, id: SpanId, plan: &configure::Plan) -> Result<(), Error> {
        for (slot, wanted) in &plan.channels {
            let at = ChannelId { span: id, slot: *slot };
            let channel = self.span(id)?.channels.iter().find(|channel| channel.slot == *slot);
            if channel.is_some_and(|channel| channel.configured != Some(*wanted)) {
                self.close(at)?;
            }
        }
        Ok(())
    }

    /// Sees to it that a channel is closed.
    ///
    /// # Errors
    /// [`Error::Busy`] when somebody has it open.
    fn close(&mut self, at: ChannelId) -> Result<(), Error> {
        self.reclaim(at)?;
        let open = self.span(at.span)?.channels.iter().find(|channel| channel.slot == at.slot);
        let busy = open.is_some_and(|channel| channel.open.strong_count() > 0);
        if busy { Err(Error::Busy(at)) } else { Ok(()) }
    }
}

/// Sets up one channel, if it is not set up like this already.
fn configure_channel(
    control: &Control,
    cancellers: &mut Cancellers,
    slot: &mut Slot,
    wanted: Configured,
) -> Result<(), Error> {
    // Somebody else, `dahdi_cfg` for one, may have set it to something meanwhile: the kernel lets everybody.
    let still = || control.params(slot.number).is_ok_and(|params| params.sigtype == wanted.signalling);
    if slot.configured == Some(wanted) && still() {
        return Ok(());
    }
    slot.configured = None;
    control.configure_channel(wanted.of(slot.number)).map_err(os("setting the signalling of a channel"))?;
    if wanted.canceller {
        cancellers.attach(control, slot.number)?;
    } else {
        control.attach_canceller(slot.number, "").map_err(os("taking an echo canceller away"))?;
    }
    slot.configured = Some(wanted);
    Ok(())
}

fn configure_analog(
    control: &Control,
    cancellers: &mut Cancellers,
    span: &mut Span,
    index: usize,
) -> Result<(), Error> {
    let law = span.companding;
    let Some(slot) = span.channels.get(index) else { return Ok(()) };
    let Some(kind) = span.port(slot) else { return Ok(()) };
    let wanted = configure::port(kind, span.kind, slot.capability, law, &slot.settings)?;
    let Some(slot) = span.channels.get_mut(index) else { return Ok(()) };
    configure_channel(control, cancellers, slot, wanted)
}

impl Driver for DahdiDriver {
    fn spans(&self) -> Vec<SpanInfo> {
        self.spans.values().map(Span::info).collect()
    }

    fn open_line(&mut self, channel: ChannelId) -> Result<Box<dyn Line>, Error> {
        let (span, index, kind) = self.port(channel)?;
        if !matches!(kind, PortKind::Fxo | PortKind::Fxs | PortKind::EAndM) {
            return Err(Error::WrongKind(channel));
        }
        let law = span.companding;
        let settings = span.channels.get(index).map(|slot| slot.settings.clone()).unwrap_or_default();
        Ok(Box::new(DahdiLine::open(self.channel(channel)?, kind, law, &settings)?))
    }

    fn open_dchannel(&mut self, channel: ChannelId) -> Result<DChannel, Error> {
        let (_, _, kind) = self.port(channel)?;
        if kind != PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        self.reclaim(channel)?;
        let open = self.channel(channel)?;
        dchannel::prepare(&open)?;
        let fd = open.duplicate()?;
        self.watch.events_of(&*open)?;
        self.keep(channel, open)?;
        Ok(DChannel { fd })
    }

    fn open_bearer(&mut self, channel: ChannelId) -> Result<Box<dyn Bearer>, Error> {
        let (span, _, kind) = self.port(channel)?;
        let law = span.companding;
        if kind == PortKind::DChannel {
            return Err(Error::WrongKind(channel));
        }
        let beat = self.beat.clone();
        Ok(Box::new(DahdiBearer::open(self.channel(channel)?, law, beat)?))
    }

    fn open_cas(&mut self, channel: ChannelId) -> Result<CasChannel, Error> {
        let (_, _, kind) = self.port(channel)?;
        if kind != PortKind::Cas {
            return Err(Error::WrongKind(channel));
        }
        self.reclaim(channel)?;
        let open = self.channel(channel)?;
        let fd = open.duplicate()?;
        open.lent.store(true, Ordering::Relaxed);
        self.keep(channel, open)?;
        Ok(CasChannel { fd, form: CasForm::Dahdi })
    }

    fn open_clock(&mut self) -> Result<Option<Box<dyn Clock>>, Error> {
        if self.clock_open || !self.control.is_loaded() {
            return Ok(None);
        }
        let clock = DahdiClock::open(&self.paths.dev, self.beat.clone())?;
        self.clock_open = true;
        Ok(Some(Box::new(clock)))
    }

    fn configure_line(&mut self, channel: ChannelId, settings: &LineSettings) -> Result<(), Error> {
        let (span, index, kind) = self.port(channel)?;
        if !matches!(kind, PortKind::Fxo | PortKind::Fxs | PortKind::EAndM) {
            return Err(Error::WrongKind(channel));
        }
        gain::check(settings)?;
        let law = span.companding;
        let slot = span.channels.get(index).ok_or(Error::NoSuchPort(channel))?;
        let wanted = configure::port(kind, span.kind, slot.capability, law, settings)?;
        let open = slot.open.upgrade();
        if open.is_some() && slot.configured.is_some_and(|configured| configured != wanted) {
            return Err(Error::Busy(channel));
        }
        // A channel bank that has not been configured takes the settings along when it is.
        let configured = slot.configured.is_some() || span.kind == SpanKind::Analog;
        let span = self.spans.get_mut(&channel.span).ok_or(Error::NoSuchPort(channel))?;
        let slot = span.channels.get_mut(index).ok_or(Error::NoSuchPort(channel))?;
        slot.settings = settings.clone();
        if configured {
            configure_channel(&self.control, &mut self.cancellers, slot, wanted)?;
        }
        open.map_or(Ok(()), |open| line::set_up(&open, law, settings))
    }

    fn configure_span(&mut self, id: SpanId, settings: &SpanSettings) -> Result<(), Error> {
        let plan = self.span(id)?.plan(settings)?;
        self.end_probe(id)?;
        self.check_closed(id, &plan)?;
        let span = self.spans.get_mut(&id).ok_or(Error::NoSuchSpan(id))?;
        let number = span.found.number;
        if span.line != Some(plan.line) {
            let info = self.control.span_info(number).map_err(os("asking for a span"))?;
            // What is only a hint is left out where the card does not know it.
            let lineconfig = plan.line.lineconfig & (info.linecompat | !plan.line.optional);
            let config = LineConfig {
                span: number,
                lbo: plan.line.lbo,
                lineconfig,
                sync: plan.line.sync,
                ..LineConfig::zeroed()
            };
            self.control.configure_span(config).map_err(|error| match error {
                error if is(&error, Errno::EINVAL) => {
                    Error::Unsupported("that framing or line code on this card")
                }
                error => os("setting up a span")(error),
            })?;
            span.line = Some(plan.line);
        }
        for (place, wanted) in plan.channels {
            let slot = span.channels.iter_mut().find(|slot| slot.slot == place);
            if let Some(slot) = slot {
                configure_channel(&self.control, &mut self.cancellers, slot, wanted)?;
            }
        }
        span.signalling = Some(settings.signalling.clone());
        self.control.start(number).map_err(os("starting a span"))?;
        self.look(id);
        Ok(())
    }

    fn line_modes(&self, span: SpanId) -> Vec<SpanKind> {
        // The kernel does not say which cards can be switched; those that cannot refuse.
        match self.spans.get(&span).map(|span| span.found.kind.as_str()) {
            Some("E1" | "T1" | "J1") => vec![SpanKind::E1, SpanKind::T1],
            _ => Vec::new(),
        }
    }

    fn set_line_mode(&mut self, id: SpanId, mode: SpanKind) -> Result<(), Error> {
        let span = self.span(id)?;
        let word = match mode {
            SpanKind::E1 => "E1",
            SpanKind::T1 => "T1",
            _ => return Err(Error::Unsupported("that line mode")),
        };
        if span.kind == mode {
            return Ok(());
        }
        self.end_probe(id)?;
        let span = self.span(id)?;
        let places: Vec<u8> = span.channels.iter().map(|slot| slot.slot).collect();
        for slot in places {
            self.close(ChannelId { span: id, slot })?;
        }
        let result = sysfs::set_line_mode(&self.span(id)?.found, word);
        // Whatever came of it, the kernel has made the span anew.
        self.spans.remove(&id);
        self.scan();
        result.map_err(|error| match error {
            error if is(&error, Errno::EINVAL) || error.kind() == std::io::ErrorKind::Unsupported => {
                Error::Unsupported("another line mode on this card")
            }
            error => os("switching the line mode")(error),
        })
    }

    fn signalling_seen(&self, id: SpanId) -> Result<SignallingSeen, Error> {
        let span = self.span(id)?;
        let nothing = Error::Unsupported("a look at the signalling channel of this span, as it is now");
        let Some(slot) = span.signalling_slot().filter(|_| span.line.is_some()) else { return Err(nothing) };
        let at = ChannelId { span: id, slot: slot.slot };
        if self.reclaim(at).is_err() || slot.open.strong_count() > 0 {
            return Err(nothing);
        }
        let mut probes = self.probes.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(probe) = probes.get_mut(&id) {
            let Some(seen) = probe.look() else { return Err(nothing) };
            drop(probes);
            self.end_probe(id)?;
            return Ok(seen);
        }
        match Probe::begin(&self.control, &self.paths.dev, at, slot.number) {
            // It takes a while: ask again.
            Ok(probe) => {
                probes.insert(id, probe);
                Err(nothing)
            }
            // The framer looks itself, and has an alarm when it does not find one.
            Err(Error::Unsupported(_)) if span.kind == SpanKind::E1 => {
                let lost = [Alarm::Red, Alarm::Blue, Alarm::LossOfFrame, Alarm::LossOfMultiframe];
                let status = self.span_status(id)?;
                let aligned = !status.alarms.iter().any(|alarm| lost.contains(alarm));
                Ok(if aligned { SignallingSeen::Multiframe } else { SignallingSeen::Nothing })
            }
            Err(error) => {
                let _ = self.control.configure_channel(slot.config());
                Err(error)
            }
        }
    }

    fn span_status(&self, id: SpanId) -> Result<SpanStatus, Error> {
        let span = self.span(id)?;
        let info = self.control.span_info(span.found.number).map_err(|_| Error::Gone)?;
        let status = status::status(&info);
        Ok(SpanStatus { bad_frames: span.bad_frames, maintenance: span.maintenance, ..status })
    }

    fn maintain(&mut self, id: SpanId, maintenance: Maintenance) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, status::maintenance(maintenance), "that maintenance on this card")?;
        self.span_mut(id)?.maintenance = maintenance;
        self.look(id);
        Ok(())
    }

    fn insert(&mut self, id: SpanId, defect: Defect) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, status::defect(defect), "that error on this card")
    }

    fn reset_counters(&mut self, id: SpanId) -> Result<(), Error> {
        let number = self.span(id)?.found.number;
        self.maintenance(number, maint::RESET_COUNTERS, "resetting counters on this card")?;
        self.span_mut(id)?.bad_frames = 0;
        Ok(())
    }

    fn cards(&self) -> Vec<Card> {
        self.inventory.cards()
    }

    fn memory(&mut self) -> Option<String> {
        if self.remembered.as_ref() == Some(&self.numbering) {
            return None;
        }
        self.remembered = Some(self.numbering.clone());
        serde_json::to_string_pretty(&self.numbering).ok()
    }

    fn poll_event(&mut self) -> Option<DriverEvent> {
        if self.events.is_empty() {
            self.service();
        }
        let event = self.events.pop_front();
        if self.events.is_empty() {
            self.watch.silence();
        }
        event
    }

    fn wake_fd(&self) -> BorrowedFd<'_> {
        self.watch.wake_fd()
    }
}

impl DahdiDriver {
    fn maintenance(&self, number: i32, command: i32, what: &'static str) -> Result<(), Error> {
        self.control.maintain(number, command).map_err(|error| match error {
            error if gone(&error) => Error::Gone,
            // A card without maintenance, one that does not know this, or knows no such span.
            error
                if [Errno::ENOSYS, Errno::EINVAL, Errno::ENOTTY]
                    .into_iter()
                    .any(|known| is(&error, known)) =>
            {
                Error::Unsupported(what)
            }
            error => os("maintenance")(error),
        })
    }
}
