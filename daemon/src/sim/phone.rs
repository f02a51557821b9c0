//! The people at the simulated telephones.
//!
//! One thread plays them all: it holds the FXO ends of the telephone wires, dials with the tones or
//! pulses that a telephone makes, and writes down what the person would hear.

mod ear;
mod person;
mod tap;

pub use ear::Heard;
pub use person::{PhoneOrder, PhoneState};

use crate::wake::Bell;
use demarc_hal::Driver;
use demarc_model::Country;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::time::{TimeSpec, TimeValLike};
use nix::sys::timerfd::{ClockId, Expiration, TimerFd, TimerFlags, TimerSetTimeFlags};
use person::Person;
use std::os::fd::AsFd;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use tokio::sync::oneshot;

/// How many orders may wait.
const QUEUE: usize = 64;

/// What came of an order, or why it makes no sense now.
pub type Reply = Result<PhoneState, String>;

/// An order, and where its answer goes.
type Ordered = (usize, PhoneOrder, oneshot::Sender<Reply>);

/// The people at the telephones.
#[derive(Debug, Clone)]
pub struct Phones {
    orders: SyncSender<Ordered>,
    bell: Bell,
    count: usize,
}

impl Phones {
    /// Sits somebody at every FXO port of `driver`. They know the tones of `country`.
    ///
    /// # Errors
    /// When a port cannot be opened, or the system has no thread left.
    pub fn start(mut driver: Box<dyn Driver>, country: Country) -> Result<Self, Box<dyn std::error::Error>> {
        let mut people = Vec::new();
        for port in driver.spans().into_iter().flat_map(|span| span.ports) {
            let (line, bearer) = (driver.open_line(port.id)?, driver.open_bearer(port.id)?);
            people.push(Person::new(port.id, line, bearer, country));
        }
        let count = people.len();
        let bell = Bell::new()?;
        let (orders, to_do) = sync_channel(QUEUE);
        let heard = bell.clone();
        let timer =
            TimerFd::new(ClockId::CLOCK_MONOTONIC, TimerFlags::TFD_NONBLOCK | TimerFlags::TFD_CLOEXEC)?;
        timer.set(Expiration::Interval(TimeSpec::milliseconds(20)), TimerSetTimeFlags::empty())?;
        std::thread::Builder::new()
            .name("phones".into())
            .spawn(move || Room { driver, people, to_do, bell: heard, timer }.run())?;
        Ok(Self { orders, bell, count })
    }

    /// How many telephones there are; they are numbered from 1.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Asks the person at telephone `number` (from 1) to do something, and waits until it is done.
    ///
    /// # Errors
    /// In words for people: no such telephone, or the order makes no sense now.
    pub async fn order(&self, number: usize, order: PhoneOrder) -> Reply {
        let index = number
            .checked_sub(1)
            .filter(|index| *index < self.count)
            .ok_or_else(|| format!("there is no telephone {number}; there are 1 to {}", self.count))?;
        let (reply, answer) = oneshot::channel();
        self.orders.try_send((index, order, reply)).map_err(|_| "the telephones are busy; try again")?;
        self.bell.ring();
        answer.await.map_err(|_| "the telephones are gone: the daemon is stopping")?
    }
}

struct Room {
    driver: Box<dyn Driver>,
    people: Vec<Person>,
    to_do: Receiver<Ordered>,
    bell: Bell,
    timer: TimerFd,
}

impl Room {
    fn run(mut self) {
        loop {
            if !self.wait() {
                return;
            }
            self.bell.silence();
            loop {
                match self.to_do.try_recv() {
                    Ok((index, order, reply)) => {
                        if let Some(person) = self.people.get_mut(index) {
                            person.obey(order, reply);
                        }
                    }
                    Err(std::sync::mpsc::TryRecvError::Empty) => break,
                    // The daemon is going down.
                    Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
                }
            }
            while self.driver.poll_event().is_some() {}
            for person in &mut self.people {
                person.look();
            }
            let mut count = [0; 8];
            if nix::unistd::read(&self.timer, &mut count).is_ok() {
                for _ in 0..u64::from_ne_bytes(count).min(10) {
                    self.people.iter_mut().for_each(Person::tick);
                }
            }
        }
    }

    /// Sleeps until something happens; false when that is impossible.
    fn wait(&self) -> bool {
        let mut waits: Vec<PollFd> = vec![
            PollFd::new(self.bell.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.timer.as_fd(), PollFlags::POLLIN),
            PollFd::new(self.driver.wake_fd(), PollFlags::POLLIN),
        ];
        waits.extend(self.people.iter().map(|person| PollFd::new(person.wake_fd(), PollFlags::POLLIN)));
        matches!(poll(&mut waits, PollTimeout::NONE), Ok(_) | Err(nix::errno::Errno::EINTR))
    }
}
