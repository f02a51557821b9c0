//! What is in a backup and where it goes, as text for a terminal of 80 columns.

use demarc_api::BackupContents;
use demarc_clock::rfc3339;
use demarc_hal::SpanKind;
use demarc_model::backup::{Configured, ConfiguredNoun, Move, MoveReason, PlacedSpan};
use std::fmt::Write;

/// The whole of it. With `network` the network settings are taken over, too.
pub(crate) fn preview(contents: &BackupContents, network: bool) -> String {
    let BackupContents { unit, counts, hardware, here, moves } = contents;
    let mut text = String::new();
    // Writing into a string does not fail.
    let _ = writeln!(text, "A backup of {} ({}),", plain(&unit.name), plain(&unit.hostname));
    let _ = writeln!(text, "made {} by version {}.", rfc3339(unit.at_ms / 1000), plain(&unit.version));
    if !unit.macs.is_empty() {
        let _ = writeln!(text, "Its network addresses: {}.", plain(&unit.macs.join(", ")));
    }
    let holds = [
        many(counts.extensions, "extension"),
        many(counts.devices, "phone"),
        many(counts.trunks, "trunk"),
        many(counts.spans, "span"),
        many(counts.lines, "line"),
    ];
    let _ = writeln!(text, "It holds {}.", holds.join(", "));
    if counts.learned_lines > 0 {
        let _ = writeln!(text, "What was learnt of {} is in it, too.", many(counts.learned_lines, "line"));
    }
    list(&mut text, "That unit has", hardware);
    list(&mut text, "This unit has", here);
    let _ = writeln!(text, "\nWhere everything goes:");
    for step in moves {
        let to = step.to.map_or("nowhere".to_owned(), |to| format!("to {to}"));
        let _ = writeln!(
            text,
            "  {:<12}{to:<15}{:<20}{}",
            step.from.to_string(),
            why(step.why),
            thing(&step.what)
        );
    }
    let lost: Vec<&Move> = moves.iter().filter(|step| step.to.is_none()).collect();
    if !lost.is_empty() {
        let _ = writeln!(text, "\nNo place on this unit; it stays in the configuration, switched off:");
        for step in lost {
            let users: Vec<String> = step.users.iter().map(thing).collect();
            let used =
                if users.is_empty() { String::new() } else { format!(", used by {}", users.join(", ")) };
            let _ = writeln!(text, "  {}{used}", thing(&step.what));
        }
    }
    let keeps = if network {
        "The network settings of the backup are taken over, too."
    } else {
        "This unit keeps its own network settings."
    };
    let _ = writeln!(text, "\n{keeps}");
    text
}

fn list(text: &mut String, title: &str, spans: &[PlacedSpan]) {
    let _ = writeln!(text, "\n{title}:");
    for span in spans {
        let at = span.id.to_string();
        let _ = writeln!(text, "  span {at:<6} {:<7} {}", kind(span.kind), card(span));
    }
    if spans.is_empty() {
        text.push_str("  no cards\n");
    }
}

fn many(n: usize, what: &str) -> String {
    format!("{n} {what}{}", if n == 1 { "" } else { "s" })
}

fn kind(kind: SpanKind) -> &'static str {
    match kind {
        SpanKind::E1 => "E1",
        SpanKind::T1 => "T1",
        SpanKind::Bri => "BRI",
        SpanKind::Analog => "analog",
    }
}

/// `Digium TE220, port 2 (pci-0000:05:00.0)`.
fn card(span: &PlacedSpan) -> String {
    match &span.card {
        Some(card) => format!("{}, port {} ({})", plain(&card.model), span.port, plain(&card.id)),
        None => plain(&span.name),
    }
}

fn why(why: MoveReason) -> &'static str {
    match why {
        MoveReason::SameCard => "the same card",
        MoveReason::SameType => "a card of its type",
        MoveReason::SameKind => "the next free one",
        MoveReason::Chosen => "as you say",
        MoveReason::NoPlace => "none is left",
    }
}

fn thing(what: &Configured) -> String {
    let noun = match what.noun {
        ConfiguredNoun::Span => "span",
        ConfiguredNoun::Line => "line",
        ConfiguredNoun::Device => "phone",
        ConfiguredNoun::Trunk => "trunk",
        ConfiguredNoun::Extension => "extension",
    };
    format!("{noun} \"{}\"", plain(&what.name))
}

/// What somebody else wrote: it does not move the cursor.
fn plain(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '?' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_api::BackupCounts;
    use demarc_hal::{Bus, SpanId};
    use demarc_model::backup::{BackupUnit, Place, PlacedCard, PortNeed};

    fn e1(id: u16, card: &str, port: u16) -> PlacedSpan {
        let card = PlacedCard {
            id: card.into(),
            bus: Bus::Pci,
            vendor: 1,
            device: 2,
            subvendor: 0,
            subdevice: 0,
            model: "Digium TE220".into(),
        };
        PlacedSpan {
            id: SpanId(id),
            name: "E1".into(),
            kind: SpanKind::E1,
            ports: Vec::new(),
            card: Some(card),
            port,
        }
    }

    #[test]
    fn it_says_which_card_stands_for_which_and_what_is_lost() {
        let thing = |noun, name: &str| Configured { noun, id: 1, name: name.into() };
        let step = |what, need, from, to, why, users| Move { what, need, from, to, why, users };
        let at = |span, slot| Place { span: SpanId(span), slot };
        let contents = BackupContents {
            unit: BackupUnit {
                name: "Harbour\u{1b}[2J".into(),
                hostname: "harbour".into(),
                macs: vec!["02:00:00:00:00:01".into()],
                version: "1.2.3".into(),
                at_ms: 951_782_400_123,
            },
            counts: BackupCounts {
                extensions: 8,
                devices: 7,
                trunks: 2,
                spans: 1,
                lines: 4,
                learned_lines: 1,
                ring_groups: 0,
                services: 0,
                inbound_routes: 0,
                outbound_routes: 0,
            },
            hardware: vec![e1(1, "pci-0000:05:00.0", 2)],
            here: vec![e1(3, "pci-0000:07:00.0", 2)],
            moves: vec![
                step(
                    thing(ConfiguredNoun::Span, "Telco"),
                    PortNeed::E1,
                    at(1, None),
                    Some(at(3, None)),
                    MoveReason::SameType,
                    vec![],
                ),
                step(
                    thing(ConfiguredNoun::Line, "Lift"),
                    PortNeed::Fxo,
                    at(2, Some(1)),
                    None,
                    MoveReason::NoPlace,
                    vec![thing(ConfiguredNoun::Trunk, "Lines")],
                ),
            ],
        };
        let text = preview(&contents, false);
        assert_eq!(
            text,
            "A backup of Harbour?[2J (harbour),\n\
             made 2000-02-29T00:00:00Z by version 1.2.3.\n\
             Its network addresses: 02:00:00:00:00:01.\n\
             It holds 8 extensions, 7 phones, 2 trunks, 1 span, 4 lines.\n\
             What was learnt of 1 line is in it, too.\n\
             \n\
             That unit has:\n  span 1      E1      Digium TE220, port 2 (pci-0000:05:00.0)\n\
             \n\
             This unit has:\n  span 3      E1      Digium TE220, port 2 (pci-0000:07:00.0)\n\
             \n\
             Where everything goes:\n\
             \x20 span 1      to span 3      a card of its type  span \"Telco\"\n\
             \x20 port 2/1    nowhere        none is left        line \"Lift\"\n\
             \n\
             No place on this unit; it stays in the configuration, switched off:\n\
             \x20 line \"Lift\", used by trunk \"Lines\"\n\
             \n\
             This unit keeps its own network settings.\n"
        );
        assert!(preview(&contents, true).ends_with("are taken over, too.\n"));
    }
}
