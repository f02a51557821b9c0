//! The audio of a session: its port, its stream, and the offers and answers about them (RFC 3264).

use crate::Flow;
use crate::hub::Hub;
use crate::sdp::{self, Agreed, Direction, Local, Sdp, SdpError, Unacceptable};
use demarc_model::media::{Codec, Rtp};
use demarc_model::{Country, MediaCommand, StreamId};
use std::net::SocketAddr;

/// Why a description was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// It cannot be read: 400.
    Malformed(SdpError),
    /// There is nothing in it for us: 488.
    Unacceptable(Unacceptable),
    /// An answer came to no offer.
    Unexpected,
}

/// The audio of one session.
#[derive(Debug)]
pub struct Audio {
    pub stream: StreamId,
    pub port: u16,
    local: SocketAddr,
    id: u64,
    version: u64,
    ssrc: u32,
    codecs: [Codec; 2],
    /// Keys travel as telephone-events, when the party takes them.
    events: bool,
    lost_after_s: u16,
    /// Our last description.
    ours: Option<Sdp>,
    /// Our offer waits for its answer.
    offering: bool,
    agreed: Option<Agreed>,
    answered: bool,
    open: Option<Rtp>,
}

impl Audio {
    /// A stream on a port of the pool; none when they are all in use.
    pub fn new(hub: &mut Hub, flow: &Flow, events: bool) -> Option<Self> {
        let port = hub.ports.take()?;
        let system = &hub.config.system;
        Some(Self {
            codecs: codecs(system.country),
            events,
            lost_after_s: system.rtp.lost_after_s,
            local: SocketAddr::new(hub.address(flow).ip(), port),
            stream: hub.mint_stream(),
            port,
            id: hub.entropy.number() >> 2,
            version: 0,
            ssrc: hub.entropy.small(),
            ours: None,
            offering: false,
            agreed: None,
            answered: false,
            open: None,
        })
    }

    /// The party is reached another way, so audio is received at another address of ours.
    pub fn set_flow(&mut self, hub: &Hub, flow: &Flow) {
        self.local.set_ip(hub.address(flow).ip());
    }

    /// An offer: the first one, or the one in use anew.
    pub fn offer(&mut self) -> String {
        let sdp = match (&self.ours, &self.agreed) {
            (Some(ours), Some(agreed)) => sdp::reoffer(ours, &self.local(), agreed),
            _ => sdp::offer(&self.local()),
        };
        self.offering = true;
        self.describe(sdp)
    }

    /// Answers an offer.
    pub fn answer(&mut self, offer: &[u8]) -> Result<String, Refused> {
        let offer = Sdp::parse(offer).map_err(Refused::Malformed)?;
        let (answer, agreed) = sdp::answer(&offer, &self.local()).map_err(Refused::Unacceptable)?;
        self.agreed = Some(agreed);
        self.offering = false;
        Ok(self.describe(answer))
    }

    /// Takes the answer to our offer; the same answer may come often, and another one from another
    /// fork.
    pub fn accept(&mut self, answer: &[u8]) -> Result<(), Refused> {
        let answer = Sdp::parse(answer).map_err(Refused::Malformed)?;
        let ours = self.ours.as_ref().filter(|_| self.offering).ok_or(Refused::Unexpected)?;
        self.agreed = Some(sdp::accept(ours, &answer).map_err(Refused::Unacceptable)?);
        Ok(())
    }

    /// Our offer has had its last answer, or none will come.
    pub fn settle(&mut self) {
        self.offering = false;
    }

    /// Does our offer wait for an answer?
    pub fn is_offering(&self) -> bool {
        self.offering
    }

    /// Is there anything agreed?
    pub fn is_agreed(&self) -> bool {
        self.agreed.is_some()
    }

    /// The call is answered: from now on silence is suspicious.
    pub fn set_answered(&mut self) {
        self.answered = true;
    }

    /// Has the party put us on hold?
    pub fn is_held(&self) -> bool {
        self.agreed.is_some_and(|agreed| agreed.held)
    }

    /// What media have to be told, when anything changed.
    pub fn update(&mut self) -> Option<MediaCommand> {
        let rtp = self.rtp();
        if self.open.as_ref() == Some(&rtp) {
            return None;
        }
        let stream = self.stream;
        match self.open.replace(rtp.clone()) {
            None => Some(MediaCommand::OpenRtp { stream, rtp }),
            Some(_) => Some(MediaCommand::UpdateRtp { stream, rtp }),
        }
    }

    /// The end of it.
    pub fn close(&mut self, hub: &mut Hub) {
        if self.open.take().is_some() {
            hub.media(MediaCommand::Close { stream: self.stream });
        }
        hub.ports.give_back(self.port);
    }

    fn rtp(&self) -> Rtp {
        let direction = self.agreed.map_or(Direction::SendRecv, |agreed| agreed.direction);
        let watched = self.answered && !self.is_held() && direction.receives();
        Rtp {
            port: self.port,
            remote: self.agreed.and_then(|agreed| agreed.remote),
            codec: self.agreed.map_or(self.codecs[0], |agreed| agreed.codec),
            telephone_event: self.agreed.and_then(|agreed| agreed.telephone_event),
            send: direction.sends(),
            receive: direction.receives(),
            ssrc: self.ssrc,
            lost_after_s: if watched { self.lost_after_s } else { 0 },
        }
    }

    fn local(&self) -> Local<'_> {
        Local {
            rtp: self.local,
            session: self.id,
            version: self.version,
            codecs: &self.codecs,
            events: self.events,
            direction: Direction::SendRecv,
        }
    }

    /// Keeps a description as ours. Its version grows when it differs from the last one.
    fn describe(&mut self, mut sdp: Sdp) -> String {
        if let Some(ours) = &self.ours
            && *ours != sdp
        {
            self.version += 1;
            sdp.origin.version = self.version.to_string();
        }
        let text = sdp.to_string();
        self.ours = Some(sdp);
        text
    }
}

/// A-law, but mu-law where the network is (ITU-T G.711).
fn codecs(country: Country) -> [Codec; 2] {
    match country {
        Country::US | Country::CA | Country::JP => [Codec::Pcmu, Codec::Pcma],
        _ => [Codec::Pcma, Codec::Pcmu],
    }
}
