//! Offer and answer, RFC 3264.

use super::{Connection, Direction, Media, Origin, RtpMap, Sdp};
use demarc_model::media::Codec;
use std::net::{IpAddr, SocketAddr};

/// The payload type under which we offer telephone-event.
const TELEPHONE_EVENT: u8 = 101;

/// Milliseconds per packet: the gateway's block.
const PTIME: u16 = 20;

/// Our side of a session.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Local<'a> {
    /// Where we receive audio.
    pub rtp: SocketAddr,
    /// Session id; the same for the life of the call.
    pub session: u64,
    /// Version: one more for every description that differs from the last.
    pub version: u64,
    /// Codecs by preference.
    pub codecs: &'a [Codec],
    /// Keys may travel as telephone-events.
    pub events: bool,
    /// What we want to do.
    pub direction: Direction,
}

/// What both sides agreed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Agreed {
    /// Where the peer wants to be sent to; none when it gave a name instead of an address, or none
    /// yet: then the source of its packets tells.
    pub remote: Option<SocketAddr>,
    /// The codec.
    pub codec: Codec,
    /// The payload type of telephone-event, when the peer takes it.
    pub telephone_event: Option<u8>,
    /// Who sends, seen from us.
    pub direction: Direction,
    /// The peer does not want to hear us: it put us on hold.
    pub held: bool,
}

/// Why there is no session: 488.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Unacceptable {
    /// No audio over plain RTP is offered, or it was refused.
    #[error("no audio over RTP/AVP")]
    NoAudio,
    /// There is audio, but not in a codec of ours.
    #[error("no codec in common")]
    NoCodec,
    /// There is audio in name, but what it carries is data (RFC 4040).
    #[error("64 kbit/s data (CLEARMODE) is not carried here")]
    DataOnly,
    /// An answer has not as many media as its offer.
    #[error("the answer does not fit the offer")]
    Mismatch,
}

/// Our offer: all of our codecs and telephone-event.
pub fn offer(local: &Local<'_>) -> Sdp {
    describe(
        local,
        vec![audio(local, local.codecs, local.events.then_some(TELEPHONE_EVENT), local.direction)],
    )
}

/// Our offer within a session that is up: it has as many media as `previous` (ours), and the codec
/// that is in use comes first.
pub fn reoffer(previous: &Sdp, local: &Local<'_>, agreed: &Agreed) -> Sdp {
    let mut codecs = vec![agreed.codec];
    codecs.extend(local.codecs.iter().filter(|c| **c != agreed.codec));
    let event = agreed.telephone_event.or(local.events.then_some(TELEPHONE_EVENT));
    let active = previous.media.iter().position(|m| is_audio(m) && m.port != 0);
    let media = previous.media.iter().enumerate().map(|(at, m)| {
        if Some(at) == active { audio(local, &codecs, event, local.direction) } else { refused(m) }
    });
    describe(local, media.collect())
}

/// The answer to an offer, and what is agreed by it: the first audio that we can take, in the
/// first codec of our preference that it has. All other media are refused.
pub fn answer(offer: &Sdp, local: &Local<'_>) -> Result<(Sdp, Agreed), Unacceptable> {
    let mut candidates =
        offer.media.iter().enumerate().filter(|(_, m)| is_audio(m) && m.port != 0).peekable();
    candidates.peek().ok_or(Unacceptable::NoAudio)?;
    let (chosen, codec) = candidates
        .find_map(|(at, m)| Some((at, *local.codecs.iter().find(|c| offers(m, **c))?)))
        .ok_or_else(|| if is_data(offer) { Unacceptable::DataOnly } else { Unacceptable::NoCodec })?;
    let theirs = offer.media.get(chosen).ok_or(Unacceptable::NoAudio)?;
    let agreed = agreement(offer, theirs, codec, (local.direction, local.events));
    let media = offer.media.iter().enumerate().map(|(at, m)| {
        if at == chosen {
            audio(local, &[codec], agreed.telephone_event, agreed.direction)
        } else {
            refused(m)
        }
    });
    Ok((describe(local, media.collect()), agreed))
}

/// What the answer to our offer agrees on.
pub fn accept(offer: &Sdp, answer: &Sdp) -> Result<Agreed, Unacceptable> {
    if offer.media.len() != answer.media.len() {
        return Err(Unacceptable::Mismatch);
    }
    let (ours, theirs) = offer
        .media
        .iter()
        .zip(&answer.media)
        .find(|(ours, theirs)| is_audio(ours) && ours.port != 0 && is_audio(theirs) && theirs.port != 0)
        .ok_or(Unacceptable::NoAudio)?;
    let codec = theirs
        .formats
        .iter()
        .filter_map(|format| CODECS.into_iter().find(|c| *format == payload(*c).to_string()))
        .find(|codec| offers(ours, *codec) && offers(theirs, *codec))
        .ok_or(Unacceptable::NoCodec)?;
    let events = telephone_event(ours).is_some();
    Ok(agreement(answer, theirs, codec, (offer.direction_of(ours), events)))
}

const CODECS: [Codec; 2] = [Codec::Pcma, Codec::Pcmu];

fn agreement(theirs: &Sdp, media: &Media, codec: Codec, (wanted, events): (Direction, bool)) -> Agreed {
    let direction = theirs.direction_of(media);
    let ip = theirs.connection_of(media).and_then(Connection::ip);
    Agreed {
        remote: ip.filter(|ip| !ip.is_unspecified()).map(|ip| SocketAddr::new(ip, media.port)),
        codec,
        telephone_event: telephone_event(media).filter(|_| events),
        direction: direction.reversed().and(wanted),
        held: !direction.receives(),
    }
}

/// Audio that we can carry: plain RTP. An offer of SAVP or AVPF must be answered in kind, so those
/// are refused.
fn is_audio(media: &Media) -> bool {
    media.kind == "audio" && media.protocol.eq_ignore_ascii_case("RTP/AVP")
}

/// Every audio that is offered carries data octet by octet (RFC 4040).
fn is_data(offer: &Sdp) -> bool {
    let mut audio = offer.media.iter().filter(|m| is_audio(m) && m.port != 0).peekable();
    let data = |m: &Media| m.rtpmaps.iter().any(|map| map.encoding.eq_ignore_ascii_case("CLEARMODE"));
    audio.peek().is_some() && audio.all(data)
}

/// Is the codec offered under its static payload type, with nobody having given that away?
fn offers(media: &Media, codec: Codec) -> bool {
    let payload = payload(codec);
    media.formats.iter().any(|f| *f == payload.to_string())
        && media
            .rtpmaps
            .iter()
            .filter(|m| m.payload == payload)
            .all(|m| m.encoding.eq_ignore_ascii_case(encoding(codec)) && m.rate == 8000 && m.channels == 1)
}

fn telephone_event(media: &Media) -> Option<u8> {
    let map = media.rtpmaps.iter().find(|m| {
        m.encoding.eq_ignore_ascii_case("telephone-event")
            && m.rate == 8000
            && (96..=127).contains(&m.payload)
            && media.formats.iter().any(|f| *f == m.payload.to_string())
    })?;
    Some(map.payload)
}

fn payload(codec: Codec) -> u8 {
    match codec {
        Codec::Pcma => 8,
        Codec::Pcmu => 0,
    }
}

fn encoding(codec: Codec) -> &'static str {
    match codec {
        Codec::Pcma => "PCMA",
        Codec::Pcmu => "PCMU",
    }
}

fn describe(local: &Local<'_>, media: Vec<Media>) -> Sdp {
    let address = Connection::Ip(canonical(local.rtp.ip()));
    let origin = Origin {
        username: "-".to_owned(),
        session: local.session.to_string(),
        version: local.version.to_string(),
        address: address.clone(),
    };
    Sdp { origin, connection: Some(address), direction: None, media }
}

/// `::ffff:192.0.2.1` of a dual-stack socket is 192.0.2.1 to everybody else.
fn canonical(ip: IpAddr) -> IpAddr {
    ip.to_canonical()
}

fn audio(local: &Local<'_>, codecs: &[Codec], event: Option<u8>, direction: Direction) -> Media {
    let map =
        |payload, encoding: &str| RtpMap { payload, encoding: encoding.to_owned(), rate: 8000, channels: 1 };
    let mut rtpmaps: Vec<_> = codecs.iter().map(|c| map(payload(*c), encoding(*c))).collect();
    rtpmaps.extend(event.map(|event| map(event, "telephone-event")));
    Media {
        kind: "audio".to_owned(),
        port: local.rtp.port(),
        protocol: "RTP/AVP".to_owned(),
        formats: rtpmaps.iter().map(|m| m.payload.to_string()).collect(),
        connection: None,
        direction: Some(direction),
        rtpmaps,
        fmtps: event.map(|event| (event.to_string(), "0-15".to_owned())).into_iter().collect(),
        ptime: Some(PTIME),
    }
}

fn refused(media: &Media) -> Media {
    Media {
        kind: media.kind.clone(),
        port: 0,
        protocol: media.protocol.clone(),
        formats: media.formats.clone(),
        connection: None,
        direction: None,
        rtpmaps: Vec::new(),
        fmtps: Vec::new(),
        ptime: None,
    }
}
