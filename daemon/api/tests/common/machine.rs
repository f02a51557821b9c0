//! The machine under the gateway: notes what it is asked.

use demarc_api::Machine;
use demarc_model::appliance::{Answer, MachineStatus, Request, SwitchWhen, UpdateState};
use std::path::PathBuf;
use std::sync::Mutex;

pub struct FakeMachine {
    pub asked: Mutex<Vec<Request>>,
    pub upload: PathBuf,
    /// What goes on with an update.
    pub update: Mutex<UpdateState>,
}

impl Machine for FakeMachine {
    fn ask(&self, request: &Request) -> Result<Answer, String> {
        self.asked.lock().unwrap().push(request.clone());
        Ok(match request {
            Request::Status => Answer::Status {
                status: Box::new(MachineStatus {
                    version: "1.2.3".into(),
                    update: self.update.lock().unwrap().clone(),
                    setup_code: Some("7K2M-9Q0A".into()),
                    ..MachineStatus::default()
                }),
            },
            Request::Log { lines } => Answer::Log { lines: vec![format!("{lines} lines")] },
            Request::CancelSwitch if !self.asked.lock().unwrap().iter().any(is_hour) => {
                Answer::Refused { reason: "no version is installed that waits".into() }
            }
            _ => Answer::Done,
        })
    }

    fn upload(&self) -> PathBuf {
        self.upload.clone()
    }
}

/// The fake has something that waits only when an hour was given.
fn is_hour(request: &Request) -> bool {
    matches!(request, Request::Switch { when: SwitchWhen::Hour { .. } })
}
