//! Which bytes may stand where, RFC 3261 §25.1, as one table: most of the time of reading a message
//! is spent asking this.

/// A set of classes.
type Classes = u8;

/// `token`.
pub(crate) const TOKEN: Classes = 1;
/// User part and password of a `sip:` URI. `#` and UTF-8 are not legal there unescaped, but phones
/// send `sip:*21#@…`, and the meaning is plain.
pub(crate) const USER: Classes = 2;
/// Parameters of a URI.
pub(crate) const URI_PARAM: Classes = 4;
/// Headers of a URI.
pub(crate) const URI_HEADER: Classes = 128;
/// A host name or an IPv4 address. `_` is no legal character there, but Windows and some phones
/// use it.
pub(crate) const HOST: Classes = 8;
/// The value of a header parameter without quotes: token and host, IPv6 with or without brackets
/// (RFC 5118 §4.5 wants both read in `received`), and what phones send beside.
pub(crate) const VALUE: Classes = 16;
/// A display name without quotes: tokens, and the marks and UTF-8 that phones put there. Nothing
/// that could end the name or the list it stands in.
pub(crate) const DISPLAY: Classes = 32;
/// `unreserved`.
pub(crate) const UNRESERVED: Classes = 64;

static TABLE: [Classes; 256] = {
    let mut table = [0; 256];
    let mut b = 0;
    while b < 256 {
        table[b] = classes(b as u8);
        b += 1;
    }
    table
};

const fn classes(b: u8) -> Classes {
    let alphanumeric = b.is_ascii_alphanumeric();
    let unreserved = alphanumeric || is_one_of(b, b"-_.!~*'()");
    let token = alphanumeric || is_one_of(b, b"-.!%*_+`'~");
    let mut set = 0;
    if token {
        set |= TOKEN;
    }
    if unreserved || !b.is_ascii() || is_one_of(b, b"%&=+$,;?/#") {
        set |= USER;
    }
    if unreserved || is_one_of(b, b"%[]/:&+$;=") {
        set |= URI_PARAM | URI_HEADER;
    }
    if b == b'?' {
        set |= URI_HEADER;
    }
    if alphanumeric || is_one_of(b, b"-._") {
        set |= HOST;
    }
    if token || is_one_of(b, b"[]:/@$&=") {
        set |= VALUE;
    }
    if token || !b.is_ascii() || is_one_of(b, b" \t()/&#:") {
        set |= DISPLAY;
    }
    if unreserved {
        set |= UNRESERVED;
    }
    set
}

const fn is_one_of(b: u8, set: &[u8]) -> bool {
    let mut at = 0;
    while at < set.len() {
        if set[at] == b {
            return true;
        }
        at += 1;
    }
    false
}

/// Is the byte in one of the classes?
#[inline]
pub(crate) fn is(b: u8, set: Classes) -> bool {
    TABLE[usize::from(b)] & set != 0
}

/// Are all bytes in one of the classes?
#[inline]
pub(crate) fn all(text: &str, set: Classes) -> bool {
    text.bytes().all(|b| is(b, set))
}
