//! Header names with their compact forms.

use std::fmt;

macro_rules! names {
    ($($variant:ident $text:literal $($compact:literal)?;)*) => {
        /// A header name this gateway knows, or [`Name::Other`].
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[allow(missing_docs)] // the name is the documentation
        pub enum Name {
            $($variant,)*
            /// Any other header: its name is in the message.
            Other,
        }

        impl Name {
            /// Every known name.
            const ALL: &[(Name, &'static str)] = &[$((Name::$variant, $text),)*];

            /// The name as written in full; empty for [`Name::Other`].
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Name::$variant => $text,)*
                    Name::Other => "",
                }
            }

            fn from_compact(letter: u8) -> Self {
                match letter.to_ascii_lowercase() as char {
                    $($($compact => Name::$variant,)?)*
                    _ => Name::Other,
                }
            }
        }
    };
}

names! {
    Via "Via" 'v';
    From "From" 'f';
    To "To" 't';
    CallId "Call-ID" 'i';
    CSeq "CSeq";
    Contact "Contact" 'm';
    MaxForwards "Max-Forwards";
    ContentLength "Content-Length" 'l';
    ContentType "Content-Type" 'c';
    UserAgent "User-Agent";
    Allow "Allow";
    Supported "Supported" 'k';
    Expires "Expires";
    Authorization "Authorization";
    ProxyAuthorization "Proxy-Authorization";
    WwwAuthenticate "WWW-Authenticate";
    ProxyAuthenticate "Proxy-Authenticate";
    RecordRoute "Record-Route";
    Route "Route";
    Reason "Reason";
    Require "Require";
    Server "Server";
    PAssertedIdentity "P-Asserted-Identity";
    PPreferredIdentity "P-Preferred-Identity";
    RemotePartyId "Remote-Party-ID";
    Privacy "Privacy";
    Diversion "Diversion";
    HistoryInfo "History-Info";
    SessionExpires "Session-Expires" 'x';
    MinSe "Min-SE";
    MinExpires "Min-Expires";
    Accept "Accept";
    AcceptContact "Accept-Contact" 'a';
    AcceptEncoding "Accept-Encoding";
    AcceptLanguage "Accept-Language";
    AlertInfo "Alert-Info";
    AllowEvents "Allow-Events" 'u';
    AuthenticationInfo "Authentication-Info";
    CallInfo "Call-Info";
    ContentDisposition "Content-Disposition";
    ContentEncoding "Content-Encoding" 'e';
    ContentLanguage "Content-Language";
    Date "Date";
    ErrorInfo "Error-Info";
    Event "Event" 'o';
    Identity "Identity" 'y';
    InReplyTo "In-Reply-To";
    MimeVersion "MIME-Version";
    Organization "Organization";
    Path "Path";
    Priority "Priority";
    ProxyRequire "Proxy-Require";
    RAck "RAck";
    RSeq "RSeq";
    ReferTo "Refer-To" 'r';
    ReferredBy "Referred-By" 'b';
    RejectContact "Reject-Contact" 'j';
    Replaces "Replaces";
    ReplyTo "Reply-To";
    RequestDisposition "Request-Disposition" 'd';
    RetryAfter "Retry-After";
    ServiceRoute "Service-Route";
    SipETag "SIP-ETag";
    SipIfMatch "SIP-If-Match";
    Subject "Subject" 's';
    SubscriptionState "Subscription-State";
    Timestamp "Timestamp";
    Unsupported "Unsupported";
    Warning "Warning";
}

impl Name {
    /// Reads a name, long or compact, in any case.
    pub fn parse(text: &str) -> Self {
        if let [letter] = text.as_bytes() {
            return Self::from_compact(*letter);
        }
        let mut slot = slot(text.as_bytes());
        while let Some((name, known)) = SLOTS.get(slot).copied().flatten() {
            if known == text || known.eq_ignore_ascii_case(text) {
                return name;
            }
            slot = (slot + 1) % SLOTS.len();
        }
        Self::Other
    }
}

/// The long names by [`slot`]; one whose slot is taken is in the next that was free.
static SLOTS: [Option<(Name, &str)>; 256] = {
    let mut slots = [None; 256];
    let mut at = 0;
    while at < Name::ALL.len() {
        let mut free = slot(Name::ALL[at].1.as_bytes());
        while slots[free].is_some() {
            free = (free + 1) % slots.len();
        }
        slots[free] = Some(Name::ALL[at]);
        at += 1;
    }
    slots
};

/// Where a name is looked for first: by its length, its first and its last letter, of which only
/// the bits are used that do not tell upper from lower case.
const fn slot(name: &[u8]) -> usize {
    match name {
        [first, .., last] => (name.len() * 37 + (*first & 0x1f) as usize * 7 + (*last & 0x1f) as usize) % 256,
        _ => 0,
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_any_case_and_in_compact_form() {
        for (name, text) in Name::ALL {
            assert_eq!(Name::parse(text), *name);
            assert_eq!(Name::parse(&text.to_ascii_uppercase()), *name);
            assert_eq!(Name::parse(&text.to_ascii_lowercase()), *name);
        }
        assert_eq!(Name::parse("v"), Name::Via);
        assert_eq!(Name::parse("M"), Name::Contact);
        assert_eq!(Name::parse("z"), Name::Other);
        assert_eq!(Name::parse("X-Thing"), Name::Other);
    }
}
