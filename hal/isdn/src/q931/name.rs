//! What Q.931 and Q.850 call their code points.

/// Message types, Q.931 Table 4-2.
pub(super) fn message(kind: u8) -> Option<&'static str> {
    Some(match kind {
        0x01 => "ALERTING",
        0x02 => "CALL PROCEEDING",
        0x03 => "PROGRESS",
        0x05 => "SETUP",
        0x07 => "CONNECT",
        0x0D => "SETUP ACKNOWLEDGE",
        0x0F => "CONNECT ACKNOWLEDGE",
        0x20 => "USER INFORMATION",
        0x21 => "SUSPEND REJECT",
        0x22 => "RESUME REJECT",
        0x24 => "HOLD",
        0x25 => "SUSPEND",
        0x26 => "RESUME",
        0x28 => "HOLD ACKNOWLEDGE",
        0x2D => "SUSPEND ACKNOWLEDGE",
        0x2E => "RESUME ACKNOWLEDGE",
        0x30 => "HOLD REJECT",
        0x31 => "RETRIEVE",
        0x33 => "RETRIEVE ACKNOWLEDGE",
        0x37 => "RETRIEVE REJECT",
        0x45 => "DISCONNECT",
        0x46 => "RESTART",
        0x4D => "RELEASE",
        0x4E => "RESTART ACKNOWLEDGE",
        0x5A => "RELEASE COMPLETE",
        0x60 => "SEGMENT",
        0x62 => "FACILITY",
        0x64 => "REGISTER",
        0x6E => "NOTIFY",
        0x75 => "STATUS ENQUIRY",
        0x79 => "CONGESTION CONTROL",
        0x7B => "INFORMATION",
        0x7D => "STATUS",
        _ => return None,
    })
}

/// Information elements of codeset 0, Q.931 Table 4-3 and EN 300 097, 207, 196.
pub(super) fn element(id: u8) -> Option<&'static str> {
    Some(match id {
        0x04 => "Bearer capability",
        0x08 => "Cause",
        0x0D => "Extended facility",
        0x10 => "Call identity",
        0x14 => "Call state",
        0x18 => "Channel identification",
        0x1C => "Facility",
        0x1E => "Progress indicator",
        0x20 => "Network-specific facilities",
        0x27 => "Notification indicator",
        0x28 => "Display",
        0x29 => "Date/time",
        0x2C => "Keypad facility",
        0x34 => "Signal",
        0x40 => "Information rate",
        0x4C => "Connected number",
        0x4D => "Connected subaddress",
        0x6C => "Calling party number",
        0x6D => "Calling party subaddress",
        0x70 => "Called party number",
        0x71 => "Called party subaddress",
        0x74 => "Redirecting number",
        0x76 => "Redirection number",
        0x78 => "Transit network selection",
        0x79 => "Restart indicator",
        0x7C => "Low layer compatibility",
        0x7D => "High layer compatibility",
        0x7E => "User-user",
        0xA0 => "More data",
        0xA1 => "Sending complete",
        _ => return None,
    })
}

/// Causes, Q.850 Table 1.
pub(super) fn cause(value: u8) -> &'static str {
    match value {
        1 => "unallocated number",
        2 => "no route to transit network",
        3 => "no route to destination",
        4 => "send special information tone",
        5 => "misdialled trunk prefix",
        6 => "channel unacceptable",
        7 => "call awarded",
        8 => "preemption",
        16 => "normal call clearing",
        17 => "user busy",
        18 => "no user responding",
        19 => "no answer from user",
        20 => "subscriber absent",
        21 => "call rejected",
        22 => "number changed",
        23 => "redirection to new destination",
        25 => "exchange routing error",
        26 => "non-selected user clearing",
        27 => "destination out of order",
        28 => "invalid number format",
        29 => "facility rejected",
        30 => "response to STATUS ENQUIRY",
        31 => "normal, unspecified",
        34 => "no circuit available",
        38 => "network out of order",
        41 => "temporary failure",
        42 => "switching equipment congestion",
        43 => "access information discarded",
        44 => "requested circuit not available",
        47 => "resource unavailable",
        49 => "quality of service not available",
        50 => "facility not subscribed",
        52 => "outgoing calls barred",
        54 => "incoming calls barred",
        55 => "incoming calls barred within CUG",
        57 => "bearer capability not authorized",
        58 => "bearer capability not available now",
        63 => "service not available",
        65 => "bearer capability not implemented",
        66 => "channel type not implemented",
        69 => "facility not implemented",
        70 => "only restricted digital information",
        79 => "service not implemented",
        81 => "invalid call reference",
        82 => "identified channel does not exist",
        87 => "user not member of CUG",
        88 => "incompatible destination",
        90 => "non-existent CUG",
        91 => "invalid transit network selection",
        95 => "invalid message",
        96 => "mandatory element missing",
        97 => "message type non-existent",
        98 => "message not compatible with state",
        99 => "element non-existent",
        100 => "invalid element contents",
        101 => "message not compatible with call state",
        102 => "recovery on timer expiry",
        103 => "parameter passed on",
        110 => "message with unknown parameter discarded",
        111 => "protocol error",
        127 => "interworking",
        _ => "not in Q.850",
    }
}

/// Locations, Q.850 §2.2.3.
pub(super) fn location(value: u8) -> &'static str {
    match value & 0x0F {
        0 => "user",
        1 => "private network of the local user",
        2 => "public network of the local user",
        3 => "transit network",
        4 => "public network of the remote user",
        5 => "private network of the remote user",
        7 => "international network",
        10 => "beyond an interworking point",
        _ => "unknown place",
    }
}

/// Progress descriptions, §4.5.23.
pub(super) fn progress(value: u8) -> &'static str {
    match value {
        1 => "the call is not end-to-end ISDN",
        2 => "the called side is not ISDN",
        3 => "the calling side is not ISDN",
        4 => "the call is back in the ISDN",
        5 => "interworking changed the service",
        8 => "in-band information",
        _ => "unknown",
    }
}

/// Information transfer capabilities, §4.5.5.
pub(super) fn capability(value: u8) -> &'static str {
    match value & 0x1F {
        0x00 => "speech",
        0x08 => "unrestricted digital",
        0x09 => "restricted digital",
        0x10 => "3.1 kHz audio",
        0x11 => "unrestricted digital with tones",
        0x18 => "video",
        _ => "unknown capability",
    }
}

/// User information layer 1 protocols, §4.5.5.
pub(super) fn layer_1(value: u8) -> &'static str {
    match value & 0x1F {
        0x01 => "V.110",
        0x02 => "mu-law",
        0x03 => "A-law",
        0x04 => "G.721",
        0x05 => "H.221",
        0x06 => "H.223",
        0x08 => "V.120",
        0x09 => "X.31",
        _ => "another layer 1",
    }
}

/// Types of number, §4.5.10.
pub(super) fn type_of_number(value: u8) -> &'static str {
    match value & 7 {
        0 => "unknown type",
        1 => "international",
        2 => "national",
        3 => "network specific",
        4 => "subscriber",
        6 => "abbreviated",
        _ => "reserved type",
    }
}

/// Numbering plans, §4.5.10.
pub(super) fn plan(value: u8) -> &'static str {
    match value & 0x0F {
        0 => "unknown plan",
        1 => "E.164",
        3 => "X.121",
        4 => "telex",
        8 => "national plan",
        9 => "private plan",
        _ => "reserved plan",
    }
}

/// Presentation indicators, §4.5.10.
pub(super) fn presentation(value: u8) -> &'static str {
    match value & 3 {
        0 => "presentation allowed",
        1 => "presentation restricted",
        2 => "not available due to interworking",
        _ => "reserved presentation",
    }
}

/// Screening indicators, §4.5.10.
pub(super) fn screening(value: u8) -> &'static str {
    match value & 3 {
        0 => "user provided, not screened",
        1 => "user provided, verified",
        2 => "user provided, failed",
        _ => "network provided",
    }
}

/// Reasons of redirection, EN 300 207-1.
pub(super) fn redirection(value: u8) -> &'static str {
    match value & 0x0F {
        1 => "busy",
        2 => "no reply",
        4 => "deflection",
        9 => "destination out of order",
        10 => "forwarded by the called terminal",
        15 => "unconditional",
        _ => "unknown reason",
    }
}

/// Call states, §4.5.7, as in STATUS.
pub(super) fn call_state(value: u8) -> &'static str {
    match value & 0x3F {
        0 => "null",
        1 => "call initiated",
        2 => "overlap sending",
        3 => "outgoing call proceeding",
        4 => "call delivered",
        6 => "call present",
        7 => "call received",
        8 => "connect request",
        9 => "incoming call proceeding",
        10 => "active",
        11 => "disconnect request",
        12 => "disconnect indication",
        15 => "suspend request",
        17 => "resume request",
        19 => "release request",
        22 => "call abort",
        25 => "overlap receiving",
        61 => "restart request",
        62 => "restart",
        _ => "unknown state",
    }
}
