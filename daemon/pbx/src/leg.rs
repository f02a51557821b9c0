//! One party of a call, as call control sees it.

use demarc_model::config::ExtensionId;
use demarc_model::live::{LegState, LiveLeg};
use demarc_model::media::Source;
use demarc_model::{Cause, LegId, Party, StreamId};

/// One party of a call. It exists from its `Offered` or `Dial` to its `Ended`.
#[derive(Debug, Clone)]
pub(crate) struct Leg {
    pub id: LegId,
    pub party: Party,
    /// The device or trunk by name.
    pub name: String,
    /// Channel or address, once it is known.
    pub place: String,
    /// The extension it was rung for.
    pub extension: Option<ExtensionId>,
    /// Its audio, once there is any.
    pub stream: Option<StreamId>,
    pub state: LegState,
    /// The far end has taken the call.
    pub proceeding: bool,
    /// The party is, or was, being alerted.
    pub alerted: bool,
    /// The far end sends something to hear before the answer.
    pub in_band: bool,
    /// The call will fail for this reason, which is being explained in band.
    pub failing: Option<Cause>,
    /// It is answered, or has answered: it can ring no more.
    pub answered: bool,
    /// The party put us on hold.
    pub held: bool,
    /// What the party hears by our order; none when its edge decides.
    pub hears: Option<Source>,
}

impl Leg {
    pub fn new(id: LegId, party: Party, name: String) -> Self {
        Self {
            id,
            party,
            name,
            place: String::new(),
            extension: None,
            stream: None,
            state: LegState::Setup,
            proceeding: false,
            alerted: false,
            in_band: false,
            failing: None,
            answered: false,
            held: false,
            hears: None,
        }
    }

    /// The party is outside.
    pub fn outside(&self) -> bool {
        matches!(self.party, Party::Trunk(_))
    }

    /// It was not told to hang up.
    pub fn is_live(&self) -> bool {
        self.state != LegState::Clearing
    }

    pub fn live(&self) -> LiveLeg {
        LiveLeg { name: self.name.clone(), place: self.place.clone(), state: self.state }
    }
}
