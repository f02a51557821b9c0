//! A time server on the machine's own Ethernet.

use crate::images::Images;
use crate::wait_for;
use crate::wire::{Lent, Wire};
use std::net::{SocketAddr, UdpSocket};
use std::process::{Child, Command, Stdio};
use std::time::Duration;
use tempfile::TempDir;

/// RFC 5905 §7.2.
const NTP: u16 = 123;

/// The image's own chronyd on this machine, with the image's libraries. It touches no clock (`-x`), needs no root, and listens on
/// the loopback alone; the host that [`Wire`] makes lends it its address.
pub struct NtpServer {
    child: Option<Child>,
    folder: TempDir,
    at: SocketAddr,
    _lent: Lent,
}

impl NtpServer {
    /// Serves the time of this machine as [`crate::wire::OUTSIDE`].
    pub fn new(wire: Wire) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let at = UdpSocket::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port");
        let told = format!(
            "local stratum 3\nbindaddress 127.0.0.1\nport {}\nallow 127.0.0.1\ncmdport 0\nbindcmdaddress /\npidfile {}\n",
            at.port(),
            folder.path().join("pid").display()
        );
        std::fs::write(folder.path().join("conf"), told).expect("a file");
        let mut server = Self { child: None, folder, at, _lent: wire.lend(NTP, at) };
        server.start();
        server
    }

    /// It is there again.
    pub fn start(&mut self) {
        let tree = Images::find().tree();
        let user = Command::new("id").arg("-un").output().expect("id").stdout;
        let child = Command::new(tree.join("usr/lib64/ld-linux-x86-64.so.2"))
            .arg("--library-path")
            .arg(format!("{0}/usr/lib/x86_64-linux-gnu:{0}/usr/lib", tree.display()))
            .arg(tree.join("usr/sbin/chronyd"))
            .args(["-x", "-d", "-U", "-u", String::from_utf8_lossy(&user).trim(), "-f"])
            .arg(self.folder.path().join("conf"))
            .stdin(Stdio::null())
            .spawn();
        self.child = Some(child.expect("chronyd"));
        // A client's question, version 4 (RFC 5905 §7.3).
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
        socket.set_read_timeout(Some(Duration::from_secs(1))).expect("a timeout");
        let mut question = [0; 48];
        question[0] = 0x23;
        wait_for("a time server", || {
            socket.send_to(&question, self.at).ok()?;
            socket.recv(&mut [0; 48]).ok()
        });
    }

    /// It goes.
    pub fn stop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for NtpServer {
    fn drop(&mut self) {
        self.stop();
    }
}
