//! Telephones. A password is write-only in the device itself; [`get_device_account`] shows the whole
//! account to type into the phone, as often as it is asked for: a phone needs it again whenever it
//! is reset, and whoever may see it may change it anyway.

use crate::auth::Who;
use crate::body::{Body, Id};
use crate::edit::{Base, Edited, IfMatch, Versioned, edit};
use crate::noun::{self, Noun};
use crate::problem::{Code, Problem};
use crate::secrets;
use crate::state::Api;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use demarc_model::Config;
use demarc_model::config::{Device, DeviceId, DeviceKind};
use serde::{Deserialize, Serialize};
use std::net::SocketAddr;
use utoipa::ToSchema;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_devices, create_device))
        .routes(routes!(get_device, put_device, delete_device))
        .routes(routes!(get_device_account))
        .routes(routes!(renew_device_password))
}

/// All devices
#[utoipa::path(get, path = "/api/devices", tag = "devices", responses((status = 200, body = Vec<Device>)))]
async fn list_devices(State(api): State<Api>) -> Versioned<Vec<Device>> {
    noun::list(&api)
}

/// Add a device
///
/// With id 0 it gets the next free id. A SIP phone without a password gets a random one.
#[utoipa::path(post, path = "/api/devices", tag = "devices", params(IfMatch), request_body = Device,
    responses((status = 201, body = Device)))]
async fn create_device(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Body(device): Body<Device>,
) -> Result<Versioned<Device>, Problem> {
    noun::create(&api, &who, base, device).await
}

/// One device
#[utoipa::path(get, path = "/api/devices/{id}", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = Device)))]
async fn get_device(State(api): State<Api>, Id(id): Id<DeviceId>) -> Result<Versioned<Device>, Problem> {
    noun::get(&api, id)
}

/// Change a device
///
/// An empty password stays as it was.
#[utoipa::path(put, path = "/api/devices/{id}", tag = "devices", params(("id" = DeviceId, Path), IfMatch),
    request_body = Device, responses((status = 200, body = Device)))]
async fn put_device(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<DeviceId>,
    Body(device): Body<Device>,
) -> Result<Versioned<Device>, Problem> {
    noun::put(&api, &who, base, id, device).await
}

/// Delete a device
#[utoipa::path(delete, path = "/api/devices/{id}", tag = "devices", params(("id" = DeviceId, Path), IfMatch),
    responses((status = 204, description = "Deleted")))]
async fn delete_device(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<DeviceId>,
) -> Result<Versioned<()>, Problem> {
    noun::delete::<Device>(&api, &who, base, id).await
}

/// What to type into a phone
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Account {
    /// The device.
    pub(crate) device: DeviceId,
    /// Its name.
    pub(crate) name: String,
    /// User name, also for authentication.
    pub(crate) username: String,
    /// Password.
    pub(crate) password: String,
    /// Domain and realm.
    pub(crate) realm: String,
    /// Registrar and proxy over UDP, `192.0.2.1:5060`; none = not served.
    pub(crate) udp: Option<String>,
    /// Registrar and proxy over TCP; none = not served.
    pub(crate) tcp: Option<String>,
}

/// The account to type into a SIP phone, with its password
#[utoipa::path(get, path = "/api/devices/{id}/account", tag = "devices", params(("id" = DeviceId, Path)),
    responses((status = 200, body = Account)))]
async fn get_device_account(
    State(api): State<Api>,
    Id(id): Id<DeviceId>,
    headers: HeaderMap,
) -> Result<Versioned<Account>, Problem> {
    let current = api.current();
    let account = account(&current.config, id, &headers, api.gateway().sip_address())?;
    Ok(Versioned::ok(current.revision, account))
}

/// Give a SIP phone a new random password
#[utoipa::path(post, path = "/api/devices/{id}/password", tag = "devices",
    params(("id" = DeviceId, Path), IfMatch), responses((status = 200, body = Account)))]
async fn renew_device_password(
    State(api): State<Api>,
    who: Who,
    base: Base,
    Id(id): Id<DeviceId>,
    headers: HeaderMap,
) -> Result<Versioned<Account>, Problem> {
    let forced = api.gateway().sip_address();
    edit(&api, &who, base, move |config| {
        let found = config.devices.iter_mut().find(|device| device.id == id);
        let device = found.ok_or_else(|| noun::absent::<Device>(id))?;
        let summary = format!("new password for device {}", device.name);
        if let Some(secret) = device.secret() {
            *secret = secrets::generate()?;
        }
        Ok(Edited { value: account(config, id, &headers, forced)?, summary, at: None })
    })
    .await
}

/// `forced` is where SIP is served in spite of the configuration ([`Gateway::sip_address`]).
///
/// [`Gateway::sip_address`]: crate::Gateway::sip_address
pub(crate) fn account(
    config: &Config,
    id: DeviceId,
    headers: &HeaderMap,
    forced: Option<SocketAddr>,
) -> Result<Account, Problem> {
    let found = config.devices.iter().find(|device| device.id == id);
    let device = found.ok_or_else(|| noun::absent::<Device>(id))?;
    let DeviceKind::Sip(sip) = &device.kind else {
        return Err(Problem::new(Code::NotFound, "an analog telephone has no account"));
    };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let settings = &config.system.sip;
    let address = |local: SocketAddr| match settings.external_address {
        Some(external) => SocketAddr::new(external, local.port()).to_string(),
        // Served on every address: the one by which the browser found us is a good guess.
        None if local.ip().is_unspecified() => format!("{}:{}", without_port(host), local.port()),
        None => local.to_string(),
    };
    Ok(Account {
        device: id,
        name: device.name.clone(),
        username: sip.username.clone(),
        password: sip.password.reveal().to_owned(),
        realm: settings.realm.clone(),
        udp: forced.or(settings.udp).map(address),
        tcp: forced.or(settings.tcp).map(address),
    })
}

/// `gateway.example:8080` → `gateway.example`, `[2001:db8::1]` stays.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}
