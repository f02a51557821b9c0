//! The whole gateway in the guest: in virtual time with telephones beside it, in real time with
//! telephones outside.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_dahdi_tests::gateway::phone::Time;
use demarc_dahdi_tests::gateway::{Phone, isdn, outside};
use demarc_dahdi_tests::lab::{Boot, far_end};
use std::io::Read;
use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};

const PROGRAM: &str = env!("CARGO_BIN_EXE_in-guest");
/// Where the guest finds its host.
const HOST: &str = "10.0.2.2";

#[test]
fn plug_in_and_it_works_and_calls_cross_an_e1() {
    let folder = tempfile::tempdir().unwrap();
    let boot = Boot::new("e1x2").with_gateway().with(&far_end(folder.path()));
    boot.run(PROGRAM, &["plug-in,gateway-isdn"]).check();
}

#[test]
fn calls_over_analog_lines() {
    Boot::new("t1x2").with_gateway().run(PROGRAM, &["gateway-analog,gateway-telephone"]).check();
}

#[test]
fn delay_from_the_line_to_rtp_and_back() {
    Boot::new("e1x2").with_gateway().option(&["--no-echo"]).run(PROGRAM, &["gateway-delay"]).check();
}

#[test]
fn full_load() {
    let boot = Boot::new("e1x2,e1x2,e1x2,e1x2").with_gateway().option(&["--no-echo"]);
    boot.run(PROGRAM, &["gateway-load"]).check();
}

#[test]
fn sip_from_outside_crosses_an_e1_and_comes_back() {
    let here = |port| SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    let sip = UdpSocket::bind(here(0)).unwrap().local_addr().unwrap();
    let end = TcpListener::bind(here(0)).unwrap().local_addr().unwrap();
    let port = |address: &str| address.rsplit(':').next().unwrap().to_owned();
    let mut guest = Boot::new("e1x2")
        .with_gateway()
        .option(&["--real-time"])
        .option(&["--forward", &format!("udp:{}:{}", sip.port(), port(outside::SIP))])
        .option(&["--forward", &format!("tcp:{}:{}", end.port(), port(outside::END))])
        .start(PROGRAM, &["outside"]);
    let mut phone = |user: &str| {
        let password = guest.wait(&format!("account {user} "));
        Phone { gateway: sip, user: user.into(), password, host: HOST.into() }
    };
    let (near, far) = (phone("201"), phone("202"));
    guest.wait("serving");
    isdn::judge(&near, &far, Time::Real);
    let mut stream = TcpStream::connect(end).unwrap();
    stream.shutdown(Shutdown::Write).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert_eq!(answer, "over\n");
    guest.finish();
}
