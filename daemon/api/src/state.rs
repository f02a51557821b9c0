//! What every handler has at hand.

use crate::Gateway;
use crate::attempts::Attempts;
use crate::problem::{Code, Problem};
use crate::setup::SetupCode;
use demarc_model::{Config, Now};
use demarc_store::{Change, CommitError, PasswordHash, Store, StoreError};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};
use std::time::{Duration, UNIX_EPOCH};
use tokio::sync::Semaphore;

/// Event streams at once.
const MAX_WATCHERS: usize = 32;
/// Passwords being hashed at once: each takes a core and 19 MiB.
const MAX_HASHES: usize = 2;
/// The longest wait for one's turn at hashing.
const HASH_WAIT: Duration = Duration::from_secs(10);

/// What the API is made of.
pub struct Options {
    /// Holds at least one revision.
    pub store: Store,
    /// The running gateway.
    pub gateway: Arc<dyn Gateway>,
    /// The daemon's clock.
    pub clock: Arc<dyn Fn() -> Now + Send + Sync>,
    /// What the console shows for the first start; none when set up already.
    pub setup_code: Option<String>,
    /// The gateway's version.
    pub version: String,
}

/// The API: shared by all requests.
#[derive(Clone)]
pub struct Api(Arc<Inner>);

struct Inner {
    store: Store,
    gateway: Arc<dyn Gateway>,
    clock: Arc<dyn Fn() -> Now + Send + Sync>,
    version: String,
    setup_code: Mutex<Option<SetupCode>>,
    current: RwLock<Current>,
    /// Held from the check of `If-Match` until the gateway has the change.
    editing: Mutex<()>,
    attempts: Mutex<Attempts>,
    hashing: Semaphore,
    watchers: Arc<Semaphore>,
    decoy: OnceLock<PasswordHash>,
}

/// The configuration in force.
#[derive(Clone)]
pub(crate) struct Current {
    pub(crate) revision: u64,
    pub(crate) config: Arc<Config>,
}

impl Api {
    /// Reads the configuration in force.
    ///
    /// # Errors
    /// The store fails, or has no revision yet.
    pub fn new(options: Options) -> Result<Api, StoreError> {
        let Some(current) = options.store.current()? else {
            return Err(StoreError::Failed("there is no configuration yet".into()));
        };
        let current = Current { revision: current.summary.revision, config: Arc::new(current.config) };
        Ok(Api(Arc::new(Inner {
            store: options.store,
            gateway: options.gateway,
            clock: options.clock,
            version: options.version,
            setup_code: Mutex::new(options.setup_code.as_deref().map(SetupCode::new)),
            current: RwLock::new(current),
            editing: Mutex::new(()),
            attempts: Mutex::new(Attempts::default()),
            hashing: Semaphore::new(MAX_HASHES),
            watchers: Arc::new(Semaphore::new(MAX_WATCHERS)),
            decoy: OnceLock::new(),
        })))
    }

    pub(crate) fn gateway(&self) -> &dyn Gateway {
        &*self.0.gateway
    }

    pub(crate) fn version(&self) -> &str {
        &self.0.version
    }

    pub(crate) fn now(&self) -> Now {
        (self.0.clock)()
    }

    /// Milliseconds since 1970 UTC.
    pub(crate) fn now_ms(&self) -> u64 {
        let since = self.now().wall.duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
    }

    pub(crate) fn current(&self) -> Current {
        self.0.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_current(&self, current: Current) {
        *self.0.current.write().unwrap_or_else(PoisonError::into_inner) = current;
    }

    /// Commits a revision. Only under [`Api::editing`].
    pub(crate) fn commit(&self, change: Change<'_>) -> Result<u64, CommitError> {
        self.0.store.commit(change, self.now_ms())
    }

    /// Does work that waits for the disk, on this thread.
    pub(crate) fn store_here<T>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        work(&self.0.store)
    }

    pub(crate) fn editing(&self) -> MutexGuard<'_, ()> {
        self.0.editing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn attempts(&self) -> MutexGuard<'_, Attempts> {
        self.0.attempts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn setup_code(&self) -> MutexGuard<'_, Option<SetupCode>> {
        self.0.setup_code.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn watchers(&self) -> Arc<Semaphore> {
        self.0.watchers.clone()
    }

    /// A password that nobody has: checking it takes as long as checking a real one.
    pub(crate) fn decoy(&self) -> Result<&PasswordHash, Problem> {
        if let Some(decoy) = self.0.decoy.get() {
            return Ok(decoy);
        }
        let decoy = PasswordHash::new("nobody").map_err(Problem::internal)?;
        Ok(self.0.decoy.get_or_init(|| decoy))
    }

    /// Does work that waits for the disk, off the async threads.
    pub(crate) async fn store<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Store) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, Problem> {
        let api = self.clone();
        blocking(move || Ok(work(&api.0.store)?)).await
    }

    /// As [`Api::store`], for whoever needs more than the store.
    pub(crate) async fn work<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Api, &Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        let api = self.clone();
        blocking(move || work(&api, &api.0.store)).await
    }

    /// Does work that hashes passwords; only so much of it at once.
    pub(crate) async fn hash<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Api, &Store) -> Result<T, Problem> + Send + 'static,
    ) -> Result<T, Problem> {
        match tokio::time::timeout(HASH_WAIT, self.0.hashing.acquire()).await {
            Ok(Ok(_turn)) => self.work(work).await,
            _ => Err(Problem::new(Code::Busy, "too many passwords are being checked; try again")),
        }
    }
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Problem> + Send + 'static,
) -> Result<T, Problem> {
    match tokio::task::spawn_blocking(work).await {
        Ok(result) => result,
        Err(error) => Err(Problem::internal(error)),
    }
}
