//! The headers and the body of a message, by meaning.

use super::{Address, CSeq, MediaType, Name, Privacy, Reason, Span, Via, multipart, scan};

/// The headers and the body of a message.
#[derive(Debug, Clone, Default)]
pub struct Fields {
    /// Start line and headers, unfolded.
    pub(super) head: String,
    pub(super) lines: Vec<Line>,
    pub(super) body: Vec<u8>,
}

/// One header line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Line {
    pub(super) name: Name,
    pub(super) name_text: Span,
    pub(super) value: Span,
}

impl Fields {
    pub(super) fn text(&self, span: Span) -> &str {
        self.head.get(span.start as usize..span.end as usize).unwrap_or_default()
    }

    /// Start line and headers as received (folded lines are joined), without the empty line.
    pub fn head(&self) -> &str {
        &self.head
    }

    /// Every header line in order: what it is, its name as written, its value.
    pub fn iter(&self) -> impl Iterator<Item = (Name, &str, &str)> {
        self.lines.iter().map(|l| (l.name, self.text(l.name_text), self.text(l.value)))
    }

    /// The values of all lines of this name, as written.
    pub fn lines(&self, name: Name) -> impl Iterator<Item = &str> {
        self.lines.iter().filter(move |l| l.name == name).map(|l| self.text(l.value))
    }

    /// The value of the first line of this name.
    pub fn value(&self, name: Name) -> Option<&str> {
        self.lines(name).next()
    }

    /// The values of a header that is a list: all lines of this name, split at their commas.
    /// Empty values are passed over.
    pub fn values(&self, name: Name) -> impl Iterator<Item = &str> {
        self.lines(name).flat_map(|v| scan::split(v, b',')).filter(|v| !v.is_empty())
    }

    /// The value of the first line of a header by its name in full, for headers that [`Name`] does
    /// not know.
    pub fn other(&self, name: &str) -> Option<&str> {
        self.iter().find(|(_, written, _)| written.eq_ignore_ascii_case(name)).map(|(_, _, value)| value)
    }

    fn addresses(&self, name: Name) -> impl Iterator<Item = Address<'_>> {
        self.values(name).filter_map(Address::parse)
    }

    /// The topmost Via.
    pub fn via(&self) -> Via<'_> {
        self.vias().next().unwrap_or_default() // checked when the message was read
    }

    /// All Via values, the topmost first.
    pub fn vias(&self) -> impl Iterator<Item = Via<'_>> {
        self.values(Name::Via).filter_map(Via::parse)
    }

    /// From.
    pub fn from(&self) -> Address<'_> {
        self.value(Name::From).and_then(Address::parse).unwrap_or_default() // checked when read
    }

    /// To.
    pub fn to(&self) -> Address<'_> {
        self.value(Name::To).and_then(Address::parse).unwrap_or_default() // checked when read
    }

    /// Call-ID.
    pub fn call_id(&self) -> &str {
        self.value(Name::CallId).unwrap_or_default() // checked when read
    }

    /// CSeq.
    pub fn cseq(&self) -> CSeq<'_> {
        self.value(Name::CSeq).and_then(CSeq::parse).unwrap_or_default() // checked when read
    }

    /// The Contact values; `*` is not among them.
    pub fn contacts(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::Contact)
    }

    /// The first Contact.
    pub fn contact(&self) -> Option<Address<'_>> {
        self.contacts().next()
    }

    /// Is Contact `*`: all of them (RFC 3261 §10.2.2)?
    pub fn contact_is_star(&self) -> bool {
        self.value(Name::Contact) == Some("*")
    }

    /// Max-Forwards, 0–255.
    pub fn max_forwards(&self) -> Option<u8> {
        scan::number(self.value(Name::MaxForwards)?)?.try_into().ok()
    }

    /// Expires in seconds; a value too great is the greatest.
    pub fn expires(&self) -> Option<u32> {
        scan::number_saturating(self.value(Name::Expires)?)
    }

    /// Min-Expires in seconds.
    pub fn min_expires(&self) -> Option<u32> {
        scan::number_saturating(self.value(Name::MinExpires)?)
    }

    /// Retry-After in seconds, without its comment and parameters.
    pub fn retry_after(&self) -> Option<u32> {
        let value = self.value(Name::RetryAfter)?;
        scan::number_saturating(value.split(|c: char| !c.is_ascii_digit()).next()?)
    }

    /// Route, the topmost first.
    pub fn routes(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::Route)
    }

    /// Record-Route, the topmost first.
    pub fn record_routes(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::RecordRoute)
    }

    /// Reason (RFC 3326), all of its values.
    pub fn reasons(&self) -> impl Iterator<Item = Reason<'_>> {
        self.values(Name::Reason).filter_map(Reason::parse)
    }

    /// The Q.850 cause of Reason, 1–127.
    pub fn q850_cause(&self) -> Option<u8> {
        let reason = self.reasons().find(|r| r.protocol.eq_ignore_ascii_case("Q.850"))?;
        reason.cause()?.try_into().ok().filter(|c| (1..=127).contains(c))
    }

    /// Privacy (RFC 3323); nothing set when there is no such header.
    pub fn privacy(&self) -> Privacy {
        self.value(Name::Privacy).map(Privacy::parse).unwrap_or_default()
    }

    /// P-Asserted-Identity (RFC 3325): a `sip:` and a `tel:` at most, by the book.
    pub fn asserted_identities(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::PAssertedIdentity)
    }

    /// Diversion (RFC 5806), the latest first; `reason`, `counter` and `privacy` are its parameters.
    pub fn diversions(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::Diversion)
    }

    /// History-Info (RFC 7044), in the order of its indices.
    pub fn history(&self) -> impl Iterator<Item = Address<'_>> {
        self.addresses(Name::HistoryInfo)
    }

    /// Is this option tag in Supported, Require or another list of tokens?
    pub fn lists(&self, name: Name, token: &str) -> bool {
        self.values(name).any(|v| v.eq_ignore_ascii_case(token))
    }

    /// What the sender says it is: User-Agent or Server.
    pub fn user_agent(&self) -> Option<&str> {
        self.value(Name::UserAgent).or_else(|| self.value(Name::Server)).filter(|v| !v.is_empty())
    }

    /// Content-Type.
    pub fn content_type(&self) -> Option<MediaType<'_>> {
        self.value(Name::ContentType).and_then(MediaType::parse)
    }

    /// The body, as long as Content-Length says.
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body of this type: the body itself, or the first such part of a multipart body.
    pub fn content(&self, kind: &str, subtype: &str) -> Option<&[u8]> {
        if self.body.is_empty() {
            return None;
        }
        let own = self.content_type()?;
        if own.is(kind, subtype) {
            return Some(&self.body);
        }
        if own.kind.eq_ignore_ascii_case("multipart") {
            return multipart::find(&self.body, &own.params.unquoted("boundary")?, kind, subtype);
        }
        None
    }

    /// The session description in the body, when there is one.
    pub fn sdp(&self) -> Option<&[u8]> {
        self.content("application", "sdp")
    }
}
