//! The socket: each connection has a thread that reads lines and waits for answers.

use demarc_model::appliance::{Answer, MAX_LINE, Request};
use nix::sys::socket::{getsockopt, sockopt::PeerCredentials};
use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::time::Duration;

/// Connections at once.
const MOST: usize = 16;
/// How long a connection may be silent.
const SILENCE: Duration = Duration::from_secs(60);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A request, who asks, and where the answer goes.
#[derive(Debug)]
pub struct Asked {
    /// What is asked.
    pub request: Request,
    /// The user that asks.
    pub user: u32,
    /// The answer, once.
    pub answer: SyncSender<Answer>,
}

/// Listens; what is asked is put into `queue`.
///
/// # Errors
/// When the socket cannot be made.
pub fn listen(path: &Path, group: u32, queue: SyncSender<Asked>) -> std::io::Result<()> {
    let _ = std::fs::remove_file(path);
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o660))?;
    // Only root can do that; a test is content with its own user.
    let _ = std::os::unix::fs::chown(path, Some(0), Some(group));
    let open = Arc::new(AtomicUsize::new(0));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(stream) = stream else { continue };
            if open.fetch_add(1, Ordering::SeqCst) >= MOST {
                open.fetch_sub(1, Ordering::SeqCst);
                continue;
            }
            let (queue, open) = (queue.clone(), open.clone());
            std::thread::spawn(move || {
                let _ = serve(&stream, &queue);
                open.fetch_sub(1, Ordering::SeqCst);
            });
        }
    });
    Ok(())
}

fn serve(stream: &UnixStream, queue: &SyncSender<Asked>) -> std::io::Result<()> {
    stream.set_read_timeout(Some(SILENCE))?;
    stream.set_write_timeout(Some(SILENCE))?;
    let user = getsockopt(stream, PeerCredentials)?.uid();
    let mut reader = BufReader::new(stream);
    loop {
        let mut line = Vec::new();
        let length = (&mut reader).take(MAX_LINE as u64).read_until(b'\n', &mut line)?;
        if length == 0 {
            return Ok(());
        }
        let answer = match serde_json::from_slice::<Request>(&line) {
            Err(error) => Answer::Refused { reason: format!("not a request: {error}") },
            Ok(request) => {
                let (answer, waits) = sync_channel(1);
                let gone = || Answer::Refused { reason: "demarc-system is too busy; try again".into() };
                match queue.try_send(Asked { request, user, answer }) {
                    Err(_) => gone(),
                    Ok(()) => waits.recv_timeout(PATIENCE).unwrap_or_else(|_| gone()),
                }
            }
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        (&*stream).write_all(&text)?;
        if !line.ends_with(b"\n") {
            return Ok(());
        }
    }
}

/// Asks one thing.
///
/// # Errors
/// In words, when nobody answers.
pub fn ask(path: &Path, request: &Request) -> Result<Answer, String> {
    let words = |error: std::io::Error| format!("demarc-system does not answer: {error}");
    let stream = UnixStream::connect(path).map_err(words)?;
    stream.set_read_timeout(Some(PATIENCE)).map_err(words)?;
    let mut text = serde_json::to_vec(request).map_err(|error| error.to_string())?;
    text.push(b'\n');
    (&stream).write_all(&text).map_err(words)?;
    let mut line = String::new();
    BufReader::new(&stream).take(MAX_LINE as u64).read_line(&mut line).map_err(words)?;
    serde_json::from_str(&line).map_err(|error| format!("demarc-system says something odd: {error}"))
}
