//! How long a typical INVITE takes to read, and how many allocations, beside the `rsip` crate:
//!
//! `cargo run --release -p demarc-sip --example parse_bench`
//!
//! Both read the message and are asked what a user agent server must know of it. Rounds of the two
//! alternate and the fastest round of each counts, so that what else the machine does cancels out.
#![allow(clippy::unwrap_used)] // a figure from a broken run would be worse than none
#![allow(clippy::disallowed_methods)] // the clock is what this is about

use demarc_sip::message::Message;
use rsip::headers::ToTypedHeader;
use rsip::message::HeadersExt;
use rsip::prelude::UntypedHeader;
use std::alloc::{GlobalAlloc, Layout, System};
use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const INVITE: &str = "INVITE sip:+442079460123@gw.example.com;user=phone SIP/2.0\r\n\
    Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport\r\n\
    Max-Forwards: 70\r\n\
    From: \"Reception\" <sip:201@gw.example.com>;tag=1928301774\r\n\
    To: <sip:+442079460123@gw.example.com;user=phone>\r\n\
    Call-ID: a84b4c76e66710@192.0.2.10\r\n\
    CSeq: 314159 INVITE\r\n\
    Contact: <sip:201@192.0.2.10:5060;transport=udp>\r\n\
    Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE\r\n\
    Supported: replaces, timer, 100rel\r\n\
    User-Agent: Deskphone 4.2\r\n\
    Content-Type: application/sdp\r\n\
    Content-Length: 225\r\n\
    \r\n\
    v=0\r\n\
    o=- 2890844526 1 IN IP4 192.0.2.10\r\n\
    s=-\r\n\
    c=IN IP4 192.0.2.10\r\n\
    t=0 0\r\n\
    m=audio 49170 RTP/AVP 8 0 101\r\n\
    a=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:0 PCMU/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\n\
    a=fmtp:101 0-16\r\n\
    a=ptime:20\r\n\
    a=sendrecv\r\n";

const ROUNDS: u32 = 1_000;
const PER_ROUND: u32 = 200;

fn main() {
    let readers: [(&str, fn()); 4] = [
        ("demarc: read", demarc_read),
        ("rsip:   read", rsip_read),
        ("demarc: read and ask", demarc_ask),
        ("rsip:   read and ask", rsip_ask),
    ];
    let mut best = [Duration::MAX; 4];
    for _ in 0..ROUNDS {
        for ((_, reader), best) in readers.iter().zip(&mut best) {
            *best = (*best).min(time(*reader));
        }
    }
    println!("INVITE of {} bytes, {ROUNDS} rounds of {PER_ROUND}, fastest round:", INVITE.len());
    for ((name, reader), best) in readers.iter().zip(&best) {
        println!("  {name:22} {:>8.0} ns  {:>3} allocations", nanos(*best), allocations(*reader));
    }
    println!(
        "ratio: read {:.1} times faster, read and ask {:.1} times faster",
        best[1].div_duration_f64(best[0]),
        best[3].div_duration_f64(best[2])
    );
}

fn time(reader: fn()) -> Duration {
    let start = Instant::now();
    for _ in 0..PER_ROUND {
        reader();
    }
    start.elapsed() / PER_ROUND
}

fn nanos(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1e9
}

/// The datagram as it comes out of a socket's buffer: this copy counts.
fn datagram() -> Vec<u8> {
    black_box(INVITE).as_bytes().to_vec()
}

fn demarc_read() {
    black_box(Message::parse(datagram()).unwrap());
}

fn rsip_read() {
    black_box(rsip::SipMessage::try_from(datagram()).unwrap());
}

fn demarc_ask() {
    let message = Message::parse(datagram()).unwrap();
    let f = message.fields();
    let (via, from, to, contact) = (f.via(), f.from(), f.to(), f.contact().unwrap());
    black_box((via.branch(), via.host(), from.tag(), from.uri().user(), to.uri().user(), contact.uri()));
    black_box((f.call_id(), f.cseq(), f.max_forwards().unwrap(), f.sdp().unwrap()));
}

fn rsip_ask() {
    let message = rsip::SipMessage::try_from(datagram()).unwrap();
    black_box((
        message.via_header().unwrap().typed().unwrap(),
        message.from_header().unwrap().typed().unwrap(),
    ));
    black_box((message.to_header().unwrap().typed().unwrap(), message.call_id_header().unwrap().value()));
    black_box((
        message.cseq_header().unwrap().typed().unwrap(),
        message.contact_header().unwrap().typed().unwrap(),
    ));
    black_box((message.max_forwards_header().unwrap().num().unwrap(), message.body()));
}

fn allocations(reader: fn()) -> usize {
    let before = COUNT.load(Ordering::Relaxed);
    reader();
    COUNT.load(Ordering::Relaxed) - before
}

static COUNT: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// The system's allocator, counted.
struct Counting;

// SAFETY: every call is handed to the system's allocator as it came; counting touches nothing else.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `GlobalAlloc::alloc`, which is that of `System`.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: `pointer` came from `System` by `alloc` or `realloc` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` with this layout; `size` is the caller's to answer for.
        unsafe { System.realloc(pointer, layout, size) }
    }
}
