//! The gateway for telephones outside the guest, in real time.

use super::isdn;
use std::io::{Read, Write};
use std::net::TcpListener;

/// Where SIP is served; the guest's network has this address.
pub const SIP: &str = "10.0.2.15:5060";
/// Who connects here ends it.
pub const END: &str = "10.0.2.15:9000";

/// Serves until somebody connects to [`END`]; what it says of itself goes to the console.
pub fn serve() {
    let end = TcpListener::bind(END).unwrap();
    let mut gateway = isdn::ready(2, &["--sip", SIP]);
    for user in ["201", "202"] {
        println!("account {user} {}", gateway.password(user));
    }
    println!("serving");
    let (mut peer, _) = end.accept().unwrap();
    let mut asked = Vec::new();
    let _ = peer.read_to_end(&mut asked);
    super::quiet(&mut gateway);
    let (_, records) = gateway.api("GET", "/api/call_records", None);
    println!("records {records}");
    let _ = peer.write_all(b"over\n");
}
