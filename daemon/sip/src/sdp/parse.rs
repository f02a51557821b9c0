//! Reading a description.

use super::{Connection, Direction, MAX_FORMATS, MAX_LINES, MAX_MEDIA, Media, Origin, RtpMap, Sdp};
use std::net::IpAddr;

/// Why text is no session description.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SdpError {
    /// The bytes are no UTF-8.
    #[error("the session description is not UTF-8")]
    NotText,
    /// It does not begin with `v=0`.
    #[error("the session description does not begin with v=0")]
    Version,
    /// There is no `o=`, or not in its form.
    #[error("o= is missing or malformed")]
    Origin,
    /// A `c=` is not in its form.
    #[error("c= is malformed")]
    Connection,
    /// An `m=` is not in its form.
    #[error("m= is malformed")]
    Media,
    /// A medium that is wanted has no `c=` and the session has none either.
    #[error("a medium has no c=")]
    NoConnection,
    /// A line is not `x=value`.
    #[error("a line is not of the form x=value")]
    Line,
    /// More lines, media or formats than any honest description has.
    #[error("too many lines, media or formats")]
    TooLong,
}

impl Sdp {
    /// Reads a description. Lines may end in LF alone.
    pub fn parse(bytes: &[u8]) -> Result<Self, SdpError> {
        let text = std::str::from_utf8(bytes).map_err(|_| SdpError::NotText)?;
        let mut lines = text.split('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
        if lines.next().map(str::trim_end) != Some("v=0") {
            return Err(SdpError::Version);
        }
        let mut reader = Reader::default();
        for (count, line) in lines.filter(|line| !line.is_empty()).enumerate() {
            if count >= MAX_LINES {
                return Err(SdpError::TooLong);
            }
            let (kind, value) = line.split_once('=').ok_or(SdpError::Line)?;
            reader.line(kind, value)?;
        }
        reader.finish()
    }
}

#[derive(Default)]
struct Reader {
    origin: Option<Origin>,
    connection: Option<Connection>,
    direction: Option<Direction>,
    media: Vec<Media>,
}

impl Reader {
    fn line(&mut self, kind: &str, value: &str) -> Result<(), SdpError> {
        match kind {
            "o" if self.media.is_empty() => self.origin = Some(origin(value).ok_or(SdpError::Origin)?),
            "c" => {
                let connection = Some(connection(value).ok_or(SdpError::Connection)?);
                match self.media.last_mut() {
                    // A medium may have several for layered encodings; the first is the base.
                    Some(media) if media.connection.is_none() => media.connection = connection,
                    Some(_) => {}
                    None => self.connection = connection,
                }
            }
            "m" if self.media.len() >= MAX_MEDIA => return Err(SdpError::TooLong),
            "m" => self.media.push(media(value)?),
            "a" => self.attribute(value),
            _ => {}
        }
        Ok(())
    }

    /// An attribute that is malformed says nothing: it is passed over as an unknown one.
    fn attribute(&mut self, attribute: &str) {
        let (name, value) = attribute.split_once(':').unwrap_or((attribute, ""));
        let value = value.trim();
        if let Some(direction) = Direction::parse(name.trim()) {
            match self.media.last_mut() {
                Some(media) => media.direction = Some(direction),
                None => self.direction = Some(direction),
            }
            return;
        }
        let Some(media) = self.media.last_mut() else { return };
        match name {
            "rtpmap" if media.rtpmaps.len() < MAX_FORMATS => media.rtpmaps.extend(rtpmap(value)),
            "fmtp" if media.fmtps.len() < MAX_FORMATS => {
                let split = value.split_once(' ').map(|(format, parameters)| (format, parameters.trim()));
                media
                    .fmtps
                    .extend(split.map(|(format, parameters)| (format.to_owned(), parameters.to_owned())));
            }
            "ptime" => media.ptime = value.parse().ok(),
            _ => {}
        }
    }

    fn finish(self) -> Result<Sdp, SdpError> {
        if self.connection.is_none() && self.media.iter().any(|m| m.port != 0 && m.connection.is_none()) {
            return Err(SdpError::NoConnection);
        }
        Ok(Sdp {
            origin: self.origin.ok_or(SdpError::Origin)?,
            connection: self.connection,
            direction: self.direction,
            media: self.media,
        })
    }
}

fn origin(value: &str) -> Option<Origin> {
    let mut words = value.split_whitespace();
    let (username, session, version) = (words.next()?, words.next()?, words.next()?);
    let address = address(words.next()?, words.next()?, words.next()?)?;
    let digits = |text: &str| text.len() <= 64 && text.bytes().all(|b| b.is_ascii_digit());
    (digits(session) && digits(version)).then(|| Origin {
        username: username.to_owned(),
        session: session.to_owned(),
        version: version.to_owned(),
        address,
    })
}

fn connection(value: &str) -> Option<Connection> {
    let mut words = value.split_whitespace();
    address(words.next()?, words.next()?, words.next()?)
}

fn address(net: &str, family: &str, address: &str) -> Option<Connection> {
    if net != "IN" || !matches!(family, "IP4" | "IP6") {
        return None;
    }
    // Multicast addresses carry a TTL and a count after a slash.
    let host = address.split('/').next()?;
    match host.parse::<IpAddr>() {
        Ok(ip) => Some(Connection::Ip(ip)),
        Err(_) => {
            let is_name = !host.is_empty()
                && host.len() <= 253
                && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_'));
            is_name.then(|| Connection::Name(host.to_owned()))
        }
    }
}

fn media(value: &str) -> Result<Media, SdpError> {
    let mut words = value.split_whitespace();
    let mut word = || words.next().ok_or(SdpError::Media);
    let (kind, port, protocol) = (word()?, word()?, word()?);
    // `49170/2`: two ports from there on; only the first is of use to us.
    let port = port.split('/').next().and_then(|p| p.parse().ok()).ok_or(SdpError::Media)?;
    let formats: Vec<_> = words.map(str::to_owned).collect();
    if formats.is_empty() {
        return Err(SdpError::Media);
    }
    if formats.len() > MAX_FORMATS {
        return Err(SdpError::TooLong);
    }
    Ok(Media {
        kind: kind.to_owned(),
        port,
        protocol: protocol.to_owned(),
        formats,
        connection: None,
        direction: None,
        rtpmaps: Vec::new(),
        fmtps: Vec::new(),
        ptime: None,
    })
}

fn rtpmap(value: &str) -> Option<RtpMap> {
    let (payload, encoding) = value.split_once(' ')?;
    let mut parts = encoding.trim().split('/');
    let encoding = parts.next().filter(|e| !e.is_empty())?.to_owned();
    Some(RtpMap {
        payload: payload.parse().ok().filter(|p| *p < 128)?,
        encoding,
        rate: parts.next()?.parse().ok()?,
        channels: parts.next().map_or(Some(1), |c| c.parse().ok())?,
    })
}
