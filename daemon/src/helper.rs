//! The helper process of a span: started, listened to, and started again when it dies.
//!
//! The daemon keeps the channels open and hands the helper copies of their descriptors, so that a
//! new helper continues where the old one died.

mod isdn;
mod r2;

pub use isdn::Isdn;
pub use r2::R2;

use demarc_helper::socket::{Received, Socket};
use demarc_model::{Instant, SpanId};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::os::fd::{AsFd, BorrowedFd};
use std::path::{Path, PathBuf};
use std::process::Child;
use std::time::Duration;

/// The first pause before a dead helper is started again; it doubles up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// A helper that lived this long is not in a crash loop.
const STEADY: Duration = Duration::from_secs(60);

/// Where the helper programs are.
#[derive(Debug, Clone)]
pub struct Programs {
    /// Speaks ISDN.
    pub isdn: PathBuf,
    /// Speaks MFC/R2.
    pub r2: PathBuf,
}

/// What one kind of helper speaks, and what it is handed at its start.
pub trait Tongue {
    /// What it is told.
    type Command: Serialize;
    /// What it says.
    type Event: DeserializeOwned;
    /// How the span is run.
    type Settings: Clone + PartialEq;
    /// In logs.
    const NAME: &'static str;

    /// The first words of a new helper, with the descriptors of its channels.
    ///
    /// # Errors
    /// When it does not take them.
    fn begin(&self, settings: &Self::Settings, socket: &Socket) -> std::io::Result<()>;
}

/// The link to the helper of one span.
#[derive(Debug)]
pub struct Link<T: Tongue> {
    span: SpanId,
    program: PathBuf,
    settings: T::Settings,
    tongue: T,
    running: Option<Running>,
    pause: Duration,
    /// We ended it ourselves, for new settings.
    ended: bool,
    /// When a dead helper is started again.
    restart_at: Option<Instant>,
}

#[derive(Debug)]
struct Running {
    child: Child,
    socket: Socket,
    since: Instant,
}

impl<T: Tongue> Link<T> {
    /// A link without a helper: [`Link::handle_timeout`] starts it at once.
    pub fn new(now: Instant, span: SpanId, program: &Path, settings: T::Settings, tongue: T) -> Self {
        Self {
            span,
            program: program.to_owned(),
            settings,
            tongue,
            running: None,
            pause: FIRST_PAUSE,
            ended: false,
            restart_at: Some(now),
        }
    }

    /// Whose span.
    pub fn span(&self) -> SpanId {
        self.span
    }

    /// How the span is run.
    pub fn settings(&self) -> &T::Settings {
        &self.settings
    }

    /// Readable when the helper has something to say, or has died.
    pub fn wake_fd(&self) -> Option<BorrowedFd<'_>> {
        self.running.as_ref().map(|running| running.socket.as_fd())
    }

    /// When [`Link::handle_timeout`] is due.
    pub fn poll_timeout(&self) -> Option<Instant> {
        self.restart_at
    }

    /// Starts the helper when it is time to; true when it runs now and has a new descriptor.
    pub fn handle_timeout(&mut self, now: Instant) -> bool {
        if self.restart_at.is_none_or(|at| at > now) {
            return false;
        }
        self.restart_at = None;
        match self.start() {
            Ok((child, socket)) => {
                tracing::info!(span = %self.span, pid = child.id(), "the {} helper runs", T::NAME);
                self.running = Some(Running { child, socket, since: now });
                true
            }
            Err(error) => {
                tracing::error!(
                    span = %self.span, program = %self.program.display(), %error,
                    "the {} helper cannot be started", T::NAME
                );
                self.schedule(now);
                false
            }
        }
    }

    /// Runs the span otherwise from the next start of the helper on, which is now: its calls end.
    pub fn reconfigure(&mut self, settings: T::Settings) {
        self.settings = settings;
        self.pause = FIRST_PAUSE;
        if let Some(running) = &mut self.running {
            // Its death is noticed as any other, and the new helper has the new settings.
            let _ = running.child.kill();
            self.ended = true;
        }
    }

    /// Tells the helper something. While there is none the order is dropped: its calls are gone.
    pub fn send(&mut self, command: &T::Command) {
        let Some(running) = &self.running else { return };
        if let Err(error) = running.socket.send(command, None) {
            tracing::warn!(span = %self.span, %error, "the {} helper does not take an order", T::NAME);
        }
    }

    /// The next thing that the helper says; `Err` once when it has died.
    ///
    /// # Errors
    /// [`Gone`]: its calls have ended with it.
    pub fn poll_event(&mut self, now: Instant) -> Result<Option<T::Event>, Gone> {
        loop {
            let Some(running) = &self.running else { return Ok(None) };
            match running.socket.recv::<T::Event>() {
                Received::Message(event, _) => return Ok(Some(event)),
                Received::Nothing => return Ok(None),
                Received::Bad(error) => {
                    tracing::warn!(span = %self.span, %error, "the {} helper said something odd", T::NAME);
                }
                Received::Closed => {
                    self.bury(now);
                    return Err(Gone);
                }
            }
        }
    }

    fn start(&self) -> std::io::Result<(Child, Socket)> {
        let (mut child, socket) = Socket::spawn(&self.program)?;
        if let Err(error) = self.tongue.begin(&self.settings, &socket) {
            let _ = child.kill();
            let _ = child.wait();
            return Err(error);
        }
        Ok((child, socket))
    }

    fn bury(&mut self, now: Instant) {
        let Some(mut running) = self.running.take() else { return };
        // It may have closed its socket without dying.
        let _ = running.child.kill();
        let status = running.child.wait();
        if std::mem::take(&mut self.ended) {
            tracing::info!(span = %self.span, "the {} helper is started anew with new settings", T::NAME);
        } else {
            tracing::error!(span = %self.span, ?status, "the {} helper is gone; its calls ended", T::NAME);
        }
        if now.since(running.since) >= STEADY {
            self.pause = FIRST_PAUSE;
        }
        self.schedule(now);
    }

    fn schedule(&mut self, now: Instant) {
        self.restart_at = Some(now + self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
    }
}

impl<T: Tongue> Drop for Link<T> {
    fn drop(&mut self) {
        if let Some(mut running) = self.running.take() {
            let _ = running.child.kill();
            let _ = running.child.wait();
        }
    }
}

/// The helper died.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the helper is gone")]
pub struct Gone;
