//! The message parser and writer against the torture of RFC 4475 and RFC 5118, against random
//! bytes, and against a second opinion.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod corpus;
mod draft;
mod fuzz;
mod ipv6;
mod second_opinion;
mod torture_invalid;
mod torture_valid;

use demarc_sip::message::{Message, ParseError, Request, Response};

/// A message written with LF, as it travels.
fn wire(text: &str) -> Vec<u8> {
    text.replace('\n', "\r\n").into_bytes()
}

fn parse(text: &str) -> Result<Message, ParseError> {
    Message::parse(wire(text))
}

fn request(text: &str) -> Request {
    match parse(text) {
        Ok(Message::Request(request)) => request,
        other => panic!("no request: {other:?}\n{text}"),
    }
}

fn response(text: &str) -> Response {
    match parse(text) {
        Ok(Message::Response(response)) => response,
        other => panic!("no response: {other:?}\n{text}"),
    }
}
