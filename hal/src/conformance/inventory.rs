//! What a driver lists, and how its ports open.

use super::{Failure, Outcome, Rig, equal, fail};
use crate::{ChannelId, Driver, Error, Port, PortKind, SpanKind};

pub(super) fn listed_in_order(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    for driver in &mut rig.drivers {
        let spans = driver.spans();
        equal("the spans, listed again", driver.spans(), spans.clone())?;
        if !spans.is_sorted_by(|a, b| a.id < b.id) {
            return fail("the spans are not in the order of their numbers");
        }
        for span in spans {
            let slots = span.ports.iter().all(|port| port.id.span == span.id && port.id.slot > 0);
            if !slots || !span.ports.is_sorted_by(|a, b| a.id < b.id) {
                return fail(format!("the ports of span {} are not its channels in order", span.id));
            }
            let analog = |port: &Port| matches!(port.kind, PortKind::Fxo | PortKind::Fxs);
            // A channel bank has analog ports in the timeslots of a digital span.
            let fits = span.kind != SpanKind::Analog || span.ports.iter().all(analog);
            if !fits {
                return fail(format!("span {} has ports of another kind of span", span.id));
            }
        }
    }
    Ok(Outcome::Passed)
}

pub(super) fn opens_once(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    for driver in &mut rig.drivers {
        for Port { id, kind } in ports(&**driver) {
            let driver: &mut dyn Driver = &mut **driver;
            match kind {
                PortKind::Fxo | PortKind::Fxs => {
                    once(id, driver, |driver, id| driver.open_line(id))?;
                    once(id, driver, |driver, id| driver.open_bearer(id))?;
                }
                PortKind::EAndM => once(id, driver, |driver, id| driver.open_line(id))?,
                PortKind::Cas => once(id, driver, |driver, id| driver.open_cas(id))?,
                PortKind::Bearer => once(id, driver, |driver, id| driver.open_bearer(id))?,
                PortKind::DChannel => once(id, driver, |driver, id| driver.open_dchannel(id))?,
            }
        }
    }
    Ok(Outcome::Passed)
}

/// Opens, is refused, closes, and opens again.
fn once<T>(
    id: ChannelId,
    driver: &mut dyn Driver,
    open: impl Fn(&mut dyn Driver, ChannelId) -> Result<T, Error>,
) -> Result<(), Failure> {
    for _ in 0..2 {
        let held = match open(driver, id) {
            Ok(port) => port,
            Err(error) => return fail(format!("{id} does not open: {error}")),
        };
        equal("opened twice", open(driver, id).err(), Some(Error::Busy(id)))?;
        drop(held);
    }
    Ok(())
}

pub(super) fn opens_as_what_it_is(rig: &mut Rig<'_>) -> Result<Outcome, Failure> {
    for driver in &mut rig.drivers {
        for Port { id, kind } in ports(&**driver) {
            let wrong = Some(Error::WrongKind(id));
            if kind != PortKind::DChannel {
                equal("a D channel", driver.open_dchannel(id).err(), wrong.clone())?;
            }
            if kind == PortKind::DChannel {
                equal("a bearer", driver.open_bearer(id).err(), wrong.clone())?;
            }
            if matches!(kind, PortKind::Bearer | PortKind::DChannel) {
                equal("a line", driver.open_line(id).err(), wrong)?;
            }
        }
        let nowhere = ChannelId::new(u16::MAX, 1);
        let missing = Some(Error::NoSuchPort(nowhere));
        equal("a line of no span", driver.open_line(nowhere).err(), missing.clone())?;
        equal("a bearer of no span", driver.open_bearer(nowhere).err(), missing.clone())?;
        equal("a D channel of no span", driver.open_dchannel(nowhere).err(), missing)?;
    }
    Ok(Outcome::Passed)
}

fn ports(driver: &dyn Driver) -> Vec<Port> {
    driver.spans().into_iter().flat_map(|span| span.ports).collect()
}
