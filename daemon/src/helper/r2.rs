//! What the MFC/R2 helper is handed.

use super::Tongue;
use demarc_hal::CasChannel;
use demarc_helper::socket::Socket;
use demarc_r2::{Command, Event, Settings};
use std::os::fd::AsFd;

/// The channels of a span, by their timeslots.
#[derive(Debug)]
pub struct R2 {
    /// Those that could be opened.
    pub channels: Vec<(u8, CasChannel)>,
}

impl Tongue for R2 {
    type Command = Command;
    type Event = Event;
    type Settings = Settings;
    const NAME: &'static str = "MFC/R2";

    fn begin(&self, settings: &Settings, socket: &Socket) -> std::io::Result<()> {
        let start = Command::Start(Box::new(settings.clone()));
        socket.send(&start, None).map_err(std::io::Error::other)?;
        for (slot, channel) in &self.channels {
            let open = Command::Open { slot: *slot, form: channel.form };
            socket.send(&open, Some(channel.fd.as_fd())).map_err(std::io::Error::other)?;
        }
        Ok(())
    }
}
