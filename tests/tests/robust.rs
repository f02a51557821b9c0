//! What the real process does when something dies, is broken, or is in the way.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_tests::real::audio::Say;
use demarc_tests::real::daemon::free_sip;
use demarc_tests::real::sipp::Cast;
use demarc_tests::real::{Audio, Demarcd, Sipp, wait_for};
use serde_json::Value;
use std::net::{SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::process::Command;
use std::time::Duration;

const ECHO: &str = "02079460100";
const PATIENCE: Duration = Duration::from_secs(60);

fn ready(mut gateway: Demarcd) -> Demarcd {
    wait_for("the D channel", PATIENCE, || d_channel_up(&mut gateway).filter(|up| *up));
    gateway
}

fn d_channel_up(gateway: &mut Demarcd) -> Option<bool> {
    gateway.api("GET", "/api/live", None).1["spans"][0]["d_channel_up"].as_bool()
}

fn calls(gateway: &mut Demarcd) -> usize {
    gateway.api("GET", "/api/live", None).1["calls"].as_array().map_or(0, Vec::len)
}

fn kill_9(pid: u32) {
    assert!(Command::new("kill").args(["-9", &pid.to_string()]).status().unwrap().success());
}

/// A SIPp phone in a call; the audio must live as long as the call.
fn begin(gateway: &Demarcd, user: &str, number: &str, scenario: &str, talk_ms: u32) -> (Sipp, Audio) {
    let audio = Audio::start(Say::Tone(700.0, -10.0), None);
    let password = gateway.password(user);
    let cast = Cast { user, password: &password, number, audio: audio.port, talk_ms, ..Cast::default() };
    (Sipp::start(scenario, gateway.sip, &cast), audio)
}

#[test]
fn a_killed_helper_costs_its_calls_and_nothing_else() {
    let mut gateway = ready(Demarcd::start());
    let (pri, _pri_audio) = begin(&gateway, "201", ECHO, "call-until-bye", 0);
    let (local, local_audio) = begin(&gateway, "202", "*43", "call", 12_000);
    wait_for("both calls", PATIENCE, || (calls(&mut gateway) == 2).then_some(()));

    // One helper serves the gateway's span, the other the telco's: both die.
    let ups = |gateway: &Demarcd| gateway.log().matches("the D channel is up").count();
    let (helpers, up_before) = (gateway.helpers(), ups(&gateway));
    assert_eq!(helpers.len(), 2, "{helpers:?}");
    helpers.iter().copied().for_each(kill_9);
    let messages = pri.finish();
    assert!(messages.contains("Q.850;cause=41"), "{messages}");
    wait_for("the dead call to go", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    wait_for("both ends of the D channel", PATIENCE, || (ups(&gateway) >= up_before + 2).then_some(()));
    assert!(gateway.helpers().iter().all(|helper| !helpers.contains(helper)));

    let (again, again_audio) = begin(&gateway, "203", ECHO, "call", 3000);
    again.finish();
    assert!((again_audio.finish().loudest().1 - 700.0).abs() < 1.0);
    local.finish();
    assert!((local_audio.finish().loudest().1 - 700.0).abs() < 1.0);
}

#[test]
fn kill_9_in_mid_call_loses_nothing_that_was_stored() {
    let mut gateway = ready(Demarcd::start());
    let (_, mut phone) = gateway.api("GET", "/api/devices/1", None);
    phone["name"] = "Reception".into();
    let (status, answer) = gateway.change("PUT", "/api/devices/1", Some(&phone));
    assert_eq!(status, 200, "{answer}");
    let (_call, _audio) = begin(&gateway, "201", ECHO, "call-until-bye", 0);
    wait_for("the record of the call", PATIENCE, || {
        let (_, records) = gateway.api("GET", "/api/call_records", None);
        records["records"].as_array().filter(|list| !list.is_empty()).map(|_| ())
    });
    let data = gateway.kill();

    let mut gateway = Demarcd::start_on(data);
    let (_, phone) = gateway.api("GET", "/api/devices/1", None);
    assert_eq!(phone["name"], "Reception");
    let (_, records) = gateway.api("GET", "/api/call_records", None);
    let record = &records["records"][0];
    assert_eq!(record["cause"], 41, "{record}");
    assert!(record["ended_ms"].is_number() && record["reason"].is_string(), "{record}");
}

#[test]
fn stopping_ends_calls_and_closes_their_records() {
    let mut gateway = ready(Demarcd::start());
    let (call, _audio) = begin(&gateway, "201", ECHO, "call-until-bye", 0);
    wait_for("the call", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    let (data, status) = gateway.stop();
    assert!(status.success());
    call.finish();
    let mut gateway = Demarcd::start_on(data);
    let (_, records) = gateway.api("GET", "/api/call_records", None);
    assert_ne!(records["records"][0]["cause"], Value::Null);
    assert_ne!(records["records"][0]["cause"], 41, "it was ended, not cut off");
}

#[test]
fn a_change_takes_effect_at_once_and_leaves_calls_alone() {
    let mut gateway = ready(Demarcd::start());
    let (call, audio) = begin(&gateway, "201", ECHO, "call", 6000);
    wait_for("the call", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    let (_, mut trunk) = gateway.api("GET", "/api/trunks/1", None);
    trunk["enabled"] = false.into();
    let (status, answer) = gateway.change("PUT", "/api/trunks/1", Some(&trunk));
    assert_eq!(status, 200, "{answer}");
    wait_for("the trunk to go", PATIENCE, || {
        let (_, live) = gateway.api("GET", "/api/live", None);
        live["trunks"]
            .as_array()?
            .iter()
            .find(|trunk| trunk["trunk"] == 1 && trunk["up"] == false)
            .map(|_| ())
    });
    assert_eq!(calls(&mut gateway), 1);
    call.finish();
    assert!((audio.finish().loudest().1 - 700.0).abs() < 1.0);
}

#[test]
fn sip_and_rtp_move_while_a_call_is_up() {
    let mut gateway = ready(Demarcd::start_configured());
    let (call, audio) = begin(&gateway, "201", ECHO, "call", 12_000);
    wait_for("the call", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    let old = gateway.sip;

    let (_, mut system) = gateway.api("GET", "/api/system", None);
    gateway.sip = free_sip();
    system["sip"]["udp"] = gateway.sip.to_string().into();
    system["sip"]["tcp"] = gateway.sip.to_string().into();
    // Beyond the 200 ports that it had.
    let rtp = gateway.rtp() + 400;
    system["rtp"]["first_port"] = rtp.into();
    system["rtp"]["ports"] = 40.into();
    let (status, answer) = gateway.change("PUT", "/api/system", Some(&system));
    assert_eq!(status, 200, "{answer}");
    let (_, account) = gateway.api("GET", "/api/devices/2/account", None);
    assert_eq!(account["udp"], gateway.sip.to_string());

    wait_for("the new listener", PATIENCE, || TcpStream::connect(gateway.sip).ok());
    assert!(TcpStream::connect(old).is_err(), "the old one is gone");
    let password = gateway.password("202");
    for tcp in [false, true] {
        let cast = Cast { user: "202", password: &password, tcp, ..Cast::default() };
        Sipp::start("register", gateway.sip, &cast).finish();
    }
    let (other, other_audio) = begin(&gateway, "203", "*43", "call", 2000);
    let messages = other.finish();
    let port = messages.split("m=audio ").filter_map(|rest| rest.split(' ').next()?.parse().ok());
    let ours: Vec<u16> = port.filter(|port| (rtp..rtp + 80).contains(port)).collect();
    assert!(!ours.is_empty(), "audio is received on the new ports: {messages}");
    assert!((other_audio.finish().loudest().1 - 700.0).abs() < 1.0);

    // The phone of the first call knows only the old address, and says BYE there.
    call.finish();
    assert!((audio.finish().loudest().1 - 700.0).abs() < 1.0);
    wait_for("the end of the call", PATIENCE, || (calls(&mut gateway) == 0).then_some(()));

    // From one address to all of them: the old socket is in the way of the new one.
    let all = SocketAddr::from(([0, 0, 0, 0], gateway.sip.port()));
    system["sip"]["udp"] = all.to_string().into();
    system["sip"]["tcp"] = all.to_string().into();
    let (status, answer) = gateway.change("PUT", "/api/system", Some(&system));
    assert_eq!(status, 200, "{answer}");
    gateway.sip.set_ip([127, 0, 0, 2].into());
    wait_for("the new listener", PATIENCE, || TcpStream::connect(gateway.sip).ok());
    for tcp in [false, true] {
        let cast = Cast { user: "202", password: &password, tcp, ..Cast::default() };
        Sipp::start("register", gateway.sip, &cast).finish();
    }
}

#[test]
fn malformed_sip_is_answered_or_dropped_and_nobody_else_notices() {
    let mut gateway = ready(Demarcd::start());
    let (call, audio) = begin(&gateway, "201", ECHO, "call", 6000);
    wait_for("the call", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.set_read_timeout(Some(Duration::from_millis(500))).unwrap();
    for n in 0..2000_u32 {
        let mut noise: Vec<u8> =
            (0..n % 900).map(|i| (i.wrapping_mul(2_654_435_761).wrapping_add(n) >> 13) as u8).collect();
        if n % 3 == 0 {
            noise.splice(0..0, *b"INVITE sip:x@y SIP/2.0\r\nVia: ");
        }
        socket.send_to(&noise, gateway.sip).unwrap();
    }
    let here = socket.local_addr().unwrap();
    let bad = format!(
        "OPTIONS sip:{gw} SIP/2.0\r\nVia: SIP/2.0/UDP {here};branch=z9hG4bK-bad\r\nFrom: <sip:a@{here}>;tag=1\r\n\
         To: <sip:{gw}>\r\nCall-ID: bad@{here}\r\nCSeq: 1 OPTIONS\r\nContent-Length: 9999\r\n\r\n",
        gw = gateway.sip
    );
    let mut buffer = [0; 4096];
    let answer = wait_for("the 400", PATIENCE, || {
        // As over any network a datagram may be lost, the more so after such a flood: say it again.
        socket.send_to(bad.as_bytes(), gateway.sip).unwrap();
        let (length, _) = socket.recv_from(&mut buffer).ok()?;
        Some(String::from_utf8_lossy(&buffer[..length]).into_owned()).filter(|text| text.contains("bad@"))
    });
    assert!(answer.starts_with("SIP/2.0 400 "), "{answer}");
    call.finish();
    assert!((audio.finish().loudest().1 - 700.0).abs() < 1.0);
}

#[test]
fn rtp_from_strangers_is_not_heard() {
    let mut gateway = ready(Demarcd::start());
    let (call, audio) = begin(&gateway, "201", ECHO, "call", 5000);
    wait_for("the call", PATIENCE, || (calls(&mut gateway) == 1).then_some(()));
    // A stream that nobody has spoken on yet belongs to the first who does (RFC 4961): wait for that.
    wait_for("the audio", PATIENCE, || audio.hears().then_some(()));
    let stranger = UdpSocket::bind("127.0.0.1:0").unwrap();
    for n in 0..400_u16 {
        let mut packet = vec![0x80, 8];
        packet.extend(n.to_be_bytes());
        packet.extend([0, 0, 0, 1, 0xAA, 0xAA, 0xAA, 0xAA]);
        packet.extend([0x2A; 160]);
        for port in (gateway.rtp()..gateway.rtp() + 40).step_by(2) {
            let _ = stranger.send_to(&packet, ("127.0.0.1", port));
            let _ = stranger.send_to(&packet[..7], ("127.0.0.1", port));
        }
    }
    call.finish();
    let (level, hz) = audio.finish().loudest();
    assert!((level + 10.0).abs() < 0.5 && (hz - 700.0).abs() < 1.0, "{level} dBm0 at {hz} Hz");
}

#[test]
fn a_busy_port_is_said_in_one_line() {
    let folder = tempfile::tempdir().unwrap();
    let tcp = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = tcp.local_addr().unwrap().to_string();
    for arguments in [["--http", &taken], ["--sip", &taken]] {
        let said = Demarcd::fails(folder.path(), &arguments);
        let line =
            said.lines().find(|line| line.starts_with("demarcd: ")).unwrap_or_else(|| panic!("{said}"));
        assert!(line.contains(&taken), "{line}");
    }
    let udp = UdpSocket::bind("127.0.0.1:0").unwrap();
    let port = (udp.local_addr().unwrap().port() & !1).to_string();
    let _even = UdpSocket::bind(format!("127.0.0.1:{port}"));
    let said = Demarcd::fails(folder.path(), &["--rtp", &port]);
    assert!(said.contains(&format!("RTP port 127.0.0.1:{port}")), "{said}");
}

#[test]
fn a_database_that_is_not_ours_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("demarc.db");
    std::fs::write(&file, b"Dear diary, today I was not a database. ".repeat(100)).unwrap();
    let before = std::fs::read(&file).unwrap();
    let said = Demarcd::fails(folder.path(), &[]);
    assert_eq!(said.lines().filter(|line| line.starts_with("demarcd: ")).count(), 1, "{said}");
    assert!(said.contains("demarc.db"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), before);
}

#[test]
fn a_configuration_from_the_future_is_not_touched() {
    let gateway = Demarcd::start();
    let (data, _) = gateway.stop();
    let file = data.path().join("demarc.db");
    let sqlite = rusqlite::Connection::open(&file).unwrap();
    let changed =
        sqlite.execute("UPDATE revision SET config = json_set(config, '$.format', 99)", []).unwrap();
    assert!(changed > 0);
    drop(sqlite);
    let said = Demarcd::fails(data.path(), &[]);
    let line = said.lines().find(|line| line.starts_with("demarcd: ")).unwrap_or_else(|| panic!("{said}"));
    assert!(line.contains("newer") && line.contains("99"), "{line}");
}

#[test]
fn two_daemons_never_share_a_data_directory() {
    let gateway = Demarcd::start();
    let said = Demarcd::fails(gateway.data().path(), &[]);
    assert!(said.lines().any(|line| line.starts_with("demarcd: ")), "{said}");
}
