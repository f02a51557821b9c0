//! What changed between two looks at the gateway.

use demarc_model::live::{Live, LiveEvent};

/// The events that lead from one look to the next. Calls that ended are not among them: their
/// cause is in the call record.
pub fn changes(old: &Live, new: &Live) -> Vec<LiveEvent> {
    let mut events = Vec::new();
    events.extend(changed(&old.spans, &new.spans).map(|span| LiveEvent::Span { span }));
    events.extend(changed(&old.lines, &new.lines).map(|line| LiveEvent::Line { line }));
    events.extend(changed(&old.trunks, &new.trunks).map(|trunk| LiveEvent::Trunk { trunk }));
    events.extend(changed(&old.devices, &new.devices).map(|device| LiveEvent::Device { device }));
    events.extend(changed(&old.calls, &new.calls).map(|call| LiveEvent::Call { call }));
    events
}

/// Those that are not the same in the former list. The lists are short (at most a few hundred).
fn changed<'a, T: PartialEq + Clone>(old: &'a [T], new: &'a [T]) -> impl Iterator<Item = T> + 'a {
    new.iter().filter(|item| !old.contains(item)).cloned()
}
