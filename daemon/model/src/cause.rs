//! Why a call ended: ITU-T Q.850 everywhere inside. SIP status codes exist only in the `sip` room.

use serde::{Deserialize, Serialize};
use std::fmt;

/// A Q.850 cause value, 1–127.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(transparent)]
pub struct Cause(u8);

macro_rules! causes {
    ($($name:ident = $value:literal, $text:literal;)*) => {
        impl Cause {
            $(#[doc = $text] pub const $name: Cause = Cause($value);)*

            /// What the cause says, in the words of Q.850.
            pub const fn text(self) -> &'static str {
                match self.0 {
                    $($value => $text,)*
                    _ => "Unlisted cause",
                }
            }
        }
    };
}

causes! {
    UNALLOCATED_NUMBER = 1, "Unallocated (unassigned) number";
    NO_ROUTE_TO_TRANSIT = 2, "No route to specified transit network";
    NO_ROUTE_TO_DESTINATION = 3, "No route to destination";
    SPECIAL_INFORMATION_TONE = 4, "Send special information tone";
    PREEMPTION = 8, "Preemption";
    NORMAL_CLEARING = 16, "Normal call clearing";
    USER_BUSY = 17, "User busy";
    NO_USER_RESPONDING = 18, "No user responding";
    NO_ANSWER = 19, "No answer from user (user alerted)";
    SUBSCRIBER_ABSENT = 20, "Subscriber absent";
    CALL_REJECTED = 21, "Call rejected";
    NUMBER_CHANGED = 22, "Number changed";
    REDIRECTION = 23, "Redirection to new destination";
    NON_SELECTED_USER = 26, "Non-selected user clearing";
    DESTINATION_OUT_OF_ORDER = 27, "Destination out of order";
    INVALID_NUMBER_FORMAT = 28, "Invalid number format (address incomplete)";
    FACILITY_REJECTED = 29, "Facility rejected";
    STATUS_ENQUIRY_RESPONSE = 30, "Response to STATUS ENQUIRY";
    NORMAL_UNSPECIFIED = 31, "Normal, unspecified";
    NO_CIRCUIT = 34, "No circuit/channel available";
    NETWORK_OUT_OF_ORDER = 38, "Network out of order";
    TEMPORARY_FAILURE = 41, "Temporary failure";
    CONGESTION = 42, "Switching equipment congestion";
    REQUESTED_CIRCUIT_UNAVAILABLE = 44, "Requested circuit/channel not available";
    RESOURCE_UNAVAILABLE = 47, "Resource unavailable, unspecified";
    INCOMING_BARRED = 55, "Incoming calls barred within CUG";
    BEARER_NOT_AUTHORIZED = 57, "Bearer capability not authorized";
    BEARER_NOT_AVAILABLE = 58, "Bearer capability not presently available";
    SERVICE_UNAVAILABLE = 63, "Service or option not available, unspecified";
    BEARER_NOT_IMPLEMENTED = 65, "Bearer capability not implemented";
    FACILITY_NOT_IMPLEMENTED = 69, "Requested facility not implemented";
    ONLY_RESTRICTED_DIGITAL = 70, "Only restricted digital information bearer capability is available";
    SERVICE_NOT_IMPLEMENTED = 79, "Service or option not implemented, unspecified";
    INVALID_CALL_REFERENCE = 81, "Invalid call reference value";
    CHANNEL_DOES_NOT_EXIST = 82, "Identified channel does not exist";
    NOT_MEMBER_OF_CUG = 87, "User not member of CUG";
    INCOMPATIBLE_DESTINATION = 88, "Incompatible destination";
    INVALID_MESSAGE = 95, "Invalid message, unspecified";
    MANDATORY_IE_MISSING = 96, "Mandatory information element is missing";
    MESSAGE_NOT_IMPLEMENTED = 97, "Message type non-existent or not implemented";
    MESSAGE_INCOMPATIBLE = 98, "Message not compatible with call state";
    IE_NOT_IMPLEMENTED = 99, "Information element non-existent or not implemented";
    INVALID_IE_CONTENTS = 100, "Invalid information element contents";
    WRONG_CALL_STATE = 101, "Message not compatible with call state";
    RECOVERY_ON_TIMER = 102, "Recovery on timer expiry";
    PROTOCOL_ERROR = 111, "Protocol error, unspecified";
    INTERWORKING = 127, "Interworking, unspecified";
}

impl Cause {
    /// A cause from its value; none outside 1–127.
    pub const fn new(value: u8) -> Option<Self> {
        if value >= 1 && value <= 127 { Some(Self(value)) } else { None }
    }

    /// A cause from a received value; outside 1–127 it is 31, normal unspecified.
    pub const fn from_received(value: u8) -> Self {
        match Self::new(value) {
            Some(cause) => cause,
            None => Self::NORMAL_UNSPECIFIED,
        }
    }

    /// The value, 1–127.
    pub const fn value(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.0, self.text())
    }
}
