//! What the screen shows. Sans-IO.

use super::menu::{Action, Menu, Page};
use demarc_model::appliance::{MachineStatus, UpdateState};

/// Columns of the screen.
pub const COLUMNS: usize = 79;
/// Rows of the screen.
pub const ROWS: usize = 24;

/// The whole screen: cleared, and written from the top. A terminal that is no VT100 shows some odd
/// characters and all of the text.
pub fn render(menu: &Menu, status: Option<&MachineStatus>) -> String {
    let mut lines = match status {
        Some(status) => machine(status),
        None => vec!["Demarc".into(), String::new(), "The system is starting …".into()],
    };
    lines.push(String::new());
    match &menu.page {
        Page::Main => {
            let main = [
                "n  network            h  hardware test",
                "p  forget password    l  logs to a USB stick",
                "f  factory reset      r  boot again           o  switch off",
            ];
            lines.extend(main.map(str::to_owned));
            if !menu.waiting.is_empty() {
                lines.push(format!("k  keys for the remote shell: {} to be confirmed", menu.waiting.len()));
            }
        }
        Page::Interfaces => {
            lines.push("Which interface?".into());
            lines.extend(
                menu.devices.iter().enumerate().take(6).map(|(n, name)| format!("{}  {name}", n + 1)),
            );
            lines.push("a  all of them ask for an address (DHCP)      any other key: back".into());
        }
        Page::Interface { device } => {
            lines.push(format!("{device}: d  asks for an address (DHCP)   s  has a fixed one   other: back"));
        }
        Page::Line { device, address: None, text } => {
            lines.push(format!("Address of {device} with prefix, as in 192.0.2.2/24 (Ctrl-C: back)"));
            lines.push(format!("> {text}"));
        }
        Page::Line { text, .. } => {
            lines.push("Router, as in 192.0.2.1; empty for none (Ctrl-C: back)".into());
            lines.push(format!("> {text}"));
        }
        Page::Confirm { action, word, text } => {
            lines.extend(question(action));
            lines.push(format!("Type \"{word}\" and Enter."));
            lines.push(format!("> {text}"));
        }
    }
    if !menu.message.is_empty() {
        lines.extend([String::new(), menu.message.clone()]);
    }
    lines.truncate(ROWS);
    let lines: Vec<String> = lines.iter().map(|line| fit(line)).collect();
    format!("\x1b[2J\x1b[H{}", lines.join("\r\n"))
}

fn question(action: &Action) -> Vec<String> {
    let words = match action {
        Action::TrustKey(key) => {
            let whose =
                format!("Whoever has this key may enter by the remote shell, as root: {}", key.comment);
            return vec![whose, key.fingerprint.clone()];
        }
        Action::ResetAdministrator => "The password is forgotten; a new setup code is shown here.",
        Action::FactoryReset => "EVERYTHING is erased: configuration, call records, recordings.",
        Action::Reboot => "The unit boots again. Calls are cut.",
        Action::PowerOff => "The unit is switched off. Calls are cut.",
        _ => "",
    };
    vec![words.to_owned()]
}

fn machine(status: &MachineStatus) -> Vec<String> {
    let slot = status.slot.as_deref().map(|slot| format!(", slot {slot}")).unwrap_or_default();
    let health = if status.healthy { "works" } else { "DOES NOT ANSWER" };
    let mut lines = vec![format!("Demarc {}{slot}: the gateway {health}", status.version), String::new()];
    for interface in status.interfaces.iter().take(5) {
        let link = if interface.up { "" } else { "no link " };
        lines.push(format!("{:<8} {link}{}", interface.name, interface.addresses.join(" ")));
    }
    if !status.name_servers.is_empty() {
        lines.push(format!("Names    {}", status.name_servers.join(" ")));
    }
    let address = status.interfaces.iter().flat_map(|interface| &interface.addresses).find_map(|address| {
        let address = address.split('/').next()?;
        let usable = !address.starts_with("fe80:");
        usable.then(|| if address.contains(':') { format!("[{address}]") } else { address.to_owned() })
    });
    if let Some(address) = address {
        lines.push(format!("Open     https://{address}/"));
    }
    if let Some(code) = &status.setup_code {
        lines.push(format!("Code     {code}"));
    }
    if let Some(fingerprint) = &status.fingerprint {
        // 95 characters: in two lines.
        let (first, second) = fingerprint.split_at_checked(48).unwrap_or((fingerprint, ""));
        lines.push(format!("SHA-256  {first}"));
        if !second.is_empty() {
            lines.push(format!("         {second}"));
        }
    }
    if let Some(left) = status.network_reverts_in_s {
        lines.push(format!("The network is changed back in {left} s unless that is confirmed."));
    } else if let Some(fault) = &status.network_fault {
        lines.push(format!("Network: {fault}"));
    }
    if let UpdateState::OnTrial { left_s, .. } = &status.update {
        lines.push(format!("A new version is on trial for {left_s} s more."));
    }
    if let Some(fault) = status.last_update.as_ref().and_then(|last| last.fault.as_ref()) {
        lines.push(format!("The last update was taken back: {fault}"));
    }
    let down: Vec<_> =
        status.services.iter().filter(|service| !service.running).map(|s| s.name.as_str()).collect();
    if !down.is_empty() {
        lines.push(format!("Not running: {}", down.join(", ")));
    }
    if status.ssh_until.is_some() {
        lines.push("The remote shell is open.".into());
    }
    lines
}

/// So long and no longer, and nothing that a terminal would take for an order.
fn fit(line: &str) -> String {
    line.chars().filter(|c| !c.is_control()).take(COLUMNS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::appliance::InterfaceStatus;

    #[test]
    fn what_a_person_needs_is_there_and_fits() {
        let interface = InterfaceStatus {
            name: "eth0".into(),
            mac: "02:00:00:00:00:01".into(),
            up: true,
            addresses: vec!["fe80::1/64".into(), "192.0.2.2/24".into()],
        };
        let fingerprint = vec!["AB"; 32].join(":");
        let status = MachineStatus {
            version: "1.2.3".into(),
            slot: Some("A".into()),
            interfaces: vec![interface],
            healthy: true,
            setup_code: Some("7K2M-9Q0A".into()),
            fingerprint: Some(fingerprint.clone()),
            network_fault: Some("x\u{1b}[31m".repeat(99)),
            ..MachineStatus::default()
        };
        let screen = render(&Menu::default(), Some(&status));
        for words in ["1.2.3", "slot A", "works", "https://192.0.2.2/", "7K2M-9Q0A", "n  network"] {
            assert!(screen.contains(words), "{words}: {screen}");
        }
        let shown: String =
            screen.split("SHA-256").nth(1).unwrap().chars().filter(|c| !c.is_whitespace()).collect();
        assert!(shown.starts_with(&fingerprint));
        let text = screen.strip_prefix("\x1b[2J\x1b[H").unwrap();
        assert!(!text.contains('\x1b'));
        assert!(text.split("\r\n").count() <= ROWS);
        assert!(text.split("\r\n").all(|line| line.chars().count() <= COLUMNS));
    }

    #[test]
    fn a_system_that_does_not_answer_still_has_its_menu() {
        assert!(render(&Menu::default(), None).contains("f  factory reset"));
    }
}
