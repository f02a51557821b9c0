//! What the ISDN helper is handed.

use super::Tongue;
use demarc_hal::DChannel;
use demarc_helper::socket::Socket;
use demarc_isdn::{Command, Event, Settings};
use std::os::fd::AsFd;

/// The D channels of a span, or of an NFAS group.
#[derive(Debug)]
pub struct Isdn {
    /// The D channel.
    pub d_channel: DChannel,
    /// The D channel that takes over when it fails, and the interface that carries it.
    pub backup: Option<(u8, DChannel)>,
}

impl Tongue for Isdn {
    type Command = Command;
    type Event = Event;
    type Settings = Settings;
    const NAME: &'static str = "ISDN";

    fn begin(&self, settings: &Settings, socket: &Socket) -> std::io::Result<()> {
        let start = Command::Start(settings.clone());
        socket.send(&start, Some(self.d_channel.fd.as_fd())).map_err(std::io::Error::other)?;
        if let Some((interface, d_channel)) = &self.backup {
            let backup = Command::Backup { interface: *interface };
            socket.send(&backup, Some(d_channel.fd.as_fd())).map_err(std::io::Error::other)?;
        }
        Ok(())
    }
}
