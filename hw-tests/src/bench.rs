//! `bench.toml`: what is cabled to what.

use demarc_hal::{Driver, PortKind, SpanId, SpanInfo, SpanKind};
use demarc_model::hardware_test::{Bench, PortAt};
use std::collections::BTreeSet;

/// Cables, plugs, trunks and ports that a bench may have in all.
const MOST: usize = 2048;

/// Reads a bench.
///
/// # Errors
/// What is wrong in which line, and what to write there.
pub fn parse(text: &str) -> Result<Bench, String> {
    toml::from_str(text).map_err(|error| {
        let line =
            error.span().and_then(|span| text.get(..span.start)).map(|before| before.matches('\n').count());
        let place = line.map_or_else(String::new, |line| format!("line {}: ", line + 1));
        format!("{place}{}. {}", error.message().trim_end_matches('.'), remedy(error.message()))
    })
}

fn remedy(message: &str) -> &'static str {
    if message.contains("unknown field") {
        "Mend the word, or take the line out."
    } else if message.contains("missing field") {
        "Write what is missing into this part."
    } else if message.contains("is no port") {
        "Ports are written in quotes: fxs = \"3/1\"."
    } else {
        "Compare with hw-tests/bench.example.toml."
    }
}

/// Compares a bench with the cards.
///
/// # Errors
/// What does not fit, and what to do about it.
pub fn fits(bench: &Bench, driver: &dyn Driver) -> Result<(), String> {
    let spans = driver.spans();
    let parts = [bench.spans.len(), bench.plugs.len(), bench.trunks.len()].iter().sum::<usize>()
        + bench.pairs.len()
        + bench.phones.len()
        + bench.lines.len();
    if parts > MOST {
        return Err(format!("The bench has {parts} parts; {MOST} are the most. Test a part of it."));
    }
    let mut taken = BTreeSet::new();
    let digital = bench.spans.iter().flat_map(|cable| [cable.a, cable.b]);
    let digital = digital.chain(bench.plugs.iter().map(|plug| plug.span));
    for id in digital.chain(bench.trunks.iter().map(|trunk| trunk.span)) {
        let span = find(&spans, id)?;
        if span.kind == SpanKind::Analog {
            return Err(format!("Span {id} is analog. Cable it as a pair: [[pair]], [[phone]] or [[line]]."));
        }
        if !taken.insert(id) {
            return Err(format!(
                "Span {id} is in the bench twice. A span has one socket: take one of them out."
            ));
        }
    }
    for cable in &bench.spans {
        let (a, b) = (find(&spans, cable.a)?, find(&spans, cable.b)?);
        if a.kind != b.kind {
            return Err(format!(
                "Span {} is {:?} and span {} is {:?}. Switch the line mode of one of them.",
                a.id, a.kind, b.id, b.kind
            ));
        }
    }
    let mut ports = BTreeSet::new();
    let fxs = bench.pairs.iter().map(|pair| pair.fxs).chain(bench.phones.iter().copied());
    let fxo = bench.pairs.iter().map(|pair| pair.fxo).chain(bench.lines.iter().copied());
    let wanted = fxs.map(|port| (port, PortKind::Fxs)).chain(fxo.map(|port| (port, PortKind::Fxo)));
    for (PortAt(port), kind) in wanted {
        let span = find(&spans, port.span)?;
        if taken.contains(&port.span) {
            return Err(format!(
                "Span {} has a cable of its own; {port} cannot be an analog port.",
                port.span
            ));
        }
        if !ports.insert(port) {
            return Err(format!("Port {port} is in the bench twice. Take one of them out."));
        }
        let found = span.ports.iter().find(|found| found.id == port);
        // The timeslots of a digital span become what the bench says: a channel bank.
        let fits = match span.kind {
            SpanKind::Analog => found.is_some_and(|found| found.kind == kind),
            digital => port.slot > 0 && port.slot <= digital.slots(),
        };
        if !fits {
            let is = found.map_or_else(|| "not there".into(), |found| format!("{:?}", found.kind));
            return Err(format!(
                "Port {port} should be {kind:?} and is {is}. Mend the bench, or its module."
            ));
        }
    }
    Ok(())
}

fn find(spans: &[SpanInfo], id: SpanId) -> Result<&SpanInfo, String> {
    let known = || spans.iter().map(|span| span.id.to_string()).collect::<Vec<_>>().join(", ");
    let found = spans.iter().find(|span| span.id == id);
    found.ok_or_else(|| format!("There is no span {id}. The unit has: {}.", known()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_hal::ChannelId;
    use demarc_model::hardware_test::Side;

    #[test]
    fn the_example_is_a_bench() {
        let bench = parse(include_str!("../bench.example.toml")).unwrap();
        let cable = &bench.spans[0];
        assert_eq!(
            (cable.a, cable.b, cable.a_side, cable.b_side),
            (SpanId(1), SpanId(2), Side::Network, Side::User)
        );
        assert_eq!(bench.pairs[0].fxs, PortAt(ChannelId::new(5, 1)));
        assert_eq!(bench.jig.unwrap().speed, 115_200);
    }

    #[test]
    fn errors_name_the_line_and_the_remedy() {
        for (text, line, hint) in [
            ("unit = \"A\"\n[[pair]]\nfxs = \"3\"\nfxo = \"4/1\"\n", "line 3", "in quotes"),
            ("unit = \"A\"\nserial = 3\n", "line 2", "Mend the word"),
            ("[[span]]\na = 1\n", "line 1", "what is missing"),
            ("[[span]\n", "line 1", "example"),
        ] {
            let error = parse(text).unwrap_err();
            assert!(error.contains(line) && error.contains(hint), "{error}");
        }
    }
}
