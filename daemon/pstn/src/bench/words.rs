//! Outputs in words, without the names of legs and streams.

use crate::Output;
use demarc_isdn::Command;
use demarc_model::media::{Detect, Source};
use demarc_model::{LegEvent, MediaCommand};

/// One line of a transcript; none for what is of no interest in one.
pub(super) fn of(output: &Output) -> Option<String> {
    Some(match output {
        Output::Leg(event) => leg(event),
        Output::Media(command) => media(command),
        Output::Line { channel, command } => format!("line {channel} {command:?}"),
        Output::Isdn { command, .. } => isdn(command),
        Output::R2 { command, .. } => r2(command),
        Output::MessageWaiting(waiting) => format!("{} messages for {}", waiting.messages, waiting.mailbox),
        Output::Probed { what, .. } => format!("{what:?}"),
        Output::Trace(_) | Output::Changed | Output::Learned { .. } => return None,
    })
}

fn leg(event: &LegEvent) -> String {
    match event {
        LegEvent::Offered(offer) => {
            let who = offer.caller.number.as_deref().unwrap_or("nobody");
            let more = if offer.complete { "" } else { "…" };
            format!("Offered {} {who} -> {}{more}", offer.place, offer.called)
        }
        LegEvent::MoreDigits { digits, complete, .. } => {
            format!("MoreDigits {digits}{}", if *complete { "." } else { "" })
        }
        LegEvent::Proceeding { place, .. } => format!("Proceeding {place}"),
        LegEvent::Progress { in_band, cause, .. } => {
            let cause = cause.map(|cause| format!(" cause {}", cause.value())).unwrap_or_default();
            format!("Progress{}{cause}", if *in_band { " in band" } else { "" })
        }
        LegEvent::Alerting { in_band, .. } => format!("Alerting{}", if *in_band { " in band" } else { "" }),
        LegEvent::Answered { .. } => "Answered".into(),
        LegEvent::Digit { digit, .. } => format!("Digit {digit}"),
        LegEvent::Held { .. } => "Held".into(),
        LegEvent::Retrieved { .. } => "Retrieved".into(),
        LegEvent::Flash { .. } => "Flash".into(),
        LegEvent::Charge { charge, .. } => format!("Charge {charge:?}"),
        LegEvent::Transfer { .. } => "Transfer".into(),
        LegEvent::TransferTo { .. } => "TransferTo".into(),
        LegEvent::Conference { .. } => "Conference".into(),
        LegEvent::Ended { cause, .. } => format!("Ended {}", cause.value()),
    }
}

fn media(command: &MediaCommand) -> String {
    match command {
        MediaCommand::OpenBearer { channel, .. } => format!("open {channel}"),
        MediaCommand::Close { .. } => "close".into(),
        MediaCommand::Play { source: Source::Silence, .. } => "play silence".into(),
        MediaCommand::Play { source: Source::Tone(tone), .. } => {
            let shape: Vec<String> = tone
                .parts
                .iter()
                .take(2)
                .map(|part| format!("{}+{}/{}", part.f1, part.f2, part.ms))
                .collect();
            format!("play {}", shape.join(" "))
        }
        MediaCommand::Detect { detect, .. } => format!("detect{}", detected(detect)),
        MediaCommand::SendDigits { digits, .. } => format!("send {digits}"),
        MediaCommand::SendCallerId { caller, form, .. } => {
            format!("identify {form:?} {}", caller.shown_number().unwrap_or("withheld"))
        }
        MediaCommand::Transparent { .. } => "transparent".into(),
        MediaCommand::Interject { tone, .. } => {
            let shape: Vec<String> =
                tone.parts.iter().map(|part| format!("{}/{}", part.f1, part.ms)).collect();
            format!("in between {}", shape.join(" "))
        }
        MediaCommand::SendCallWaitingId { caller, form, .. } => {
            format!("knock {form:?} {}", caller.shown_number().unwrap_or("withheld"))
        }
        MediaCommand::SendMessageWaiting { waiting, form, .. } => format!("lamp {form:?} {waiting}"),
        other => format!("{other:?}"),
    }
}

fn detected(detect: &Detect) -> String {
    let mut words = String::new();
    if detect.dtmf {
        words += " dtmf";
    }
    if detect.progress.is_some() {
        words += " progress";
    }
    if let Some(form) = detect.caller_id {
        words += &format!(" {form:?}");
    }
    if detect.caller_id_any {
        words += " any";
    }
    if detect.silent_after_s > 0 {
        words += &format!(" silence {} s", detect.silent_after_s);
    }
    if let Some(tone) = detect.hangup_tone {
        words += &format!(" hangup {}/{},{}", tone.f1, tone.on_ms, tone.off_ms);
    }
    if detect.voice {
        words += " voice";
    }
    words
}

fn r2(command: &demarc_r2::Command) -> String {
    use demarc_r2::Command;
    match command {
        Command::Seize { slot, dnis, ani, category } => {
            format!("SEIZE {slot} -> {dnis} {} {category:?}", ani.as_deref().unwrap_or("withheld"))
        }
        Command::Accept { slot, mode } => format!("ACCEPT {slot} {mode:?}"),
        Command::Answer { slot, double } => format!("ANSWER {slot}{}", if *double { " twice" } else { "" }),
        Command::Clear { slot, reason } => format!("CLEAR {slot} {reason:?}"),
        other => format!("{other:?}"),
    }
}

fn isdn(command: &Command) -> String {
    let in_band = |is: &bool| if *is { " in band" } else { "" };
    match command {
        Command::Setup(setup) => format!("SETUP {} -> {}", setup.channel.slot, setup.called.digits),
        Command::SetupAck { in_band: is, .. } => format!("SETUP ACK{}", in_band(is)),
        Command::Proceeding { in_band: is, .. } => format!("PROCEEDING{}", in_band(is)),
        Command::Alerting { in_band: is, .. } => format!("ALERTING{}", in_band(is)),
        Command::Progress { in_band: is, cause, .. } => {
            let cause = cause.map(|cause| format!(" {cause}")).unwrap_or_default();
            format!("PROGRESS{}{cause}", in_band(is))
        }
        Command::Connect { .. } => "CONNECT".into(),
        Command::Clear { cause, .. } => format!("CLEAR {cause}"),
        Command::DisconnectInBand { cause, .. } => format!("DISCONNECT in band {cause}"),
        Command::UseChannel { slot, .. } => format!("USE {slot}"),
        Command::Restart { slot, .. } => format!("RESTART {slot}"),
        other => format!("{other:?}"),
    }
}
