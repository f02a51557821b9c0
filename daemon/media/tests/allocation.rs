//! Once streams are open, packets and blocks cost no allocation.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod lab;

use demarc_hal::{BLOCK, Companding};
use demarc_media::rtp::Header;
use demarc_model::Country;
use demarc_model::media::*;
use lab::*;

#[test]
fn a_running_call_allocates_nothing() {
    let line = Line::new(Companding::ALaw);
    let mut lab = Lab::new(&[&line]);
    lab.open_line(stream(1), 1);
    lab.open_rtp(stream(2), rtp(4000, Codec::Pcmu));
    lab.join(stream(1), stream(2));
    let detect = Detect {
        dtmf: true,
        progress: Some(Country::GB),
        unknown_tones: true,
        caller_id: Some(CallerIdForm::V23),
        caller_id_any: true,
        voice: true,
        alerting_signal: true,
        ..Detect::NONE
    };
    lab.detect(stream(1), detect);
    lab.detect(stream(2), DTMF);
    line.to_line.lock().unwrap().reserve(1000);
    line.from_line.lock().unwrap().extend([[0xD5; BLOCK]; 500]);
    let mut sent = 0;
    let allocated = allocation_counter::measure(|| {
        for n in 0..500u32 {
            let mut packet = [0xFF; 12 + BLOCK];
            let payload_type = if n % 50 < 5 { 101 } else { 0 };
            let header =
                Header { marker: false, payload_type, sequence: n as u16, timestamp: n / 50 * 8000, ssrc: 1 };
            packet[..12].copy_from_slice(&header.build());
            if payload_type == 101 {
                packet[12..16].copy_from_slice(&[5, if n % 50 == 4 { 0x8A } else { 10 }, 0, 160]);
            }
            lab.engine.receive(4000, address(1), &packet, 0);
            lab.engine.tick();
            lab.engine.transmit(|_, _, _| sent += 1);
            while lab.engine.poll_event().is_some() {}
        }
    });
    assert_eq!(allocated.count_total, 0);
    assert_eq!(sent, 500);
}
