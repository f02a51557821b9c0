//! Backups for whoever is on the machine itself: whoever may open the control socket may read the passwords anyway.

use super::{Answer, PATIENCE};
use demarc_api::{Api, MAX_BACKUP, SealedFile};
use demarc_model::backup::Choice;
use demarc_model::config::Secret;
use serde::{Deserialize, Serialize};
use tokio::io::{AsyncRead, AsyncReadExt, BufReader, Take};
use tokio::sync::Semaphore;

/// Whom the list of revisions names.
const AUTHOR: &str = "demarc";

/// A backup; its text follows the line of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SentBackup {
    /// What opens it.
    pub passphrase: Secret,
    /// How long its text is, in octets: [`MAX_BACKUP`] at most.
    pub octets: usize,
    /// Where something goes elsewhere than proposed.
    pub mapping: Vec<Choice>,
}

/// Makes and restores backups.
pub struct Backups {
    api: Api,
    /// One at a time: each is held in memory some times over.
    turn: Semaphore,
}

impl Backups {
    /// Of this gateway.
    pub fn new(api: Api) -> Self {
        Self { api, turn: Semaphore::new(1) }
    }

    pub(super) async fn make(&self, passphrase: &Secret) -> Answer {
        let _turn = self.turn()?;
        to_json(&self.api.backup(AUTHOR, passphrase).await?)
    }

    pub(super) async fn inspect(
        &self,
        sent: SentBackup,
        text: &mut BufReader<Take<impl AsyncRead + Unpin>>,
    ) -> Answer {
        let _turn = self.turn()?;
        let file = SealedFile { text: read(text, sent.octets).await?, passphrase: sent.passphrase };
        to_json(&self.api.inspect_backup(file, &sent.mapping).await?)
    }

    pub(super) async fn restore(
        &self,
        sent: SentBackup,
        network: bool,
        text: &mut BufReader<Take<impl AsyncRead + Unpin>>,
    ) -> Answer {
        let _turn = self.turn()?;
        let file = SealedFile { text: read(text, sent.octets).await?, passphrase: sent.passphrase };
        to_json(&self.api.restore_backup(AUTHOR, file, &sent.mapping, network).await?)
    }

    fn turn(&self) -> Result<tokio::sync::SemaphorePermit<'_>, String> {
        self.turn.try_acquire().map_err(|_| "another backup is being made or restored: try again".to_owned())
    }
}

async fn read(from: &mut BufReader<Take<impl AsyncRead + Unpin>>, octets: usize) -> Result<String, String> {
    if octets > MAX_BACKUP {
        return Err("no backup is so large".into());
    }
    from.get_mut().set_limit(octets as u64);
    let mut text = vec![0; octets];
    match tokio::time::timeout(PATIENCE, from.read_exact(&mut text)).await {
        Ok(Ok(_)) => String::from_utf8(text).map_err(|_| "this file is no backup of a gateway".into()),
        Ok(Err(error)) => Err(format!("the backup did not arrive: {error}")),
        Err(_) => Err("the backup did not arrive in time".into()),
    }
}

fn to_json(value: &impl Serialize) -> Answer {
    serde_json::to_value(value).map_err(|error| error.to_string())
}
