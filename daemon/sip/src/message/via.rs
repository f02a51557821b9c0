//! Via, RFC 3261 §20.42, with `rport` (RFC 3581).

use super::cursor::Cursor;
use super::params::Params;
use super::{scan, uri};
use std::net::IpAddr;

/// One Via value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Via<'a> {
    transport: &'a str,
    host: &'a str,
    port: Option<u16>,
    params: Params<'a>,
}

impl<'a> Via<'a> {
    /// Reads one value.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut rest = Cursor::new(scan::trim(text));
        let protocol = rest.token()?;
        let version = rest.eat_spaced(b'/').then(|| rest.token())??;
        let transport = rest.eat_spaced(b'/').then(|| rest.token())??;
        let is_sip = protocol.eq_ignore_ascii_case("SIP") && version == "2.0";
        if !is_sip || !matches!(rest.peek(), Some(b' ' | b'\t')) {
            return None;
        }
        rest.skip_lws();
        let host = rest.host()?;
        let port = if rest.eat_spaced(b':') { Some(rest.port()?) } else { None };
        Some(Self { transport, host, port, params: Params::parse(rest.rest())? })
    }

    /// `UDP`, `TCP`, `TLS`, `WS` …, as written.
    pub fn transport(self) -> &'a str {
        self.transport
    }

    /// The host of sent-by, an IPv6 address in brackets.
    pub fn host(self) -> &'a str {
        self.host
    }

    /// The host of sent-by when it is an address.
    pub fn ip(self) -> Option<IpAddr> {
        uri::host_ip(self.host)
    }

    /// The port of sent-by when given.
    pub fn port(self) -> Option<u16> {
        self.port
    }

    /// The branch: with [`super::MAGIC_COOKIE`] in front it names the transaction.
    pub fn branch(self) -> Option<&'a str> {
        self.params.get("branch")
    }

    /// The `received` parameter; with or without brackets (RFC 5118 §4.5).
    pub fn received(self) -> Option<IpAddr> {
        self.params.get("received").and_then(uri::host_ip)
    }

    /// `rport`: none = absent; `Some(None)` = asked for; `Some(Some(port))` = filled in.
    pub fn rport(self) -> Option<Option<u16>> {
        self.params.find("rport").map(|value| value.and_then(|v| v.parse().ok()))
    }

    /// All parameters.
    pub fn params(self) -> Params<'a> {
        self.params
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_via() {
        let v =
            Via::parse("SIP  / 2.0  / TCP     spindle.example.com   ;  branch  =   z9hG4bK9ikj8 ").unwrap();
        assert_eq!(
            (v.transport(), v.host(), v.port(), v.branch()),
            ("TCP", "spindle.example.com", None, Some("z9hG4bK9ikj8"))
        );
        let v =
            Via::parse("SIP/2.0/UDP [2001:db8::9:1]:5070;received=[2001:db8::9:255];rport;branch=z9hG4bKas3")
                .unwrap();
        assert_eq!((v.ip(), v.port()), ("2001:db8::9:1".parse().ok(), Some(5070)));
        assert_eq!((v.received(), v.rport()), ("2001:db8::9:255".parse().ok(), Some(None)));
        let v = Via::parse("SIP/2.0/UDP [2001:db8::9:1];received=2001:db8::9:255;rport=5099").unwrap();
        assert_eq!(
            (v.received(), v.rport(), v.branch()),
            ("2001:db8::9:255".parse().ok(), Some(Some(5099)), None)
        );
        let v = Via::parse("SIP/2.0/UDP first.example.com : 4000;ttl=16;maddr=224.2.0.1").unwrap();
        assert_eq!(
            (v.host(), v.port(), v.params().get("ttl")),
            ("first.example.com", Some(4000), Some("16"))
        );
    }

    #[test]
    fn malformed_vias() {
        for bad in [
            "",
            "SIP/2.0/UDP",
            "SIP/2.0/UDP 192.0.2.15;;,;,,",
            "SIP/3.0/UDP h",
            "HTTP/2.0/UDP h",
            "SIP/2.0/UDP h:x",
            "SIP/2.0/UDP h:70000",
            "SIP/2.0/UDP h;branch",
            "SIP/2.0/UDP 2001:db8::1",
            "SIP/2.0/UDP h:1:2",
            "SIP/2.0/U@P h",
        ] {
            let parsed = Via::parse(bad);
            assert!(
                parsed.is_none() || parsed.is_some_and(|v| v.branch().is_none() && bad.ends_with("branch")),
                "accepted: {bad}"
            );
        }
    }
}
