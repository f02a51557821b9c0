//! The log: what programs say, bounded on the disk, the newest lines in memory, and sent on to a
//! collector when there is one (RFC 5424 over UDP).

use demarc_clock::{Clock, rfc3339, unix_s};
use std::collections::VecDeque;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{ToSocketAddrs, UdpSocket};
use std::os::unix::fs::OpenOptionsExt;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};

/// The longest line that is kept, in octets.
const LONGEST: usize = 2000;
/// Octets of a file, after which the next is begun.
const FILE: u64 = 2 * 1024 * 1024;
/// Files on the disk.
const FILES: u32 = 8;
/// Lines in memory.
const LINES: usize = 1000;
/// Lines that wait for the disk; what does not fit is counted.
const QUEUE: usize = 4096;

/// The log. Clones write into the same.
#[derive(Debug, Clone)]
pub struct Journal(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    clock: Clock,
    hostname: Mutex<String>,
    recent: Mutex<VecDeque<String>>,
    queue: SyncSender<Entry>,
}

#[derive(Debug)]
enum Entry {
    Line {
        tag: String,
        text: String,
        at_s: u64,
    },
    Collector(Option<(String, u16)>),
    /// All before it is on the disk.
    Flushed(SyncSender<()>),
}

impl Journal {
    /// A log in a folder.
    pub fn start(clock: Clock, folder: PathBuf) -> Self {
        let (queue, entries) = sync_channel(QUEUE);
        let shared = Shared { clock, hostname: Mutex::default(), recent: Mutex::default(), queue };
        let journal = Self(Arc::new(shared));
        let writer = Writer { folder, file: None, size: 0, collector: None, name: "demarc".into() };
        std::thread::spawn(move || writer.run(&entries));
        journal
    }

    /// Notes a line of a program.
    pub fn note(&self, tag: &str, text: impl AsRef<str>) {
        let text: String = text.as_ref().chars().filter(|c| !c.is_control() || *c == '\t').collect();
        let text = cut(text.trim_end(), LONGEST);
        if text.is_empty() {
            return;
        }
        let at_s = unix_s(self.0.clock.now().wall);
        {
            let mut recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
            if recent.len() >= LINES {
                recent.pop_front();
            }
            recent.push_back(format!("{} {tag}: {text}", rfc3339(at_s)));
        }
        let entry = Entry::Line { tag: tag.to_owned(), text: text.to_owned(), at_s };
        // A disk that hangs must not hang those who log.
        if let Err(TrySendError::Disconnected(_)) = self.0.queue.try_send(entry) {
            eprintln!("{tag}: {text}");
        }
    }

    /// A milestone of the boot: also for the kernel's log, which the console shows.
    pub fn milestone(&self, text: &str) {
        if let Ok(mut kmsg) = OpenOptions::new().write(true).open("/dev/kmsg") {
            let _ = writeln!(kmsg, "demarc: {text}");
        }
        self.note("system", text);
    }

    /// The newest lines, the oldest first.
    pub fn recent(&self, lines: usize) -> Vec<String> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        recent.iter().skip(recent.len().saturating_sub(lines)).cloned().collect()
    }

    /// The newest line of a program.
    pub fn last_of(&self, tag: &str) -> Option<String> {
        let recent = self.0.recent.lock().unwrap_or_else(PoisonError::into_inner);
        // Before the name stands the time, without a blank.
        let mut lines = recent.iter().rev().filter_map(|line| line.split_once(' '));
        lines.find_map(|(_, line)| line.strip_prefix(tag)?.strip_prefix(": ").map(str::to_owned))
    }

    /// Where lines are sent; none = nowhere.
    pub fn collector(&self, hostname: &str, collector: Option<(String, u16)>) {
        *self.0.hostname.lock().unwrap_or_else(PoisonError::into_inner) = hostname.to_owned();
        let _ = self.0.queue.try_send(Entry::Collector(collector));
    }

    /// Waits until all is on the disk, for two seconds at most.
    pub fn flush(&self) {
        let (done, waits) = sync_channel(1);
        if self.0.queue.try_send(Entry::Flushed(done)).is_ok() {
            let _ = waits.recv_timeout(std::time::Duration::from_secs(2));
        }
    }

    /// Notes every line of a pipe, in a thread of its own.
    pub fn follow(&self, tag: &str, pipe: impl Read + Send + 'static) {
        let (journal, tag) = (self.clone(), tag.to_owned());
        std::thread::spawn(move || {
            let mut reader = BufReader::new(pipe);
            let mut line = Vec::new();
            loop {
                line.clear();
                match (&mut reader).take(LONGEST as u64).read_until(b'\n', &mut line) {
                    Ok(0) | Err(_) => return,
                    Ok(_) => journal.note(&tag, String::from_utf8_lossy(&line)),
                }
            }
        });
    }

    /// Listens where programs expect a syslog, `/dev/log`.
    pub fn listen(&self, path: &Path) {
        let _ = std::fs::remove_file(path);
        let socket = match UnixDatagram::bind(path) {
            Ok(socket) => socket,
            Err(error) => return self.note("system", format!("there is no {}: {error}", path.display())),
        };
        let everybody = std::os::unix::fs::PermissionsExt::from_mode(0o666);
        let _ = std::fs::set_permissions(path, everybody);
        let journal = self.clone();
        std::thread::spawn(move || {
            let mut buffer = vec![0; 8192];
            while let Ok(length) = socket.recv(&mut buffer) {
                let text = String::from_utf8_lossy(buffer.get(..length).unwrap_or_default()).into_owned();
                let (tag, text) = syslog_line(&text);
                journal.note(tag, text);
            }
        });
    }

    /// Notes what the kernel says from now on, warnings and worse.
    pub fn follow_kernel(&self) {
        let Ok(kmsg) = File::open("/dev/kmsg") else { return };
        let journal = self.clone();
        std::thread::spawn(move || {
            let mut reader = BufReader::new(kmsg);
            let mut line = String::new();
            loop {
                line.clear();
                match reader.read_line(&mut line) {
                    Ok(0) => return,
                    // Records were overwritten before they were read: the next one is there.
                    Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => {}
                    Err(_) => return,
                    Ok(_) => {
                        if let Some(text) = kernel_line(&line) {
                            journal.note("kernel", text);
                        }
                    }
                }
            }
        });
    }
}

/// `<30>Nov 21 16:05:00 dropbear[12]: text` → the program and what it says.
fn syslog_line(line: &str) -> (&str, &str) {
    let rest = line.split_once('>').filter(|(head, _)| head.starts_with('<')).map_or(line, |(_, rest)| rest);
    // The old form of RFC 3164 has a time of 15 characters.
    let rest = match rest.get(..16) {
        Some(time) if time.as_bytes().get(3) == Some(&b' ') && time.ends_with(' ') => {
            rest.get(16..).unwrap_or_default()
        }
        _ => rest,
    };
    match rest.split_once(": ") {
        Some((tag, text)) if tag.len() <= 40 && !tag.contains(' ') => {
            (tag.split('[').next().unwrap_or(tag), text)
        }
        _ => ("other", rest),
    }
}

/// `4,339,5140900,-;text` when it is a warning (4) or worse, and none of ours.
fn kernel_line(line: &str) -> Option<&str> {
    let (head, text) = line.split_once(';')?;
    let level = head.split(',').next()?.parse::<u32>().ok()?;
    (level & 7 <= 4 && level >> 3 == 0).then_some(text)
}

fn cut(text: &str, most: usize) -> &str {
    let mut end = text.len().min(most);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

struct Writer {
    folder: PathBuf,
    file: Option<File>,
    size: u64,
    collector: Option<(UdpSocket, String, u16)>,
    name: String,
}

impl Writer {
    fn run(mut self, entries: &Receiver<Entry>) {
        while let Ok(entry) = entries.recv() {
            match entry {
                Entry::Line { tag, text, at_s } => {
                    let line = format!("{} {tag}: {text}\n", rfc3339(at_s));
                    self.write(line.as_bytes());
                    self.send(&tag, &text, at_s);
                }
                Entry::Collector(collector) => {
                    self.collector = collector.and_then(|(host, port)| {
                        let socket =
                            UdpSocket::bind("[::]:0").or_else(|_| UdpSocket::bind("0.0.0.0:0")).ok()?;
                        Some((socket, host, port))
                    });
                }
                Entry::Flushed(done) => {
                    if let Some(file) = &self.file {
                        let _ = file.sync_all();
                    }
                    let _ = done.send(());
                }
            }
        }
    }

    fn path(&self, number: u32) -> PathBuf {
        match number {
            0 => self.folder.join("messages"),
            n => self.folder.join(format!("messages.{n}")),
        }
    }

    /// A full disk loses lines of the log and nothing else.
    fn write(&mut self, line: &[u8]) {
        if self.file.is_none() {
            let _ = std::fs::create_dir_all(&self.folder);
            let open = OpenOptions::new().append(true).create(true).mode(0o640).open(self.path(0));
            self.file = open.ok();
            self.size = self.file.as_ref().and_then(|f| f.metadata().ok()).map_or(0, |m| m.len());
        }
        if let Some(file) = &mut self.file
            && file.write_all(line).is_ok()
        {
            self.size += line.len() as u64;
        }
        if self.size >= FILE {
            self.file = None;
            for number in (0..FILES - 1).rev() {
                let _ = std::fs::rename(self.path(number), self.path(number + 1));
            }
        }
    }

    fn send(&self, tag: &str, text: &str, at_s: u64) {
        let Some((socket, host, port)) = &self.collector else { return };
        // Daemon facility (3), informational (6).
        let message = format!("<30>1 {} {} {tag} - - - {text}", rfc3339(at_s), self.name);
        if let Ok(mut addresses) = (host.as_str(), *port).to_socket_addrs()
            && let Some(address) = addresses.next()
        {
            let address = match address {
                // The socket is of IPv6 and speaks both.
                std::net::SocketAddr::V4(v4) if socket.local_addr().is_ok_and(|a| a.is_ipv6()) => {
                    (v4.ip().to_ipv6_mapped(), v4.port()).into()
                }
                other => other,
            };
            let _ = socket.send_to(message.as_bytes(), address);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_others_are_understood() {
        assert_eq!(syslog_line("<30>Nov 21 16:05:00 dropbear[12]: hello: you"), ("dropbear", "hello: you"));
        assert_eq!(syslog_line("<30>chronyd: x"), ("chronyd", "x"));
        assert_eq!(syslog_line("plain words"), ("other", "plain words"));
        assert_eq!(syslog_line("<"), ("other", "<"));
        assert_eq!(kernel_line("4,1,2,-;bad\n"), Some("bad\n"));
        assert_eq!(kernel_line("6,1,2,-;fine"), None);
        assert_eq!(kernel_line("12,1,2,-;demarc: boot"), None);
    }

    #[test]
    fn the_disk_is_bounded_and_memory_too() {
        let folder = tempfile::tempdir().unwrap();
        let journal = Journal::start(Clock::start(), folder.path().to_owned());
        let long = "x".repeat(LONGEST + 5);
        for n in 0..2 * FILES * 1200 {
            journal.note("test", format!("{n} {long}"));
            if n % 1000 == 0 {
                journal.flush();
            }
        }
        journal.note("tester", "test: no");
        journal.note("test", "two\nlines\u{1b}[2J");
        journal.flush();
        assert_eq!(journal.last_of("test").as_deref(), Some("twolines[2J"));
        assert_eq!(journal.last_of("nobody"), None);
        let files: Vec<_> = std::fs::read_dir(folder.path()).unwrap().flatten().collect();
        assert!(files.len() <= FILES as usize, "{}", files.len());
        let size: u64 = files.iter().map(|file| file.metadata().unwrap().len()).sum();
        assert!(size <= u64::from(FILES) * (FILE + 4096) && size > FILE, "{size}");
        assert_eq!(journal.recent(5000).len(), LINES);
        assert!(journal.recent(1)[0].ends_with("test: twolines[2J"), "no line writes another, or a terminal");
    }
}
