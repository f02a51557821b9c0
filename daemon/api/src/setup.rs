//! The first start: whoever can read the console becomes the administrator, and may say in the
//! same breath where the gateway is, which phones there are and who answers.

mod wizard;

use crate::auth::{Encrypted, Source};
use crate::body::Body;
use crate::device::{Account, account};
use crate::edit::{check, take_into_force};
use crate::password::check_new;
use crate::problem::{Code, Problem};
use crate::session::{self, ADMINISTRATOR};
use crate::state::Api;
use axum::Json;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::IntoResponse;
use demarc_store::{Change, PasswordHash, Token, TokenHash, random_text};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;
use wizard::Wizard;

/// Wrong codes after which none is right any more: 40 bits are not to be guessed in so many.
const MAX_ATTEMPTS: u32 = 20;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new().routes(routes!(get_setup, create_setup))
}

/// A code for the first start, to be shown on the console: 40 random bits as `7K2M-9QXA`.
///
/// # Errors
/// In words, when the system has no randomness.
pub fn new_setup_code() -> Result<String, String> {
    Ok(format!("{}-{}", random_text(4)?, random_text(4)?))
}

/// The code that is expected.
pub(crate) struct SetupCode {
    hash: TokenHash,
    attempts: u32,
}

impl SetupCode {
    pub(crate) fn new(code: &str) -> Self {
        Self { hash: Self::hash(code), attempts: 0 }
    }

    /// Forgives what people do to a code that they copy by hand. Hashes are compared, so that the
    /// time it takes tells nothing about the code.
    fn hash(code: &str) -> TokenHash {
        let read = |c: char| match c.to_ascii_uppercase() {
            'O' => '0',
            'I' | 'L' => '1',
            c => c,
        };
        let code: String = code.chars().filter(char::is_ascii_alphanumeric).map(read).collect();
        Token::from_client(&code).hash()
    }

    fn matches(&mut self, code: &str) -> Result<bool, Problem> {
        if self.attempts >= MAX_ATTEMPTS {
            let detail = "too many wrong codes: restart the gateway, which shows a new one on its console";
            return Err(Problem::new(Code::TooManyAttempts, detail));
        }
        self.attempts += 1;
        Ok(Self::hash(code) == self.hash)
    }
}

/// Is there anything to set up?
#[derive(Debug, Serialize, ToSchema)]
struct SetupState {
    /// There is an administrator: sign in.
    done: bool,
}

/// The first start.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Setup {
    /// The code that the console shows; case and dashes do not matter.
    code: String,
    /// The administrator's password, 10–256 characters.
    password: String,
    /// Where the gateway is and who answers; none leaves the configuration as it is.
    #[serde(default)]
    wizard: Option<Wizard>,
}

/// The gateway is set up.
#[derive(Debug, Serialize, ToSchema)]
struct SetupDone {
    /// The administrator's name.
    name: String,
    /// The revision of the configuration in force.
    revision: u64,
    /// The accounts of the phones of the wizard, in its order.
    accounts: Vec<Account>,
}

/// Is the gateway set up? Open to everybody
#[utoipa::path(get, path = "/api/setup", tag = "setup", responses((status = 200, body = SetupState)))]
async fn get_setup(State(api): State<Api>) -> Result<Json<SetupState>, Problem> {
    Ok(Json(SetupState { done: api.store(|store| store.is_set_up()).await? }))
}

/// Set the gateway up with the code from its console
///
/// Makes the administrator `admin`, signs in, and changes the configuration as the wizard says: all
/// of it or nothing. Works once.
#[utoipa::path(post, path = "/api/setup", tag = "setup", request_body = Setup,
    responses((status = 201, body = SetupDone)))]
async fn create_setup(
    State(api): State<Api>,
    Source(address): Source,
    encrypted: Encrypted,
    headers: HeaderMap,
    Body(setup): Body<Setup>,
) -> Result<impl IntoResponse, Problem> {
    if api.store(|store| store.is_set_up()).await? {
        return Err(Problem::new(Code::Conflict, "the gateway is set up already: sign in"));
    }
    let begun = api.attempts().begin(address, api.now().mono);
    begun.map_err(|wait| Problem::too_many_attempts(wait.as_secs() + 1))?;
    match api.setup_code().as_mut().map(|code| code.matches(&setup.code)) {
        Some(Ok(true)) => {}
        Some(Ok(false)) => return Err(Problem::field("/code", "is not the code that the console shows")),
        Some(Err(problem)) => return Err(problem),
        None => {
            return Err(Problem::new(Code::Conflict, "restart the gateway: its console then shows a code"));
        }
    }
    api.attempts().succeeded(address);
    check_new("/password", &setup.password)?;

    let done = api.hash(move |api, store| {
        let password = PasswordHash::new(&setup.password).map_err(Problem::internal)?;
        let _turn = api.editing();
        let current = api.current();
        let mut config = (*current.config).clone();
        let phones = match &setup.wizard {
            Some(wizard) => wizard.apply(&mut config)?,
            None => Vec::new(),
        };
        check(&config, None)?;
        let change = (config != *current.config).then_some(Change {
            expected: current.revision,
            config: &config,
            author: ADMINISTRATOR,
            summary: "first start",
        });
        let revision = store.set_up(ADMINISTRATOR, &password, change, api.now_ms())?;
        *api.setup_code() = None;
        let forced = api.gateway().sip_address();
        let account = |id| account(&config, id, &headers, forced);
        let accounts = phones.into_iter().map(account).collect::<Result<_, _>>()?;
        if let Some(revision) = revision {
            take_into_force(api, revision, config);
        }
        tracing::info!("the gateway was set up");
        let revision = revision.unwrap_or(current.revision);
        Ok(SetupDone { name: ADMINISTRATOR.into(), revision, accounts })
    });
    let done = done.await?;
    let (status, cookie, _) = session::begin(&api, done.name.clone(), encrypted).await?;
    Ok((status, cookie, Json(done)))
}
