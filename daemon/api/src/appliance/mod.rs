//! The appliance as a machine: its part of the configuration, how it does, updates, and what can be
//! done with it. Where the operating system is not ours, all but the configuration answers 404.

mod control;
mod machine;
mod reset;
mod update;

pub use machine::Machine;
pub(crate) use update::UPLOAD;

use crate::auth::Who;
use crate::body::Body;
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::problem::{Code, Problem};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use demarc_model::appliance::{Answer, Exposed, MachineStatus, Request};
use demarc_model::config::Appliance;
use std::sync::Arc;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

/// The longest that a remote shell may be opened for, in seconds.
const SSH_LONGEST_S: u64 = 7 * 86_400;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(get_appliance, put_appliance))
        .routes(routes!(get_appliance_status))
        .routes(routes!(get_exposure))
        .merge(control::routes())
        .merge(update::routes())
}

/// The appliance as a machine in a network
#[utoipa::path(get, path = "/api/appliance", tag = "appliance", responses((status = 200, body = Appliance)))]
async fn get_appliance(State(api): State<Api>) -> Versioned<Appliance> {
    let current = api.current();
    Versioned::ok(current.revision, current.config.appliance.clone())
}

/// Change the appliance as a machine in a network
///
/// Changed interfaces are taken back after two minutes unless `confirm_network` is called: whoever
/// cannot reach the unit any more cannot call it.
#[utoipa::path(put, path = "/api/appliance", tag = "appliance", params(IfMatch), request_body = Appliance,
    responses((status = 200, body = Appliance)))]
async fn put_appliance(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(appliance): Body<Appliance>,
) -> Result<Versioned<Appliance>, Problem> {
    let longest = api.now_ms() / 1000 + SSH_LONGEST_S;
    edit(&api, &who, base, move |config| {
        let until = appliance.ssh.enabled_until;
        if until != config.appliance.ssh.enabled_until && until.is_some_and(|until| until > longest) {
            return Err(Problem::field(
                "/ssh/enabled_until",
                "a remote shell is open for seven days at most",
            ));
        }
        config.appliance = appliance.clone();
        Ok(Edited {
            value: appliance,
            summary: "changed the appliance".into(),
            at: Some("/appliance".into()),
        })
    })
    .await
}

/// How the machine does
#[utoipa::path(get, path = "/api/appliance/status", tag = "appliance",
    responses((status = 200, body = MachineStatus), (status = 404, description = "The operating system is not ours")))]
async fn get_appliance_status(State(api): State<Api>) -> Result<Json<MachineStatus>, Problem> {
    status(&api).await.map(Json)
}

/// What the unit answers to, as its packet filter has it
#[utoipa::path(get, path = "/api/appliance/exposure", tag = "appliance",
    responses((status = 200, body = Vec<Exposed>), (status = 404, description = "The operating system is not ours")))]
async fn get_exposure(State(api): State<Api>) -> Result<Json<Vec<Exposed>>, Problem> {
    Ok(Json(status(&api).await?.exposure))
}

async fn status(api: &Api) -> Result<MachineStatus, Problem> {
    match ask(api, Request::Status).await? {
        Answer::Status { mut status } => {
            // Whoever reads this is signed in already; the code is for who stands in front of the unit.
            status.setup_code = None;
            Ok(*status)
        }
        other => Err(Problem::internal(format!("no status: {other:?}"))),
    }
}

/// The machine; 404 where the operating system is not ours.
fn machine(api: &Api) -> Result<Arc<dyn Machine>, Problem> {
    api.gateway().machine().ok_or_else(|| {
        Problem::new(
            Code::NotFound,
            "the operating system under this gateway is not ours: there is nothing to do here",
        )
    })
}

/// Asks the machine; what it refuses is a conflict with its reason.
async fn ask(api: &Api, request: Request) -> Result<Answer, Problem> {
    let machine = machine(api)?;
    let answer = api.work(move |_, _| machine.ask(&request).map_err(|e| Problem::new(Code::Busy, e))).await?;
    match answer {
        Answer::Refused { reason } => Err(Problem::new(Code::Conflict, reason)),
        answer => Ok(answer),
    }
}
