//! Backups: the whole configuration with its secrets and the hardware that it was made for, in a file
//! under a passphrase; and how it gets onto this unit or another one.
//!
//! The administrator's password, sessions, tokens and the private keys of certificates are not in it:
//! they belong to the unit.

mod contents;
mod sealed;

use crate::auth::Who;
use crate::body::Body;
use crate::edit::{Base, Edited, IfMatch, Versioned, edit_as};
use crate::problem::{Code, Problem, ProblemField, ProblemSource};
use crate::state::Api;
use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::IntoResponse;
pub use contents::BackupCounts;
use demarc_model::backup::{Backup, BackupUnit, Choice, Move, PlacedSpan, keep_network, propose, relocate};
use demarc_model::config::Secret;
use demarc_model::{Config, backup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest file, in octets.
pub const MAX_FILE: usize = 12 * 1024 * 1024;
/// The largest request: a file in a string of JSON.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// How long a passphrase is, in characters: whoever has the file may guess for ever.
const PASSPHRASE: std::ops::RangeInclusive<usize> = 12..=256;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    let files = OpenApiRouter::new().routes(routes!(inspect_backup)).routes(routes!(restore_backup));
    OpenApiRouter::new().routes(routes!(create_backup)).merge(files.layer(DefaultBodyLimit::max(MAX_BODY)))
}

/// A backup to make.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewBackup {
    /// What will open it, 12–256 characters. Nobody can open it without.
    #[schema(value_type = String)]
    passphrase: Secret,
}

/// A backup to look into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SealedBackup {
    /// The file's text, as `create_backup` gave it.
    file: String,
    /// What opens it.
    #[schema(value_type = String)]
    passphrase: Secret,
}

/// A backup to restore.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Restore {
    /// The file's text, as `create_backup` gave it.
    file: String,
    /// What opens it.
    #[schema(value_type = String)]
    passphrase: Secret,
    /// Where something goes elsewhere than proposed.
    #[serde(default)]
    mapping: Vec<Choice>,
    /// Take the network settings over, too: all of the appliance, and the SIP addresses. Otherwise this
    /// unit keeps its own, so that two units do not have the same address by accident.
    #[serde(default)]
    network: bool,
}

/// What is in a backup, and where it would go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct BackupContents {
    /// The unit that made it.
    pub unit: BackupUnit,
    /// How much is in it.
    pub counts: BackupCounts,
    /// The hardware of that unit.
    pub hardware: Vec<PlacedSpan>,
    /// The hardware of this unit.
    pub here: Vec<PlacedSpan>,
    /// Where each configured span, line and analog telephone goes.
    pub moves: Vec<Move>,
}

/// A backup that was restored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// The unit that made it.
    pub unit: BackupUnit,
    /// Where each configured span, line and analog telephone went.
    pub moves: Vec<Move>,
}

/// A backup as a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFile {
    /// A name for it: `harbour-office-17.demarc`.
    pub name: String,
    /// The revision of the configuration in it.
    pub revision: u64,
    /// A line of text: sealed.
    pub text: String,
}

/// The text of a backup, and what opens it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SealedFile {
    /// As [`BackupFile::text`].
    pub text: String,
    /// What opens it.
    pub passphrase: Secret,
}

/// For whoever is on the machine itself, and needs no session. Errors are words.
impl Api {
    /// Makes a backup, on behalf of `author`.
    ///
    /// # Errors
    /// The passphrase is too short or too long, or the system has no memory.
    pub async fn backup(&self, author: &str, passphrase: &Secret) -> Result<BackupFile, String> {
        make(self, author, passphrase).await.map_err(|problem| problem.words())
    }

    /// What is in a backup, and where everything would go on this unit. Changes nothing.
    ///
    /// # Errors
    /// It cannot be opened, or a choice cannot be.
    pub async fn inspect_backup(
        &self,
        file: SealedFile,
        choices: &[Choice],
    ) -> Result<BackupContents, String> {
        inspect(self, file, choices).await.map_err(|problem| problem.words())
    }

    /// Restores a backup, on behalf of `author`, whichever revision is in force; with `network` its network
    /// settings, too.
    ///
    /// # Errors
    /// It cannot be opened, a choice cannot be, or the disk does not take it: then nothing has changed.
    pub async fn restore_backup(
        &self,
        author: &str,
        file: SealedFile,
        choices: &[Choice],
        network: bool,
    ) -> Result<Restored, String> {
        let restored = restore(self, author.to_owned(), Base::Any, file, choices, network).await;
        restored.map(|versioned| versioned.body).map_err(|problem| problem.words())
    }
}

/// Make a backup
///
/// One file with everything that a new unit needs, the passwords of phones and trunks among it, sealed
/// with a passphrase. The administrator's password, sessions, tokens and the private keys of certificates
/// are not in it.
#[utoipa::path(post, path = "/api/backup", tag = "backup", request_body = NewBackup,
    responses((status = 200, description = "The file", body = String, content_type = "application/octet-stream")))]
async fn create_backup(
    State(api): State<Api>,
    who: Who,
    Body(new): Body<NewBackup>,
) -> Result<impl IntoResponse, Problem> {
    let file = make(&api, &who.author(), &new.passphrase).await?;
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{}\"", file.name)),
    ];
    Ok((headers, file.text))
}

async fn make(api: &Api, author: &str, passphrase: &Secret) -> Result<BackupFile, Problem> {
    if !PASSPHRASE.contains(&passphrase.reveal().chars().count()) {
        return Err(Problem::field("/passphrase", "take 12–256 characters: whoever has the file may guess"));
    }
    let (config, revision) = {
        let current = api.current();
        ((*current.config).clone(), current.revision)
    };
    let name = contents::file_name(&config.system.name, revision);
    let unit = contents::this_unit(api, &config).await;
    let learned = Some(contents::known_of(&config, api.gateway().known()));
    let backup = Backup { format: backup::FORMAT, unit, hardware: contents::hardware(api), config, learned };
    let passphrase = passphrase.clone();
    let text = api
        .hash(move |_, _| {
            let plain = serde_json::to_vec(&backup).map_err(Problem::internal)?;
            sealed::seal(plain, passphrase.reveal()).map_err(Problem::internal)
        })
        .await?;
    if text.len() > MAX_FILE {
        return Err(Problem::new(Code::TooLarge, "the configuration is too large for a backup"));
    }
    tracing::info!(author, revision, "a backup was made");
    Ok(BackupFile { name, revision, text })
}

/// Look into a backup
///
/// What is in it, and where its spans, lines and analog telephones would go on this unit. Changes nothing.
#[utoipa::path(post, path = "/api/backup/inspect", tag = "backup", request_body = SealedBackup,
    responses((status = 200, body = BackupContents)))]
async fn inspect_backup(
    State(api): State<Api>,
    Body(sealed): Body<SealedBackup>,
) -> Result<Json<BackupContents>, Problem> {
    let file = SealedFile { text: sealed.file, passphrase: sealed.passphrase };
    inspect(&api, file, &[]).await.map(Json)
}

async fn inspect(api: &Api, file: SealedFile, choices: &[Choice]) -> Result<BackupContents, Problem> {
    let backup = opened(api, file).await?;
    let here = contents::hardware(api);
    let moves = mapped(&backup, &here, choices)?;
    let counts = BackupCounts::of(&backup);
    Ok(BackupContents { unit: backup.unit, counts, hardware: backup.hardware, here, moves })
}

/// Restore a backup
///
/// Its configuration comes into force as a new revision, with everything put where it goes on this unit:
/// the revision before can be restored as ever. What has no place stays in it, switched off. What lines were
/// seen to do comes along, and replaces what this unit knew of lines.
#[utoipa::path(post, path = "/api/backup/restore", tag = "backup", params(IfMatch), request_body = Restore,
    responses((status = 200, body = Restored)))]
async fn restore_backup(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(order): Body<Restore>,
) -> Result<Versioned<Restored>, Problem> {
    let file = SealedFile { text: order.file, passphrase: order.passphrase };
    restore(&api, who.author(), base, file, &order.mapping, order.network).await
}

async fn restore(
    api: &Api,
    author: String,
    base: Base,
    file: SealedFile,
    choices: &[Choice],
    network: bool,
) -> Result<Versioned<Restored>, Problem> {
    let backup = opened(api, file).await?;
    let here = contents::hardware(api);
    let moves = mapped(&backup, &here, choices)?;
    let mut restored = relocate(&backup.config, &moves, &here);
    let unit = backup.unit;
    let done = edit_as(api, author, base, move |config: &mut Config| {
        if network {
            // Whoever opened a shell on the other unit has not opened one on this.
            restored.appliance.ssh.enabled_until = None;
        } else {
            keep_network(&mut restored, config);
        }
        let summary = format!("restored a backup of {}", restored.system.name);
        *config = restored;
        Ok(Edited { value: Restored { unit, moves }, summary, at: None })
    })
    .await?;
    // Its lines have their numbers still: what is known of them goes where they go.
    if let Some(known) = backup.learned {
        api.gateway().take_known(&backup.config, known);
    }
    Ok(done)
}

/// What is in a file. It waits for a turn at hashing, and for the hash.
async fn opened(api: &Api, file: SealedFile) -> Result<Backup, Problem> {
    let plain = api
        .hash(move |_, _| {
            sealed::open(&file.text, file.passphrase.reveal()).map_err(|error| match error {
                sealed::OpenError::Passphrase => Problem::field("/passphrase", error.to_string()),
                sealed::OpenError::System(_) => Problem::internal(error),
                _ => Problem::field("/file", error.to_string()),
            })
        })
        .await?;
    contents::read(&plain)
}

fn mapped(backup: &Backup, here: &[PlacedSpan], choices: &[Choice]) -> Result<Vec<Move>, Problem> {
    propose(&backup.config, &backup.hardware, here, choices).map_err(|faults| {
        let faults = faults.into_iter().map(|fault| ProblemField {
            field: format!("/mapping/{}/{}", fault.index, fault.field),
            message: fault.message,
            source: ProblemSource::Body,
        });
        Problem::invalid(faults.collect())
    })
}
