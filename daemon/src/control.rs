//! The control socket: what `demarc`, the command, asks of the daemon on the same machine.
//!
//! A Unix socket in the data directory that only its owner may open. One request a connection: a
//! line of JSON each way; hardware tests are told of in many, and a backup follows its line.

mod backup;
mod hardware;

pub use backup::{Backups, SentBackup};

use crate::sim::world::Place;
use crate::sim::{PhoneOrder, Phones};
use demarc_api::Gateway;
use demarc_hal_sim::Cable;
use demarc_model::config::Secret;
use demarc_model::hardware_test::RunRequest;
use serde::{Deserialize, Serialize};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;

/// The largest line of a request, in octets: a bench with all its cables, or where everything of a backup goes.
const LARGEST: u64 = 256 * 1024;
/// How many may be asked at once.
const AT_ONCE: usize = 32;
/// How long a request may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

/// Where the socket is.
pub fn socket_path(data: &Path) -> PathBuf {
    data.join("control")
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Ask the person at a simulated telephone to do something.
    Phone {
        /// Which telephone, from 1.
        number: usize,
        /// What.
        order: PhoneOrder,
    },
    /// Pull or put back the plug of a simulated cable.
    Cable {
        /// The gateway's end: `1` for a span, `2/1` for a port.
        at: String,
        /// Put it in.
        plugged: bool,
    },
    /// What can be dialled and with which accounts.
    Directory,
    /// Test hardware on spans that the gateway lends: its state as a line again and again, the last when
    /// it has ended. Lines `yes` and `no` answer questions; the asker's end of the lines ends the run.
    TestHardware(Box<RunRequest>),
    /// Make a backup; answered with a [`demarc_api::BackupFile`].
    MakeBackup {
        /// What will open it.
        passphrase: Secret,
    },
    /// Look into a backup; answered with [`demarc_api::BackupContents`].
    InspectBackup(SentBackup),
    /// Restore a backup; answered with [`demarc_api::Restored`].
    RestoreBackup {
        /// It.
        backup: SentBackup,
        /// With its network settings.
        network: bool,
    },
}

/// An answer: any JSON, or why not.
pub type Answer = Result<serde_json::Value, String>;

/// The simulated world, when there is one, and what is printed at start.
pub struct Control {
    /// The people at the telephones, where they are simulated.
    pub phones: Option<Phones>,
    /// Every cable by the gateway's end.
    pub cables: Vec<(Place, Cable)>,
    /// What can be dialled and with which accounts, asked anew each time.
    pub directory: Box<dyn Fn() -> serde_json::Value + Send + Sync>,
    /// What makes and restores backups.
    pub backups: Backups,
    /// What tests hardware.
    pub gateway: Arc<dyn Gateway>,
    /// The time, in milliseconds since 1970.
    pub now_ms: Box<dyn Fn() -> u64 + Send + Sync>,
}

impl Control {
    /// Serves the socket for ever; must be called within the runtime.
    ///
    /// # Errors
    /// When the socket cannot be made.
    pub fn serve(self, data: &Path) -> std::io::Result<()> {
        let path = socket_path(data);
        // The store's lock says that no other daemon lives here: what is left is a dead one's.
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        let control = Arc::new(self);
        let places = Arc::new(Semaphore::new(AT_ONCE));
        tokio::spawn(async move {
            loop {
                let Ok((stream, _)) = listener.accept().await else {
                    tokio::time::sleep(Duration::from_millis(100)).await;
                    continue;
                };
                let Ok(place) = places.clone().acquire_owned().await else { return };
                let control = control.clone();
                tokio::spawn(async move {
                    let _place = place;
                    let _ = control.answer(stream).await;
                });
            }
        });
        Ok(())
    }

    async fn answer(&self, stream: UnixStream) -> std::io::Result<()> {
        let (read, mut write) = stream.into_split();
        let mut line = String::new();
        let mut reader = BufReader::new(read.take(LARGEST));
        let answer: Answer = match tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await {
            Err(_) => return Ok(()),
            Ok(Err(error)) => Err(error.to_string()),
            Ok(Ok(_)) => match serde_json::from_str(&line) {
                Ok(Request::TestHardware(request)) => {
                    let began_ms = (self.now_ms)();
                    return hardware::run(&*self.gateway, began_ms, *request, reader, &mut write).await;
                }
                Ok(Request::MakeBackup { passphrase }) => self.backups.make(&passphrase).await,
                Ok(Request::InspectBackup(sent)) => self.backups.inspect(sent, &mut reader).await,
                Ok(Request::RestoreBackup { backup, network }) => {
                    self.backups.restore(backup, network, &mut reader).await
                }
                Ok(request) => self.obey(request).await,
                Err(error) => Err(format!("not a request: {error}")),
            },
        };
        write_line(&mut write, &answer).await
    }

    async fn obey(&self, request: Request) -> Answer {
        match request {
            Request::Phone { number, order } => {
                let phones = self.phones.as_ref().ok_or("the telephones are real: use your hands")?;
                let state = phones.order(number, order).await?;
                serde_json::to_value(state).map_err(|error| error.to_string())
            }
            Request::Cable { at, plugged } => {
                let cable = self.cables.iter().find(|(place, _)| place.to_string() == at);
                let (_, cable) = cable.ok_or_else(|| {
                    let places: Vec<_> = self.cables.iter().map(|(place, _)| place.to_string()).collect();
                    match places.as_slice() {
                        [] => "the cables are real: use your hands".to_owned(),
                        _ => format!("there is no cable at {at}; there are cables at {}", places.join(", ")),
                    }
                })?;
                if plugged {
                    cable.plug()
                } else {
                    cable.unplug()
                }
                Ok(serde_json::Value::Null)
            }
            Request::Directory => Ok((self.directory)()),
            Request::TestHardware(_)
            | Request::MakeBackup { .. }
            | Request::InspectBackup(_)
            | Request::RestoreBackup { .. } => Err("this has a connection to itself".into()),
        }
    }
}

async fn write_line(to: &mut (impl AsyncWrite + Unpin), answer: &Answer) -> std::io::Result<()> {
    let mut text = serde_json::to_string(answer).map_err(std::io::Error::other)?;
    text.push('\n');
    to.write_all(text.as_bytes()).await
}
