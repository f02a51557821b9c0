//! Tests on spans that a running gateway lends, asked for at its control socket.

use demarc_hwtest::Continue;
use demarc_model::hardware_test::{RunRequest, RunState};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

/// The longest line of an answer, in octets.
const LONGEST: u64 = 16 << 20;
/// How long the gateway may say nothing: it tells four times a second.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs tests until they have ended; the run as it was then.
pub(crate) fn run(
    data: &Path,
    request: &RunRequest,
    told: &mut dyn FnMut(&RunState) -> Continue,
) -> Result<RunState, String> {
    let path = data.join("control");
    let mut socket = UnixStream::connect(&path).map_err(|error| {
        format!(
            "no gateway answers at {}: {error}. Does demarcd run with this data directory?",
            path.display()
        )
    })?;
    socket.set_read_timeout(Some(PATIENCE)).map_err(in_words)?;
    writeln!(socket, "{}", serde_json::json!({ "test_hardware": request })).map_err(in_words)?;
    let mut reader = BufReader::new(socket.try_clone().map_err(in_words)?);
    loop {
        let mut line = String::new();
        if reader.by_ref().take(LONGEST).read_line(&mut line).map_err(in_words)? == 0 {
            return Err("the gateway has ended: its spans are as they were".into());
        }
        let state: Result<RunState, String> = serde_json::from_str(&line).map_err(in_words)?;
        let state = state?;
        if !state.running {
            return Ok(state);
        }
        match told(&state) {
            Continue::On => {}
            Continue::Yes => writeln!(socket, "yes").map_err(in_words)?,
            Continue::No => writeln!(socket, "no").map_err(in_words)?,
            // It puts everything back, and then says how it went.
            Continue::Cancel => socket.shutdown(Shutdown::Write).map_err(in_words)?,
        }
    }
}

fn in_words(error: impl std::fmt::Display) -> String {
    format!("the gateway cannot be asked: {error}")
}
