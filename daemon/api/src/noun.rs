//! What the nouns of the configuration have in common: lists of things with ids.

use crate::auth::Who;
use crate::edit::{Base, Edited, Versioned, edit};
use crate::problem::{Code, Problem};
use crate::secrets;
use crate::state::Api;
use axum::http::StatusCode;
use demarc_model::SpanId;
use demarc_model::config::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A thing of the configuration that comes in a list.
pub(crate) trait Noun: Clone + Serialize + Send + 'static {
    /// Names it.
    type Id: Copy + Eq + Ord + std::fmt::Display + Send + 'static;
    /// One of them, for people.
    const NAME: &'static str;
    /// The list, in the configuration and in the API.
    const LIST: &'static str;

    fn list(config: &Config) -> &Vec<Self>;
    fn list_mut(config: &mut Config) -> &mut Vec<Self>;
    fn id(&self) -> Self::Id;
    fn set_id(&mut self, id: Self::Id);
    /// The id after `last`; the first when there is none, and none when they are used up.
    fn next_id(last: Option<Self::Id>) -> Option<Self::Id>;
    /// 0 stands for "the next one".
    fn is_unnamed(&self) -> bool;
    /// For people.
    fn title(&self) -> &str;
    /// The password in it, if it can have one.
    fn secret(&mut self) -> Option<&mut Secret> {
        None
    }
    /// Makes a missing password, or takes away one that makes no sense.
    fn settle_secret(&mut self) -> Result<(), Problem> {
        Ok(())
    }
}

macro_rules! noun {
    ($type:ident, $id:ident, $list:ident, $name:literal $($own:item)*) => {
        impl Noun for $type {
            type Id = $id;
            const NAME: &'static str = $name;
            const LIST: &'static str = stringify!($list);

            fn list(config: &Config) -> &Vec<Self> {
                &config.$list
            }
            fn list_mut(config: &mut Config) -> &mut Vec<Self> {
                &mut config.$list
            }
            fn id(&self) -> $id {
                self.id
            }
            fn set_id(&mut self, id: $id) {
                self.id = id;
            }
            fn next_id(last: Option<$id>) -> Option<$id> {
                last.map_or(Some(1), |last| last.0.checked_add(1)).map($id)
            }
            fn is_unnamed(&self) -> bool {
                self.id.0 == 0
            }
            fn title(&self) -> &str {
                &self.name
            }
            $($own)*
        }
    };
}

noun!(Span, SpanId, spans, "span");
noun!(Line, LineId, lines, "line");
noun! {
    Trunk, TrunkId, trunks, "trunk"

    fn secret(&mut self) -> Option<&mut Secret> {
        match &mut self.kind {
            TrunkKind::Sip(peer) => Some(&mut peer.password),
            TrunkKind::Pri { .. } | TrunkKind::Fxo { .. } => None,
        }
    }

    fn settle_secret(&mut self) -> Result<(), Problem> {
        if let TrunkKind::Sip(peer) = &mut self.kind
            && peer.username.is_empty()
        {
            peer.password = Secret::default();
        }
        Ok(())
    }
}
noun! {
    Device, DeviceId, devices, "device"

    fn secret(&mut self) -> Option<&mut Secret> {
        match &mut self.kind {
            DeviceKind::Sip(account) => Some(&mut account.password),
            DeviceKind::Fxs(_) => None,
        }
    }

    fn settle_secret(&mut self) -> Result<(), Problem> {
        if let DeviceKind::Sip(account) = &mut self.kind
            && account.password.is_empty()
        {
            account.password = secrets::generate()?;
        }
        Ok(())
    }
}
noun!(Extension, ExtensionId, extensions, "extension");
noun!(RingGroup, RingGroupId, ring_groups, "ring group");
noun!(Service, ServiceId, services, "service");
noun!(InboundRoute, InboundRouteId, inbound_routes, "inbound route");
noun!(OutboundRoute, OutboundRouteId, outbound_routes, "outbound route");

/// An order of routes.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    /// The id of every route, each once.
    pub(crate) ids: Vec<u32>,
}

pub(crate) fn list<N: Noun>(api: &Api) -> Versioned<Vec<N>> {
    let current = api.current();
    let mut list = N::list(&current.config).clone();
    list.iter_mut().for_each(secrets::hide);
    Versioned::ok(current.revision, list)
}

pub(crate) fn get<N: Noun>(api: &Api, id: N::Id) -> Result<Versioned<N>, Problem> {
    let current = api.current();
    let found = N::list(&current.config).iter().find(|item| item.id() == id);
    let mut item = found.ok_or_else(|| absent::<N>(id))?.clone();
    secrets::hide(&mut item);
    Ok(Versioned::ok(current.revision, item))
}

/// Adds one at the end of its list. With id 0 it gets the next free one.
pub(crate) async fn create<N: Noun>(
    api: &Api,
    who: &Who,
    base: Base,
    mut item: N,
) -> Result<Versioned<N>, Problem> {
    let mut answer = edit(api, who, base, move |config| {
        if item.is_unnamed() {
            let last = N::list(config).iter().map(N::id).max();
            let next =
                N::next_id(last).ok_or_else(|| Problem::field("/id", "no id is left; choose a free one"))?;
            item.set_id(next);
        } else if N::list(config).iter().any(|other| other.id() == item.id()) {
            return Err(Problem::field("/id", format!("there is a {} {} already", N::NAME, item.id())));
        }
        secrets::keep(&mut item, None)?;
        let list = N::list_mut(config);
        list.push(item.clone());
        let at = Some(format!("/{}/{}", N::LIST, list.len() - 1));
        let summary = format!("added {} {}", N::NAME, item.title());
        secrets::hide(&mut item);
        Ok(Edited { value: item, summary, at })
    })
    .await?;
    answer.status = StatusCode::CREATED;
    answer.location = Some(format!("/api/{}/{}", N::LIST, answer.body.id()));
    Ok(answer)
}

/// Replaces one. A password that is left empty stays as it was.
pub(crate) async fn put<N: Noun>(
    api: &Api,
    who: &Who,
    base: Base,
    id: N::Id,
    mut item: N,
) -> Result<Versioned<N>, Problem> {
    edit(api, who, base, move |config| {
        if item.id() != id {
            return Err(Problem::field("/id", format!("must be {id}, as in the address")));
        }
        let list = N::list_mut(config);
        let found = list.iter_mut().enumerate().find(|(_, old)| old.id() == id);
        let (index, old) = found.ok_or_else(|| absent::<N>(id))?;
        secrets::keep(&mut item, Some(old))?;
        *old = item.clone();
        let at = Some(format!("/{}/{index}", N::LIST));
        let summary = format!("changed {} {}", N::NAME, item.title());
        secrets::hide(&mut item);
        Ok(Edited { value: item, summary, at })
    })
    .await
}

/// Takes one away. What still uses it is told in the errors.
pub(crate) async fn delete<N: Noun>(
    api: &Api,
    who: &Who,
    base: Base,
    id: N::Id,
) -> Result<Versioned<()>, Problem> {
    let mut answer = edit(api, who, base, move |config| {
        let list = N::list_mut(config);
        let index = list.iter().position(|item| item.id() == id).ok_or_else(|| absent::<N>(id))?;
        let item = list.remove(index);
        Ok(Edited { value: (), summary: format!("deleted {} {}", N::NAME, item.title()), at: None })
    })
    .await?;
    answer.status = StatusCode::NO_CONTENT;
    Ok(answer)
}

/// Puts a list into another order: for routes, where the first that matches is taken.
pub(crate) async fn order<N: Noun>(
    api: &Api,
    who: &Who,
    base: Base,
    ids: Vec<N::Id>,
) -> Result<Versioned<Vec<N>>, Problem> {
    edit(api, who, base, move |config| {
        let list = N::list_mut(config);
        let mut sorted = ids.clone();
        sorted.sort_unstable();
        let mut all: Vec<N::Id> = list.iter().map(N::id).collect();
        all.sort_unstable();
        if sorted != all {
            return Err(Problem::field("/ids", format!("must name every {} exactly once", N::NAME)));
        }
        list.sort_by_key(|item| ids.iter().position(|id| *id == item.id()));
        let mut value = list.clone();
        value.iter_mut().for_each(secrets::hide);
        Ok(Edited { value, summary: format!("ordered the {}s", N::NAME), at: None })
    })
    .await
}

pub(crate) fn absent<N: Noun>(id: N::Id) -> Problem {
    Problem::new(Code::NotFound, format!("there is no {} {id}", N::NAME))
}
