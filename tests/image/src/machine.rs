//! One machine in QEMU.

use crate::agent::Agent;
use crate::disk::{EFI, Partition};
use crate::http::Api;
use crate::wait_for;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, UdpSocket};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tempfile::TempDir;

/// The machine's own address in QEMU's network, and that of the host in it.
pub const GUEST: &str = "10.0.2.15";
/// As the machine sees the host.
pub const HOST: &str = "10.0.2.2";
/// A reset leaves what QEMU has translated: each octet that the firmware and the next kernel write where there was code is
/// looked for in it, some thousand octets a second on a busy host, and a second boot takes ten minutes. Little room for what is
/// translated makes QEMU begin anew soon.
const TCG: &str = "tcg,tb-size=64";
/// What is asked of a machine that failed a test.
const LOOK: &str = "demarc-system log 300; nft list ruleset; netstat -lnt; ps; cat /run/rauc.log /run/e2fsck.log; df -k /data; ls -l /data/*; dmesg | tail -60";

/// How a machine is built.
#[derive(Debug, Clone, Default)]
pub struct Setup {
    /// Further words for the kernel, as an administrator would set them in GRUB's environment.
    pub words: String,
    /// Size of the disk in MiB; that of the image when it is smaller.
    pub disk_mib: u64,
    /// Every write to the disk is logged here.
    pub log_writes: Option<PathBuf>,
    /// Another disk, read-only: a stick with something on it.
    pub stick: Option<PathBuf>,
    /// Another host on its Ethernet: that host's UDP port and the machine's ([`crate::wire`]).
    pub wire: Option<(u16, u16)>,
    /// Options of QEMU besides.
    pub more: Vec<String>,
    /// Without firmware and GRUB: this kernel and its initramfs, if it has one, slot A.
    pub direct: Option<(PathBuf, Option<PathBuf>)>,
}

/// A machine that runs. Dropping it takes its power.
pub struct Machine {
    child: Child,
    folder: Arc<TempDir>,
    disk: PathBuf,
    /// Where its web server is reached.
    pub https: SocketAddr,
    /// Where SIP is reached.
    pub sip: SocketAddr,
    console: Arc<Mutex<String>>,
    keys: UnixStream,
    monitor: UnixStream,
    /// QEMU takes one connection to it: all who speak with the shell share it, one after another.
    agent: UnixStream,
}

/// A disk made of an image, and its folder.
pub fn new_disk(image: &Path, setup: &Setup) -> (Arc<TempDir>, PathBuf) {
    let folder = Arc::new(tempfile::tempdir().expect("a folder"));
    let disk = folder.path().join("disk.raw");
    let copied = Command::new("cp").args(["--sparse=always"]).arg(image).arg(&disk).status().expect("cp");
    assert!(copied.success());
    let size = std::fs::metadata(&disk).expect("a disk").len().max(setup.disk_mib << 20);
    std::fs::File::options()
        .write(true)
        .open(&disk)
        .and_then(|file| file.set_len(size))
        .expect("a larger disk");
    EFI.set(&disk, &[("CMDLINE", &words(setup))]);
    (folder, disk)
}

/// The words for the kernel, and one more: on a busy host an emulated timer may be too late for the kernel's test of it.
fn words(setup: &Setup) -> String {
    format!("no_timer_check {}", setup.words).trim().to_owned()
}

impl Machine {
    /// A new machine with a disk of this image.
    pub fn boot(image: &Path, setup: &Setup) -> Self {
        let (folder, disk) = new_disk(image, setup);
        Self::boot_disk(folder, &disk, setup)
    }

    /// A machine with this disk.
    pub fn boot_disk(folder: Arc<TempDir>, disk: &Path, setup: &Setup) -> Self {
        let (https, sip) = (free_tcp(), free_sip());
        let at = |name: &str| folder.path().join(name);
        for name in ["console", "monitor", "agent"] {
            let _ = std::fs::remove_file(at(name));
        }
        let mut qemu = Command::new("qemu-system-x86_64");
        qemu.args(["-M", "q35", "-accel", TCG, "-cpu", "max", "-m", "768", "-smp", "2", "-nodefaults"])
            .args(["-no-user-config", "-display", "none"])
            // The chipset's watchdog may reset: before QEMU 8 it may not unless that is said.
            .args(["-global", "ICH9-LPC.noreboot=off"]);
        match &setup.direct {
            None => {
                qemu.args(["-bios", "/usr/share/ovmf/OVMF.fd"]);
            }
            Some((kernel, initrd)) => {
                let words = format!(
                    "rauc.slot=A root=PARTUUID=5e0b2d4a-7c31-4f0e-9a55-0d3d6c1a000a ro rootwait console=ttyS0,115200 loglevel=4 \
                     panic=10 net.ifnames=0 {}",
                    words(setup)
                );
                qemu.arg("-kernel").arg(kernel).arg("-append").arg(words);
                if let Some(initrd) = initrd {
                    qemu.arg("-initrd").arg(initrd);
                }
            }
        }
        let file = format!("driver=file,filename={}", disk.display());
        let drive = match &setup.log_writes {
            None => format!("driver=raw,node-name=disk,file.{}", file.replace(',', ",file.")),
            Some(log) => {
                let new = std::fs::File::create(log);
                new.expect("a log");
                format!(
                    "driver=blklogwrites,node-name=disk,log-super-update-interval=1,log-sector-size=512,\
                     file.driver=raw,file.file.driver=file,file.file.filename={},log.driver=file,log.filename={}",
                    disk.display(),
                    log.display()
                )
            }
        };
        qemu.args(["-blockdev", &drive, "-device", "virtio-blk-pci,drive=disk,write-cache=on"]);
        if let Some(stick) = &setup.stick {
            let drive = format!(
                "driver=raw,node-name=stick,read-only=on,file.driver=file,file.filename={}",
                stick.display()
            );
            qemu.args(["-blockdev", &drive, "-device", "virtio-blk-pci,drive=stick"]);
        }
        let forwards =
            format!("user,id=user,hostfwd=tcp:{https}-:443,hostfwd=udp:{sip}-:5060,hostfwd=tcp:{sip}-:5060");
        qemu.args(["-netdev", &forwards, "-netdev", "hubport,id=port-user,hubid=0,netdev=user"]);
        if let Some((ours, its)) = setup.wire {
            let wire = format!("socket,id=wire,udp=127.0.0.1:{ours},localaddr=127.0.0.1:{its}");
            qemu.args(["-netdev", &wire, "-netdev", "hubport,id=port-wire,hubid=0,netdev=wire"]);
        }
        let socket = |id: &str| format!("socket,id={id},path={},server=on,wait=off", at(id).display());
        qemu.args(["-netdev", "hubport,id=net,hubid=0", "-device", "virtio-net-pci,netdev=net,romfile="])
            .args(["-device", "virtio-rng-pci"])
            .args(["-chardev", &socket("console"), "-serial", "chardev:console"])
            .args(["-chardev", &socket("monitor"), "-mon", "chardev=monitor,mode=readline"])
            .args(["-chardev", &socket("agent"), "-device", "virtio-serial-pci"])
            .args(["-device", "virtserialport,chardev=agent,name=demarc.test"])
            .args(&setup.more);
        let errors = std::fs::File::create(at("qemu.log")).expect("a log");
        let child = qemu.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors).spawn().expect("QEMU");
        let open = |name: &str| {
            wait_for(&format!("QEMU: {name}"), || match UnixStream::connect(at(name)) {
                Ok(stream) => Some(stream),
                Err(_) => {
                    let said = std::fs::read_to_string(at("qemu.log")).unwrap_or_default();
                    assert!(!said.contains("qemu-system"), "{said}");
                    None
                }
            })
        };
        let keys = open("console");
        let console = Arc::new(Mutex::new(String::new()));
        listen(keys.try_clone().expect("a stream"), console.clone());
        let monitor = open("monitor");
        let agent = open("agent");
        let disk = disk.to_owned();
        Self { child, folder, disk, https, sip, console, keys, monitor, agent }
    }

    /// What the serial console said since the power came, without the sequences that draw on a terminal.
    pub fn console(&self) -> String {
        plain(&self.console.lock().expect("a console"))
    }

    /// Types on the serial console.
    pub fn key(&mut self, keys: &str) {
        self.keys.write_all(keys.as_bytes()).expect("a console");
    }

    /// Waits until the console has said this so many times.
    pub fn says(&self, what: &str, times: usize) {
        let seen = || (self.console().matches(what).count() >= times).then_some(());
        wait_for(&format!("{what:?} on the console"), seen);
    }

    /// The shell of the tests; waits until the machine is that far.
    pub fn agent(&self) -> Agent {
        Agent::open(self.agent.try_clone().expect("the port"))
    }

    /// The shell of the tests, without waiting for it.
    pub fn agent_unasked(&self) -> Agent {
        Agent::connect(self.agent.try_clone().expect("the port"))
    }

    /// The API; waits until it is served.
    pub fn api(&self) -> Api {
        let api = Api::at(self.https);
        wait_for("the API", || (api.try_get("/api/health")?.0 == 200).then_some(()));
        api
    }

    /// The code with which the administrator sets it up, from its console.
    pub fn setup_code(&self) -> String {
        wait_for("the setup code on the console", || {
            // The console is drawn anew: the last one holds.
            let said = self.console();
            let code =
                said.lines().rev().find_map(|line| line.trim().strip_prefix("Code "))?.trim().to_owned();
            (!code.is_empty()).then_some(code)
        })
    }

    /// The password of a SIP phone, from its own tool.
    pub fn account_password(&self, agent: &mut Agent, user: &str) -> String {
        let text = agent.ok("demarc --data /data/demarc directory");
        let directory: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        let accounts = directory["accounts"].as_array().expect("accounts");
        let account = accounts.iter().find(|account| account["username"] == user).expect("an account");
        account["password"].as_str().expect("a password").to_owned()
    }

    /// SIP is served to the outside, as an administrator would set it.
    pub fn serve_sip(&self, api: &Api, agent: &mut Agent) {
        let mut system = api.get("/api/system");
        system["sip"]["tcp"] = "0.0.0.0:5060".into();
        system["sip"]["udp"] = "0.0.0.0:5060".into();
        let (status, answer) = api.change("PUT", "/api/system", &system).expect("an answer");
        assert_eq!(status, 200, "{answer}");
        agent.ok("kill $(pidof demarcd)");
        wait_for("SIP", || (agent.run("netstat -lun | grep -q 0.0.0.0:5060").code == 0).then_some(()));
    }

    /// Leads a UDP port of the host into the machine.
    pub fn forward_udp(&mut self, host: u16, guest: u16) {
        writeln!(self.monitor, "hostfwd_add user udp:127.0.0.1:{host}-:{guest}").expect("the monitor");
    }

    /// Presses its power button (ACPI).
    pub fn press_power(&mut self) {
        writeln!(self.monitor, "system_powerdown").expect("the monitor");
    }

    /// Does the machine still have power?
    pub fn is_on(&mut self) -> bool {
        self.child.try_wait().expect("a child").is_none()
    }

    /// Takes its power; its disk as it is then.
    pub fn cut(mut self) -> (Arc<TempDir>, PathBuf) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        (self.folder.clone(), self.disk.clone())
    }

    /// What each processor does, as QEMU sees it: for a kernel that hangs and says nothing.
    fn processors(&mut self) -> String {
        let _ = self.monitor.set_read_timeout(Some(Duration::from_secs(5)));
        let mut text = Vec::new();
        if writeln!(self.monitor, "info registers -a").is_ok() {
            // Until it waits for the next command and nothing more comes.
            let _ = (&self.monitor).take(64 * 1024).read_to_end(&mut text);
        }
        let text = plain(&String::from_utf8_lossy(&text)).replace('\r', "");
        let telling = |line: &&str| ["CPU#", "RIP", "HLT"].iter().any(|word| line.contains(word));
        text.lines().filter(telling).collect::<Vec<_>>().join("\n")
    }

    /// Its disk.
    pub fn disk(&self) -> &Path {
        &self.disk
    }

    /// Its folder.
    pub fn folder(&self) -> Arc<TempDir> {
        self.folder.clone()
    }

    /// The bytes of a partition of its disk, as the host sees them now.
    pub fn partition(&self, partition: &Partition) -> Vec<u8> {
        partition.read(&self.disk)
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("--- the console said:\n{}", self.console());
            let log =
                self.agent.try_clone().map(|port| Agent::connect(port).last_words(LOOK)).unwrap_or_default();
            eprintln!("--- the machine says:\n{log}");
            eprintln!("--- where its processors are:\n{}", self.processors());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn listen(mut from: UnixStream, into: Arc<Mutex<String>>) {
    std::thread::spawn(move || {
        let mut octets = [0; 4096];
        while let Ok(count @ 1..) = from.read(&mut octets) {
            let text = String::from_utf8_lossy(octets.get(..count).unwrap_or_default()).replace('\r', "");
            into.lock().expect("a console").push_str(&text);
        }
    });
}

/// Without the sequences that draw on a terminal (ECMA-48 §5.4).
fn plain(text: &str) -> String {
    let mut parts = text.split("\u{1b}[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |whole, part| {
        let end = part.find(|letter: char| ('@'..='~').contains(&letter)).map_or(part.len(), |at| at + 1);
        whole + part.get(end..).unwrap_or_default()
    })
}

fn free_tcp() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|socket| socket.local_addr()).expect("a port")
}

fn free_sip() -> SocketAddr {
    (0..100)
        .find_map(|_| {
            let at = UdpSocket::bind("127.0.0.1:0").ok()?.local_addr().ok()?;
            TcpListener::bind(at).ok().map(|_| at)
        })
        .expect("a port")
}
