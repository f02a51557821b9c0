//! SIPp as a phone outside the machine, with its audio.

use crate::images::root;
use crate::machine::{HOST, Machine};
use crate::wait_for;
use std::net::UdpSocket;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use tempfile::TempDir;

/// A call that lives.
pub struct Call {
    child: Child,
    folder: TempDir,
    heard: Arc<AtomicUsize>,
    loud: Arc<AtomicBool>,
    stop: Arc<AtomicBool>,
}

/// How a call went.
#[derive(Debug, Clone)]
pub struct Went {
    /// SIPp was content.
    pub well: bool,
    /// RTP packets that came.
    pub packets: usize,
    /// Not all of them were silence.
    pub loud: bool,
    /// SIPp's messages and errors.
    pub messages: String,
}

impl Call {
    /// Calls `number` as `user` and talks for so long.
    pub fn start(machine: &mut Machine, user: &str, password: &str, number: &str, talk: Duration) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let scenario = std::fs::read_to_string(root().join("tests/sipp/call.xml")).expect("a scenario");
        // Seen from inside the machine, the phone is at the host's address.
        let scenario = scenario.replace("IP4 127.0.0.1", &format!("IP4 {HOST}"));
        std::fs::write(folder.path().join("call.xml"), scenario).expect("a scenario");
        let audio = UdpSocket::bind("127.0.0.1:0").expect("a port");
        let port = audio.local_addr().expect("a port").port();
        let child = Command::new("sipp")
            .current_dir(folder.path())
            .arg(machine.sip.to_string())
            .args(["-sf", "call.xml", "-m", "1", "-nostdin", "-i", "127.0.0.1", "-t", "u1"])
            .args(["-s", number, "-au", user, "-ap", password, "-key", "user", user])
            .args(["-key", "audio", &port.to_string(), "-d", &talk.as_millis().to_string()])
            .args(["-timeout", "900s", "-timeout_error", "-trace_err", "-trace_msg"])
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sipp");
        let (heard, loud, stop) = (Arc::default(), Arc::default(), Arc::default());
        let call = Self { child, folder, heard, loud, stop };
        let answered = wait_for("an answer", || media_port(&call.messages()));
        let own =
            UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port").port();
        machine.forward_udp(own, answered);
        speak(audio, own, [&call.stop, &call.loud].map(Arc::clone), call.heard.clone());
        call
    }

    /// How many RTP packets came so far.
    pub fn packets(&self) -> usize {
        self.heard.load(Ordering::Relaxed)
    }

    /// Waits for its end.
    pub fn finish(mut self) -> Went {
        let status = wait_for("the end of the call", || self.child.try_wait().expect("a child"));
        self.stop.store(true, Ordering::Relaxed);
        let messages = self.messages();
        Went {
            well: status.success(),
            packets: self.packets(),
            loud: self.loud.load(Ordering::Relaxed),
            messages,
        }
    }

    fn messages(&self) -> String {
        let entries = std::fs::read_dir(self.folder.path()).expect("a folder").flatten();
        let logs = entries.filter(|entry| entry.file_name().to_string_lossy().ends_with(".log"));
        logs.filter_map(|entry| std::fs::read_to_string(entry.path()).ok()).collect()
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The port of the gateway's audio, once it has answered or rings with audio.
fn media_port(messages: &str) -> Option<u16> {
    let answer = messages
        .split("UDP message received")
        .skip(1)
        .find(|part| part.contains("SIP/2.0 200") && part.contains("m=audio"))?;
    let line = answer.lines().find_map(|line| line.strip_prefix("m=audio "))?;
    line.split(' ').next()?.parse().ok()
}

/// Sends A-law, 20 ms at a time, and counts what comes.
fn speak(socket: UdpSocket, toward: u16, [stop, loud]: [Arc<AtomicBool>; 2], heard: Arc<AtomicUsize>) {
    socket.set_read_timeout(Some(Duration::from_millis(20))).expect("a timeout");
    std::thread::spawn(move || {
        let mut number = 0_u16;
        let mut octets = [0; 2048];
        while !stop.load(Ordering::Relaxed) {
            let mut packet = vec![0x80, 8];
            packet.extend(number.to_be_bytes());
            packet.extend((u32::from(number) * 160).to_be_bytes());
            packet.extend([0x11, 0x22, 0x33, 0x44]);
            packet.extend(std::iter::repeat_n([0x34_u8, 0xb4, 0xb4, 0x34], 40).flatten());
            let _ = socket.send_to(&packet, ("127.0.0.1", toward));
            number = number.wrapping_add(1);
            while let Ok((length @ 13.., _)) = socket.recv_from(&mut octets) {
                heard.fetch_add(1, Ordering::Relaxed);
                let payload = octets.get(12..length).unwrap_or_default();
                // Silence in A-law is 0xd5 and 0x55, give or take one step.
                if payload.iter().any(|octet| (octet & 0x7f).abs_diff(0x55) > 8) {
                    loud.store(true, Ordering::Relaxed);
                }
            }
        }
    });
}
