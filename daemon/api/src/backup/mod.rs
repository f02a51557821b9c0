//! Backups: the whole configuration with its secrets and the hardware that it was made for, in a file
//! under a passphrase; and how it gets onto this unit or another one.
//!
//! The administrator's password, sessions, tokens and the private keys of certificates are not in it:
//! they belong to the unit.

mod contents;
mod sealed;

use crate::auth::Who;
use crate::body::Body;
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::problem::{Code, Problem, ProblemField, ProblemSource};
use crate::state::Api;
use axum::Json;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::header;
use axum::response::IntoResponse;
use contents::BackupCounts;
use demarc_model::backup::{Backup, BackupUnit, Choice, Move, PlacedSpan, keep_network, propose, relocate};
use demarc_model::{Config, backup};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The largest file, in octets.
const MAX_FILE: usize = 12 * 1024 * 1024;
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
    passphrase: String,
}

/// A backup to look into.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct SealedBackup {
    /// The file's text, as `create_backup` gave it.
    file: String,
    /// What opens it.
    passphrase: String,
}

/// A backup to restore.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Restore {
    /// The file's text, as `create_backup` gave it.
    file: String,
    /// What opens it.
    passphrase: String,
    /// Where something goes elsewhere than proposed.
    #[serde(default)]
    mapping: Vec<Choice>,
    /// Take the network settings over, too: all of the appliance, and the SIP addresses. Otherwise this
    /// unit keeps its own, so that two units do not have the same address by accident.
    #[serde(default)]
    network: bool,
}

/// What is in a backup, and where it would go.
#[derive(Debug, Serialize, ToSchema)]
struct BackupContents {
    /// The unit that made it.
    unit: BackupUnit,
    /// How much is in it.
    counts: BackupCounts,
    /// The hardware of that unit.
    hardware: Vec<PlacedSpan>,
    /// The hardware of this unit.
    here: Vec<PlacedSpan>,
    /// Where each configured span, line and analog telephone goes.
    moves: Vec<Move>,
}

/// A backup that was restored.
#[derive(Debug, Serialize, ToSchema)]
struct Restored {
    /// The unit that made it.
    unit: BackupUnit,
    /// Where each configured span, line and analog telephone went.
    moves: Vec<Move>,
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
    if !PASSPHRASE.contains(&new.passphrase.chars().count()) {
        return Err(Problem::field("/passphrase", "take 12–256 characters: whoever has the file may guess"));
    }
    let (config, revision) = {
        let current = api.current();
        ((*current.config).clone(), current.revision)
    };
    let name = contents::file_name(&config.system.name, revision);
    let unit = contents::this_unit(&api, &config).await;
    let backup = Backup { format: backup::FORMAT, unit, hardware: contents::hardware(&api), config };
    let file = api
        .hash(move |_, _| {
            let plain = serde_json::to_vec(&backup).map_err(Problem::internal)?;
            sealed::seal(plain, &new.passphrase).map_err(Problem::internal)
        })
        .await?;
    if file.len() > MAX_FILE {
        return Err(Problem::new(Code::TooLarge, "the configuration is too large for a backup"));
    }
    tracing::info!(author = who.author(), revision, "a backup was made");
    let headers = [
        (header::CONTENT_TYPE, "application/octet-stream".to_owned()),
        (header::CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, file))
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
    let backup = opened(&api, sealed.file, sealed.passphrase).await?;
    let here = contents::hardware(&api);
    let moves = mapped(&backup, &here, &[])?;
    let counts = BackupCounts::of(&backup.config);
    Ok(Json(BackupContents { unit: backup.unit, counts, hardware: backup.hardware, here, moves }))
}

/// Restore a backup
///
/// Its configuration comes into force as a new revision, with everything put where it goes on this unit:
/// the revision before can be restored as ever. What has no place stays in it, switched off.
#[utoipa::path(post, path = "/api/backup/restore", tag = "backup", params(IfMatch), request_body = Restore,
    responses((status = 200, body = Restored)))]
async fn restore_backup(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(restore): Body<Restore>,
) -> Result<Versioned<Restored>, Problem> {
    let backup = opened(&api, restore.file, restore.passphrase).await?;
    let here = contents::hardware(&api);
    let moves = mapped(&backup, &here, &restore.mapping)?;
    let mut restored = relocate(&backup.config, &moves, &here);
    let unit = backup.unit;
    edit(&api, &who, base, move |config: &mut Config| {
        if restore.network {
            // Whoever opened a shell on the other unit has not opened one on this.
            restored.appliance.ssh.enabled_until = None;
        } else {
            keep_network(&mut restored, config);
        }
        let summary = format!("restored a backup of {}", restored.system.name);
        *config = restored;
        Ok(Edited { value: Restored { unit, moves }, summary, at: None })
    })
    .await
}

/// What is in a file. It waits for a turn at hashing, and for the hash.
async fn opened(api: &Api, file: String, passphrase: String) -> Result<Backup, Problem> {
    let plain = api
        .hash(move |_, _| {
            sealed::open(&file, &passphrase).map_err(|error| match error {
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
