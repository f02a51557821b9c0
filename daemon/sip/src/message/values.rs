//! Headers with a form of their own: CSeq, Reason, Privacy, Content-Type.

use super::params::Params;
use super::scan;
use std::borrow::Cow;

/// CSeq, RFC 3261 §20.16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct CSeq<'a> {
    /// The number, less than 2³¹.
    pub number: u32,
    /// The method's name.
    pub method: &'a str,
}

impl<'a> CSeq<'a> {
    /// Reads it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (number, method) = scan::cut_at_lws(scan::trim(text))?;
        let number = u32::try_from(scan::number(number)?).ok().filter(|n| *n < 1 << 31)?;
        scan::is_token(method).then_some(Self { number, method })
    }
}

/// One value of Reason, RFC 3326: `Q.850;cause=16;text="Normal call clearing"`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reason<'a> {
    /// `Q.850`, `SIP`, …
    pub protocol: &'a str,
    /// `cause` and `text`.
    pub params: Params<'a>,
}

impl<'a> Reason<'a> {
    /// Reads one value.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (protocol, params) = scan::before(text, b';');
        let protocol = scan::trim(protocol);
        scan::is_token(protocol).then_some(())?;
        Some(Self { protocol, params: Params::parse(params)? })
    }

    /// The cause: a Q.850 cause or a SIP status.
    pub fn cause(self) -> Option<u16> {
        self.params.get("cause")?.parse().ok()
    }

    /// In words.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.params.unquoted("text")
    }
}

/// What the caller wants to be kept private, RFC 3323 §4.2 and RFC 3325 §9.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Privacy {
    /// `id`: the asserted identity must not be shown.
    pub id: bool,
    /// `user`: the caller's name and number must not be shown.
    pub user: bool,
    /// `header`: headers that tell of the caller's place must be hidden.
    pub header: bool,
    /// `session`: the media's addresses must be hidden.
    pub session: bool,
    /// `history`: who diverted the call must be hidden (RFC 7044 §10.1).
    pub history: bool,
    /// `none`: privacy must not be applied, whatever the default.
    pub none: bool,
    /// `critical`: refuse rather than go without privacy.
    pub critical: bool,
}

impl Privacy {
    /// Reads the value; unknown words are passed over.
    pub fn parse(text: &str) -> Self {
        let mut privacy = Self::default();
        for word in text.split([';', ',']).map(scan::trim) {
            match word.to_ascii_lowercase().as_str() {
                "id" => privacy.id = true,
                "user" => privacy.user = true,
                "header" => privacy.header = true,
                "session" => privacy.session = true,
                "history" => privacy.history = true,
                "none" => privacy.none = true,
                "critical" => privacy.critical = true,
                _ => {}
            }
        }
        privacy
    }

    /// Must the caller's number be withheld from the called party?
    pub fn withholds_identity(self) -> bool {
        self.id || self.user || self.header
    }
}

/// Content-Type, RFC 3261 §20.15.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MediaType<'a> {
    /// `application`
    pub kind: &'a str,
    /// `sdp`
    pub subtype: &'a str,
    /// `boundary` and others.
    pub params: Params<'a>,
}

impl<'a> MediaType<'a> {
    /// Reads it.
    pub fn parse(text: &'a str) -> Option<Self> {
        let (essence, params) = scan::before(text, b';');
        let (kind, subtype) = essence.split_once('/')?;
        let (kind, subtype) = (scan::trim(kind), scan::trim(subtype));
        (scan::is_token(kind) && scan::is_token(subtype)).then_some(())?;
        // The value of a boundary may hold more than a token does; it is not checked here.
        let params = Params::new(scan::trim(params).strip_prefix(';').unwrap_or_default());
        Some(Self { kind, subtype, params })
    }

    /// Is it `kind/subtype`, in any case?
    pub fn is(self, kind: &str, subtype: &str) -> bool {
        self.kind.eq_ignore_ascii_case(kind) && self.subtype.eq_ignore_ascii_case(subtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cseq() {
        assert_eq!(CSeq::parse("0009     INVITE"), Some(CSeq { number: 9, method: "INVITE" }));
        for bad in [
            "",
            "9",
            "INVITE",
            "2147483648 INVITE",
            "36893488147419103232 REGISTER",
            "-1 BYE",
            "1 IN VITE",
            "1INVITE",
        ] {
            assert_eq!(CSeq::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn reason() {
        let r = Reason::parse("Q.850 ;cause=17 ;text=\"User busy\"").unwrap();
        assert_eq!((r.protocol, r.cause(), r.text().unwrap().as_ref()), ("Q.850", Some(17), "User busy"));
        assert_eq!(Reason::parse("SIP").unwrap().cause(), None);
        assert!(Reason::parse("").is_none());
    }

    #[test]
    fn privacy() {
        assert!(Privacy::parse("ID; critical").withholds_identity());
        assert!(Privacy::parse("user").withholds_identity());
        assert!(!Privacy::parse("none").withholds_identity());
        assert!(!Privacy::parse("session;strange").withholds_identity());
    }

    #[test]
    fn media_type() {
        let t = MediaType::parse("multipart/mixed ; boundary=\"a b\"").unwrap();
        assert!(t.is("Multipart", "MIXED"));
        assert_eq!(t.params.unquoted("boundary").unwrap(), "a b");
        assert!(MediaType::parse("sdp").is_none());
    }
}
