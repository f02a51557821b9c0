//! What the gateway itself changes in its configuration: one thread that waits for the disk, so
//! that the switch does not.

use crate::cards;
use crate::learned::{LearnedFile, keep};
use demarc_api::Api;
use demarc_hal::SpanInfo;
use demarc_model::Config;
use demarc_model::config::{ExtensionId, ExtensionSetting, LineId, Span};
use demarc_model::learned::Learned;
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

/// How many changes may wait.
const QUEUE: usize = 1024;

/// A change.
#[derive(Debug, Clone)]
pub enum Amendment {
    /// Somebody dialled a feature code.
    Setting(ExtensionId, ExtensionSetting),
    /// A span was found that was never there before.
    Card(SpanInfo),
    /// The autopilot has found out how a span is to be run.
    Proven(Box<Span>),
    /// A line was seen to do something: kept beside the configuration, too.
    Learned(LineId, Learned),
    /// What lines were seen to do was replaced by what a backup knew of them.
    Relearned,
    /// What the driver of the cards wants to be given again at the next start. It is not part of the
    /// configuration: it is kept beside it.
    Memory(String),
}

/// Where changes are put.
#[derive(Debug, Clone)]
pub struct Amendments(SyncSender<Amendment>);

impl Amendments {
    /// A queue, and the end that [`serve`] takes.
    pub fn new() -> (Self, Receiver<Amendment>) {
        let (queue, amendments) = sync_channel(QUEUE);
        (Self(queue), amendments)
    }

    /// Asks for a change; never waits.
    pub fn ask(&self, amendment: Amendment) {
        if let Err(error) = self.0.try_send(amendment) {
            tracing::error!(%error, "a change of the configuration is lost: the disk is too slow");
        }
    }
}

/// Makes changes until nobody can ask for one any more.
///
/// # Errors
/// When the system has no thread left.
pub fn serve(
    amendments: Receiver<Amendment>,
    api: Api,
    data: PathBuf,
    learned: LearnedFile,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("amend".into()).spawn(move || {
        for amendment in amendments {
            let kept = match &amendment {
                Amendment::Memory(text) => Some(keep(&data, cards::MEMORY, text)),
                Amendment::Learned(line, what) => Some(learned.learn(*line, what)),
                Amendment::Relearned => Some(learned.write()),
                _ => None,
            };
            if let Some(kept) = kept {
                if let Err(error) = kept {
                    tracing::error!(%error, "what was found out cannot be kept");
                }
                continue;
            }
            let (author, summary) = words(&amendment);
            if let Err(error) = api.amend(&author, &summary, |config| change(config, &amendment)) {
                tracing::error!(%error, author, summary, "a change of the configuration was refused");
            }
        }
    })
}

fn words(amendment: &Amendment) -> (String, String) {
    match amendment {
        Amendment::Setting(extension, setting) => (format!("extension {extension}"), setting_words(setting)),
        Amendment::Card(span) => ("demarcd".into(), format!("New card: {}", span.name)),
        Amendment::Proven(span) => ("autopilot".into(), format!("Span {} as it was found to work", span.id)),
        Amendment::Memory(_) | Amendment::Learned(..) | Amendment::Relearned => {
            ("demarcd".into(), String::new())
        }
    }
}

fn setting_words(setting: &ExtensionSetting) -> String {
    let on_off = |what: &str, on: &bool| format!("{what} {}", if *on { "on" } else { "off" });
    // The number is in the revision itself: a summary need not show whom somebody forwards to.
    let forward = |when: &str, to: &Option<String>| {
        format!("Forwarding {when} {}", if to.is_some() { "on" } else { "off" })
    };
    match setting {
        ExtensionSetting::ForwardAlways(to) => forward("always", to),
        ExtensionSetting::ForwardBusy(to) => forward("when busy", to),
        ExtensionSetting::ForwardNoAnswer(to) => forward("without an answer", to),
        ExtensionSetting::DoNotDisturb(on) => on_off("Do not disturb", on),
        ExtensionSetting::CallWaiting(on) => on_off("Call waiting", on),
        ExtensionSetting::MessageWaiting(on) => on_off("Message lamp", on),
    }
}

fn change(config: &mut Config, amendment: &Amendment) {
    match amendment {
        Amendment::Setting(extension, setting) => {
            config.set(*extension, setting);
        }
        Amendment::Card(span) => {
            config.adopt(std::slice::from_ref(span));
        }
        Amendment::Proven(span) => {
            config.run_as_found(span);
        }
        Amendment::Memory(_) | Amendment::Learned(..) | Amendment::Relearned => {}
    }
}
