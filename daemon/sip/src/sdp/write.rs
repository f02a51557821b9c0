//! Writing a description.

use super::{Connection, Media, Sdp};
use std::fmt::{self, Display, Formatter};
use std::net::IpAddr;

impl Display for Connection {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Connection::Ip(IpAddr::V4(ip)) => write!(f, "IN IP4 {ip}"),
            Connection::Ip(IpAddr::V6(ip)) => write!(f, "IN IP6 {ip}"),
            Connection::Name(name) => write!(f, "IN IP4 {name}"),
        }
    }
}

impl Display for Sdp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let o = &self.origin;
        write!(f, "v=0\r\no={} {} {} {}\r\ns=-\r\n", o.username, o.session, o.version, o.address)?;
        if let Some(connection) = &self.connection {
            write!(f, "c={connection}\r\n")?;
        }
        f.write_str("t=0 0\r\n")?;
        if let Some(direction) = self.direction {
            write!(f, "a={}\r\n", direction.as_str())?;
        }
        self.media.iter().try_for_each(|media| write_media(f, media))
    }
}

fn write_media(f: &mut Formatter<'_>, media: &Media) -> fmt::Result {
    write!(f, "m={} {} {}", media.kind, media.port, media.protocol)?;
    for format in &media.formats {
        write!(f, " {format}")?;
    }
    f.write_str("\r\n")?;
    if let Some(connection) = &media.connection {
        write!(f, "c={connection}\r\n")?;
    }
    for map in &media.rtpmaps {
        write!(f, "a=rtpmap:{} {}/{}", map.payload, map.encoding, map.rate)?;
        if map.channels != 1 {
            write!(f, "/{}", map.channels)?;
        }
        f.write_str("\r\n")?;
    }
    for (format, parameters) in &media.fmtps {
        write!(f, "a=fmtp:{format} {parameters}\r\n")?;
    }
    if let Some(ptime) = media.ptime {
        write!(f, "a=ptime:{ptime}\r\n")?;
    }
    if let Some(direction) = media.direction {
        write!(f, "a={}\r\n", direction.as_str())?;
    }
    Ok(())
}
