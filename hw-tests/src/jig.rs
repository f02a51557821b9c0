//! The serial jig: relays that plug and pull cables. Its protocol is in `hw-tests/JIG.md`.

use crate::rig::Plugs;
use demarc_model::hardware_test::JigAt;
use std::io::{Read, Write};
use std::time::Duration;

/// How long a jig may take for an answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Octets of an answer at most.
const LONGEST: usize = 1024;

/// A jig on a serial port.
pub struct Jig {
    port: Box<dyn serialport::SerialPort>,
    /// What it says it is.
    pub name: String,
    /// Relays that it has, numbered from 1.
    pub relays: u8,
}

impl Jig {
    /// Opens the port, and asks who is there.
    ///
    /// # Errors
    /// Why not, and what to do.
    pub fn open(at: &JigAt) -> Result<Self, String> {
        // The name may come over the network: nothing but a terminal is opened.
        if !at.port.starts_with("/dev/") || at.port.contains("..") {
            return Err(format!("\"{}\" is no serial port. Write one as in \"/dev/ttyUSB0\".", at.port));
        }
        let port = serialport::new(&at.port, at.speed).timeout(PATIENCE).open();
        let port = port.map_err(|error| {
            format!("The jig's port {} cannot be opened: {error}. Look at its cable and its name.", at.port)
        })?;
        let mut jig = Self { port, name: String::new(), relays: 0 };
        jig.ask("AT")?;
        let words = jig.ask("AT+ID?")?;
        let id = words.iter().find_map(|line| line.strip_prefix("+ID: ")).unwrap_or_default();
        let (name, relays) = id.rsplit_once(',').unwrap_or_default();
        let relays = relays.trim().parse().ok().filter(|relays| *relays > 0);
        let Some(relays) = relays else {
            return Err(format!(
                "What is at {} answers \"{id}\" and is no jig. See hw-tests/JIG.md.",
                at.port
            ));
        };
        (jig.name, jig.relays) = (name.trim().to_owned(), relays);
        Ok(jig)
    }

    /// Sends a line; the lines of the answer before its OK.
    fn ask(&mut self, line: &str) -> Result<Vec<String>, String> {
        let lost = |error: std::io::Error| format!("the jig does not answer: {error}");
        // What it said unasked before is of no interest.
        let _ = self.port.clear(serialport::ClearBuffer::Input);
        self.port.write_all(format!("{line}\r").as_bytes()).map_err(lost)?;
        let (mut answer, mut lines) = (Vec::new(), Vec::new());
        for _ in 0..LONGEST {
            let mut octet = [0];
            self.port.read_exact(&mut octet).map_err(lost)?;
            match octet {
                [b'\r' | b'\n'] => {
                    let text = String::from_utf8_lossy(&std::mem::take(&mut answer)).trim().to_owned();
                    match text.as_str() {
                        "" => {}
                        // Some jigs repeat what they hear.
                        echo if echo == line => {}
                        "OK" => return Ok(lines),
                        error if error.starts_with("ERROR") => {
                            let why = error.trim_start_matches("ERROR").trim_start_matches(':').trim();
                            return Err(format!("the jig refuses {line}: {why}"));
                        }
                        _ => lines.push(text),
                    }
                }
                [other] => answer.push(other),
            }
        }
        Err(format!("the jig's answer to {line} does not end"))
    }

    /// Opens every relay.
    ///
    /// # Errors
    /// Why it did not.
    pub fn reset(&mut self) -> Result<(), String> {
        self.ask("AT+RESET").map(drop)
    }
}

impl Plugs for Jig {
    fn set(&mut self, relay: u8, closed: bool) -> Result<(), String> {
        if relay == 0 || relay > self.relays {
            return Err(format!("there is no relay {relay}: the jig has 1 to {}", self.relays));
        }
        self.ask(&format!("AT+RELAY={relay},{}", u8::from(closed))).map(drop)
    }
}

impl Drop for Jig {
    fn drop(&mut self) {
        let _ = self.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serialport::{SerialPort, TTYPort};
    use std::fs::File;
    use std::sync::mpsc::{Receiver, channel};

    /// A jig of four relays that tells what it hears; `echo` repeats it, too.
    fn jig(echo: bool) -> (JigAt, Receiver<String>, File) {
        let (mut master, mut slave) = TTYPort::pair().unwrap();
        slave.set_exclusive(false).unwrap();
        let at = JigAt { port: slave.name().unwrap(), speed: 115_200 };
        // Held without the lock that the other kind of opening takes: a terminal that nobody has open hangs up.
        let held = File::open(&at.port).unwrap();
        drop(slave);
        let (tell, heard) = channel();
        master.set_timeout(Duration::from_secs(20)).unwrap();
        std::thread::spawn(move || {
            let mut line = Vec::new();
            let mut octet = [0];
            while master.read_exact(&mut octet).is_ok() {
                if octet != *b"\r" {
                    line.push(octet[0]);
                    continue;
                }
                let text = String::from_utf8(std::mem::take(&mut line)).unwrap();
                let answer = match text.as_str() {
                    "AT" | "AT+RESET" | "AT+RELAY=1,1" | "AT+RELAY=4,0" => "OK\r\n",
                    "AT+ID?" => "+ID: bench jig, 4\r\nOK\r\n",
                    _ => "ERROR: stuck\r\n",
                };
                let echoed = if echo { format!("{text}\r\n") } else { String::new() };
                if tell.send(text).is_err() || master.write_all((echoed + answer).as_bytes()).is_err() {
                    return;
                }
            }
        });
        (at, heard, held)
    }

    #[test]
    fn relays_close_and_open() {
        for echo in [false, true] {
            let (at, heard, _held) = jig(echo);
            let mut jig = Jig::open(&at).unwrap();
            assert_eq!((jig.name.as_str(), jig.relays), ("bench jig", 4));
            jig.set(1, true).unwrap();
            jig.set(4, false).unwrap();
            assert!(jig.set(5, true).unwrap_err().contains("1 to 4"));
            assert!(jig.set(2, true).unwrap_err().contains("stuck"));
            drop(jig);
            let said: Vec<String> = std::iter::from_fn(|| heard.try_recv().ok()).collect();
            assert_eq!(said, ["AT", "AT+ID?", "AT+RELAY=1,1", "AT+RELAY=4,0", "AT+RELAY=2,1", "AT+RESET"]);
        }
    }

    #[test]
    fn only_terminals_are_opened() {
        for wrong in ["/etc/passwd", "/dev/../etc/passwd", "ttyUSB0"] {
            let at = JigAt { port: wrong.into(), speed: 9600 };
            assert!(Jig::open(&at).err().unwrap().contains("no serial port"), "{wrong}");
        }
        let nowhere = JigAt { port: "/dev/ttyNOWHERE".into(), speed: 9600 };
        assert!(Jig::open(&nowhere).err().unwrap().contains("cannot be opened"));
    }
}
