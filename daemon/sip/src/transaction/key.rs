//! Which transaction a message belongs to.

use crate::message::{MAGIC_COOKIE, Method, Request, Response};

/// RFC 3261 §17.1.3.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ClientKey {
    pub branch: String,
    pub method: Method,
}

impl ClientKey {
    pub fn of(response: &Response) -> Option<Self> {
        let branch = response.via().branch()?.to_owned();
        Some(Self { branch, method: Method::parse(response.cseq().method)? })
    }
}

/// RFC 3261 §17.2.3. An ACK has the key of its INVITE.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct ServerKey {
    /// The branch; of a client before RFC 3261, what tells its requests apart.
    branch: String,
    sent_by: (String, u16),
    method: Method,
}

impl ServerKey {
    pub fn of(request: &Request) -> Self {
        let method = match request.method() {
            Method::Ack => Method::Invite,
            other => other.clone(),
        };
        Self::with_method(request, method)
    }

    /// The key of the INVITE that a CANCEL is for.
    pub fn of_invite(cancel: &Request) -> Self {
        Self::with_method(cancel, Method::Invite)
    }

    fn with_method(request: &Request, method: Method) -> Self {
        let via = request.via();
        let branch = match via.branch().filter(|branch| branch.starts_with(MAGIC_COOKIE)) {
            Some(branch) => branch.to_owned(),
            None => {
                let from = request.from().tag().unwrap_or_default();
                format!("{} {} {from}", request.call_id(), request.cseq().number)
            }
        };
        let sent_by = (via.host().to_ascii_lowercase(), via.port().unwrap_or(5060));
        Self { branch, sent_by, method }
    }
}
