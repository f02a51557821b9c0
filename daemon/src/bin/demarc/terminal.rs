//! The terminal of whoever sits there, whatever standard input and output are.

use nix::sys::termios::{LocalFlags, SetArg, SpecialCharacterIndices, Termios, tcgetattr, tcsetattr};
use std::fs::{File, OpenOptions};
use std::io::{Read, Write};

/// The longest line that is read, in octets.
const LONGEST: usize = 4096;
/// Ctrl-C.
const INTERRUPT: u8 = 3;

/// The terminal.
pub(crate) struct Terminal(File);

impl Terminal {
    /// Of this process; none when it has none.
    pub(crate) fn open() -> Option<Self> {
        OpenOptions::new().read(true).write(true).open("/dev/tty").ok().map(Self)
    }

    /// Asks, and reads a line that everybody may see.
    pub(crate) fn ask(&self, question: &str) -> Result<String, String> {
        self.say(question)?;
        self.line()
    }

    /// Asks, and reads a line that is not shown.
    pub(crate) fn ask_hidden(&self, question: &str) -> Result<String, String> {
        // Before the question: what is typed from then on must not be seen.
        let hidden = Hidden::begin(&self.0)?;
        self.say(question)?;
        let line = self.line();
        drop(hidden);
        line
    }

    fn say(&self, question: &str) -> Result<(), String> {
        (&self.0).write_all(question.as_bytes()).map_err(|error| format!("the terminal: {error}"))
    }

    fn line(&self) -> Result<String, String> {
        let mut line = Vec::new();
        let mut key = [0];
        loop {
            match (&self.0).read(&mut key) {
                Ok(0) => return Err("nothing was typed".into()),
                Ok(_) => {}
                Err(error) => return Err(format!("the terminal: {error}")),
            }
            match key[0] {
                b'\n' => break,
                INTERRUPT => {
                    let _ = (&self.0).write_all(b"\n");
                    return Err("given up".into());
                }
                _ if line.len() == LONGEST => return Err("this line is too long".into()),
                octet => line.push(octet),
            }
        }
        String::from_utf8(line).map_err(|_| "this is no text in UTF-8".into())
    }
}

/// While it lives, what is typed is not shown.
struct Hidden<'a> {
    terminal: &'a File,
    before: Termios,
}

impl<'a> Hidden<'a> {
    fn begin(terminal: &'a File) -> Result<Hidden<'a>, String> {
        let words = |error: nix::Error| format!("the terminal cannot be told not to show it: {error}");
        let before = tcgetattr(terminal).map_err(words)?;
        let mut now = before.clone();
        // Ctrl-C ends the line instead of the process: nobody is left with a terminal that shows nothing.
        now.local_flags.remove(LocalFlags::ECHO | LocalFlags::ISIG);
        now.local_flags.insert(LocalFlags::ECHONL | LocalFlags::ICANON);
        now.control_chars[SpecialCharacterIndices::VEOL as usize] = INTERRUPT;
        tcsetattr(terminal, SetArg::TCSAFLUSH, &now).map_err(words)?;
        Ok(Self { terminal, before })
    }
}

impl Drop for Hidden<'_> {
    fn drop(&mut self) {
        let _ = tcsetattr(self.terminal, SetArg::TCSAFLUSH, &self.before);
    }
}
