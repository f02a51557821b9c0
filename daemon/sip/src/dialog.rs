//! A dialog: RFC 3261 §12.

use crate::Flow;
use crate::message::{Address, Draft, Method, Name, Request, Response, Uri, write_address};

/// The most proxies a dialog goes through.
const MAX_ROUTES: usize = 20;

/// A relation with one peer.
#[derive(Debug, Clone)]
pub struct Dialog {
    pub call_id: String,
    /// Our From: address with tag.
    pub local: String,
    /// Their To: address with tag.
    pub remote: String,
    /// Their tag; empty for a peer before RFC 3261.
    pub remote_tag: String,
    /// Where their Contact is.
    pub target: String,
    /// Our Contact.
    pub contact: String,
    /// The proxies between us, ours first.
    routes: Vec<String>,
    /// The way to the first hop.
    pub flow: Flow,
    local_cseq: u32,
    remote_cseq: Option<u32>,
}

impl Dialog {
    /// Of a request that came (§12.1.1).
    pub fn uas(request: &Request, flow: Flow, tag: &str, contact: String, first_cseq: u32) -> Self {
        let to = request.to();
        let local = match to.tag() {
            Some(_) => request.value(Name::To).unwrap_or_default().to_owned(),
            None => write_address(&to.display(), to.uri().as_str(), Some(tag)),
        };
        Self {
            call_id: request.call_id().to_owned(),
            local,
            remote: request.value(Name::From).unwrap_or_default().to_owned(),
            remote_tag: request.from().tag().unwrap_or_default().to_owned(),
            target: target(request.contact()).unwrap_or_else(|| request.from().uri().as_str().to_owned()),
            contact,
            routes: request.values(Name::RecordRoute).take(MAX_ROUTES).map(str::to_owned).collect(),
            flow,
            local_cseq: first_cseq,
            remote_cseq: Some(request.cseq().number),
        }
    }

    /// Of a response to our INVITE (§12.1.2). `local` is our From, `target` our Request-URI.
    pub fn uac(response: &Response, flow: Flow, local: &str, contact: &str, request_uri: &str) -> Self {
        let mut routes: Vec<_> =
            response.values(Name::RecordRoute).take(MAX_ROUTES).map(str::to_owned).collect();
        routes.reverse();
        Self {
            call_id: response.call_id().to_owned(),
            local: local.to_owned(),
            remote: response.value(Name::To).unwrap_or_default().to_owned(),
            remote_tag: response.to().tag().unwrap_or_default().to_owned(),
            target: target(response.contact()).unwrap_or_else(|| request_uri.to_owned()),
            contact: contact.to_owned(),
            routes,
            flow,
            local_cseq: response.cseq().number,
            remote_cseq: None,
        }
    }

    /// The next request within it, and its Request-URI.
    pub fn request(&mut self, method: &Method) -> (String, Draft) {
        self.local_cseq = self.local_cseq.wrapping_add(1) & 0x7fff_ffff;
        self.message(method, self.local_cseq)
    }

    /// The ACK of the 2xx to the INVITE with this CSeq (§13.2.2.4).
    pub fn ack(&self, cseq: u32) -> Draft {
        self.message(&Method::Ack, cseq).1
    }

    /// Is a request of theirs in order (§12.2.2)? Notes its number.
    pub fn in_order(&mut self, cseq: u32) -> bool {
        let good = self.remote_cseq.is_none_or(|last| cseq > last);
        if good {
            self.remote_cseq = Some(cseq);
        }
        good
    }

    /// A target refresh request or its response came (§12.2).
    pub fn refresh_target(&mut self, contact: Option<Address<'_>>) {
        if let Some(target) = target(contact) {
            self.target = target;
        }
    }

    fn message(&self, method: &Method, cseq: u32) -> (String, Draft) {
        let (uri, routes) = self.way();
        let mut draft = Draft::request(method, Uri::parse(&uri).unwrap_or_default());
        if !routes.is_empty() {
            draft = draft.add(Name::Route, routes.join(", "));
        }
        let draft = draft
            .add(Name::MaxForwards, "70")
            .add(Name::From, self.local.clone())
            .add(Name::To, self.remote.clone())
            .add(Name::CallId, self.call_id.clone())
            .add(Name::CSeq, format!("{cseq} {method}"));
        (uri, draft)
    }

    /// Request-URI and Route (§12.2.1.1): a first proxy without `lr` wants itself in the former.
    fn way(&self) -> (String, Vec<String>) {
        let Some(first) = self.routes.first().and_then(|route| Address::parse(route)) else {
            return (self.target.clone(), Vec::new());
        };
        if first.uri().params().has("lr") {
            return (self.target.clone(), self.routes.clone());
        }
        let rest = self.routes.iter().skip(1).cloned().chain([format!("<{}>", self.target)]);
        (first.uri().as_str().to_owned(), rest.collect())
    }
}

fn target(contact: Option<Address<'_>>) -> Option<String> {
    contact.map(|contact| contact.uri().as_str().to_owned()).filter(|uri| !uri.is_empty())
}
