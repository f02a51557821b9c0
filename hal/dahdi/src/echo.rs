//! Echo cancellers: the card's own, else one of software, never none.

use crate::device::{Control, gone, os};
use demarc_hal::Error;

/// Software cancellers, best first.
const PREFERRED: [&str; 2] = ["oslec", "mg2"];
/// The canceller of a card, by the kernel's name.
const HARDWARE: &str = "HWEC";

/// Which canceller to attach, once it is known.
#[derive(Debug, Default)]
pub struct Cancellers {
    chosen: Option<String>,
}

impl Cancellers {
    /// Attaches the best canceller to a channel. The kernel itself puts the card's own in the place
    /// of one of software where there is one; asking for it by name would be believed on cards that
    /// have none.
    ///
    /// # Errors
    /// [`Error::Os`] with the remedy, when there is none.
    pub fn attach(&mut self, control: &Control, channel: i32) -> Result<(), Error> {
        if let Some(name) = &self.chosen
            && control.attach_canceller(channel, name).is_ok()
        {
            return Ok(());
        }
        let loaded = control.cancellers().map_err(os("asking for echo cancellers"))?;
        let preferred = PREFERRED.iter().map(|name| (*name).to_owned());
        let software = loaded.into_iter().filter(|name| name != HARDWARE);
        for name in preferred.chain(software) {
            match control.attach_canceller(channel, &name) {
                Ok(()) => {
                    self.chosen = Some(name);
                    return Ok(());
                }
                Err(error) if gone(&error) => return Err(Error::Gone),
                Err(_) => {}
            }
        }
        Err(Error::Os {
            what: "attaching an echo canceller",
            message: "the card has none and none of software can be loaded: \
                      install the module dahdi_echocan_oslec or dahdi_echocan_mg2"
                .into(),
        })
    }
}
