//! The menu: keys come in, actions come out. Sans-IO.

use demarc_model::appliance::WaitingKey;
use demarc_model::config::appliance::{Interface, InterfaceRole, Ipv4Setting, Ipv6Setting};
use std::net::Ipv4Addr;

/// The longest line that can be typed.
const LONGEST: usize = 60;

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Action {
    /// Set the interfaces so.
    SetInterfaces(Vec<Interface>),
    /// Forget the administrator's password.
    ResetAdministrator,
    /// Forget everything.
    FactoryReset,
    /// Boot again.
    Reboot,
    /// Switch off.
    PowerOff,
    /// Run the hardware tests on this terminal.
    HardwareTest,
    /// Write the logs to a USB stick.
    LogsToUsb,
    /// A key for the remote shell counts.
    TrustKey(WaitingKey),
}

/// What is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Page {
    /// Addresses, health, and what can be done.
    #[default]
    Main,
    /// Which interface: `1`–`9`.
    Interfaces,
    /// How an interface gets its address.
    Interface {
        /// Which.
        device: String,
    },
    /// A line is being typed.
    Line {
        /// For which interface.
        device: String,
        /// What was typed so far for earlier questions: address with prefix.
        address: Option<(Ipv4Addr, u8)>,
        /// What is typed.
        text: String,
    },
    /// A word must be typed before something that cannot be undone.
    Confirm {
        /// What.
        action: Action,
        /// The word.
        word: &'static str,
        /// What is typed.
        text: String,
    },
}

/// The menu of one terminal.
#[derive(Debug, Default)]
pub struct Menu {
    /// What is shown.
    pub page: Page,
    /// What became of the last action.
    pub message: String,
    /// Devices that there are, in the order in which they are numbered.
    pub devices: Vec<String>,
    /// Keys for the remote shell that nobody has confirmed.
    pub waiting: Vec<WaitingKey>,
    /// All interfaces as they are set: a change of one leaves the others alone.
    pub interfaces: Vec<Interface>,
    /// The rest of an escape sequence is passed over: an arrow key is no command.
    escape: bool,
}

impl Menu {
    /// A key was pressed.
    pub fn key(&mut self, key: u8) -> Option<Action> {
        if self.escape {
            // The last octet of `ESC [ … A`.
            self.escape = !(key.is_ascii_alphabetic() || key == b'~') || key == b'O';
            return None;
        }
        if key == 0x1b {
            self.escape = true;
            return None;
        }
        let page = std::mem::take(&mut self.page);
        match page {
            Page::Main => self.main(key),
            Page::Interfaces => self.interfaces(key),
            Page::Interface { device } => self.interface(key, device),
            Page::Line { device, address, text } => self.line(key, device, address, text),
            Page::Confirm { action, word, text } => self.confirm(key, action, word, text),
        }
    }

    /// Says what became of an action.
    pub fn say(&mut self, message: impl Into<String>) {
        self.message = message.into();
    }

    fn main(&mut self, key: u8) -> Option<Action> {
        self.message.clear();
        match key.to_ascii_lowercase() {
            b'n' => self.page = Page::Interfaces,
            b'p' => self.ask(Action::ResetAdministrator, "reset"),
            b'f' => self.ask(Action::FactoryReset, "erase"),
            b'r' => self.ask(Action::Reboot, "yes"),
            b'o' => self.ask(Action::PowerOff, "yes"),
            b'h' => return Some(Action::HardwareTest),
            b'l' => return Some(Action::LogsToUsb),
            b'k' => {
                if let Some(key) = self.waiting.first() {
                    self.ask(Action::TrustKey(key.clone()), "trust");
                }
            }
            _ => {}
        }
        None
    }

    fn ask(&mut self, action: Action, word: &'static str) {
        self.page = Page::Confirm { action, word, text: String::new() };
    }

    fn interfaces(&mut self, key: u8) -> Option<Action> {
        if key.eq_ignore_ascii_case(&b'a') {
            self.page = Page::Main;
            return Some(Action::SetInterfaces(Vec::new()));
        }
        let place = usize::from(key.wrapping_sub(b'1'));
        if let Some(device) = self.devices.get(place).filter(|_| key.is_ascii_digit()) {
            self.page = Page::Interface { device: device.clone() };
        }
        None
    }

    fn interface(&mut self, key: u8, device: String) -> Option<Action> {
        match key.to_ascii_lowercase() {
            b'd' => return Some(self.set(device, Ipv4Setting::Dhcp)),
            b's' => self.page = Page::Line { device, address: None, text: String::new() },
            _ => {}
        }
        None
    }

    fn line(
        &mut self,
        key: u8,
        device: String,
        address: Option<(Ipv4Addr, u8)>,
        mut text: String,
    ) -> Option<Action> {
        match edit(&mut text, key) {
            Typed::More => self.page = Page::Line { device, address, text },
            Typed::Left => self.message = "Nothing was changed.".into(),
            Typed::Done => match address {
                None => match parse_network(&text) {
                    Some(network) => {
                        self.message.clear();
                        self.page = Page::Line { device, address: Some(network), text: String::new() };
                    }
                    None => {
                        self.message = format!("\"{text}\" is no address with a prefix, as in 192.0.2.2/24.");
                        self.page = Page::Line { device, address: None, text };
                    }
                },
                Some((address, prefix)) => {
                    let gateway = text.trim().parse().ok();
                    if gateway.is_none() && !text.trim().is_empty() {
                        self.message = format!("\"{text}\" is no address, as in 192.0.2.1.");
                        self.page = Page::Line { device, address: Some((address, prefix)), text };
                        return None;
                    }
                    let ipv4 = Ipv4Setting::Static { address, prefix, gateway };
                    return Some(self.set(device, ipv4));
                }
            },
        }
        None
    }

    /// The interfaces, with another address for this one; a VLAN on it is another interface.
    fn set(&self, device: String, ipv4: Ipv4Setting) -> Action {
        let mut all = self.interfaces.clone();
        match all.iter_mut().find(|one| one.device == device && one.vlan.is_none()) {
            Some(one) => one.ipv4 = ipv4,
            None => all.push(Interface {
                device,
                vlan: None,
                role: InterfaceRole::Lan,
                ipv4,
                ipv6: Ipv6Setting::Auto,
            }),
        }
        Action::SetInterfaces(all)
    }

    fn confirm(&mut self, key: u8, action: Action, word: &'static str, mut text: String) -> Option<Action> {
        match edit(&mut text, key) {
            Typed::More => self.page = Page::Confirm { action, word, text },
            Typed::Done if text == word => return Some(action),
            Typed::Left | Typed::Done => self.message = "Nothing was done.".into(),
        }
        None
    }
}

enum Typed {
    More,
    Done,
    Left,
}

fn edit(text: &mut String, key: u8) -> Typed {
    match key {
        b'\r' | b'\n' => return Typed::Done,
        // ^C and ^D.
        3 | 4 => return Typed::Left,
        8 | 0x7f => {
            text.pop();
        }
        b' '..=b'~' if text.len() < LONGEST => text.push(char::from(key)),
        _ => {}
    }
    Typed::More
}

fn parse_network(text: &str) -> Option<(Ipv4Addr, u8)> {
    let (address, prefix) = text.trim().split_once('/')?;
    let prefix = prefix.parse().ok().filter(|prefix| (1..=32).contains(prefix))?;
    Some((address.parse().ok()?, prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::appliance::Vlan;

    fn menu() -> Menu {
        Menu { devices: vec!["eth0".into(), "eth1".into()], ..Menu::default() }
    }

    fn type_in(menu: &mut Menu, keys: &str) -> Option<Action> {
        let mut last = None;
        for key in keys.bytes() {
            last = menu.key(key);
        }
        last
    }

    #[test]
    fn an_address_is_typed() {
        let mut menu = menu();
        let Some(Action::SetInterfaces(list)) = type_in(&mut menu, "n2s192.0.2.9\x7f2/24\r192.0.2.1\r")
        else {
            panic!("{menu:?}")
        };
        assert_eq!(list[0].device, "eth1");
        let gateway = Some("192.0.2.1".parse().unwrap());
        let expected = Ipv4Setting::Static { address: "192.0.2.2".parse().unwrap(), prefix: 24, gateway };
        assert_eq!(list[0].ipv4, expected);
        assert_eq!(menu.page, Page::Main);
    }

    #[test]
    fn a_wrong_address_is_asked_again() {
        let mut menu = menu();
        assert_eq!(type_in(&mut menu, "n1s192.0.2.2\r"), None);
        assert!(menu.message.contains("prefix"));
        assert!(matches!(&menu.page, Page::Line { text, .. } if text == "192.0.2.2"));
        assert_eq!(type_in(&mut menu, "/33\r"), None);
        assert_eq!(type_in(&mut menu, "\x03"), None);
        assert_eq!(menu.page, Page::Main);
    }

    #[test]
    fn what_cannot_be_undone_needs_a_word() {
        for keys in ["fyes\r", "f\r", "ferase", "f\x03", "perase\r"] {
            assert_eq!(type_in(&mut menu(), keys), None, "{keys:?}");
        }
        assert_eq!(type_in(&mut menu(), "ferase\r"), Some(Action::FactoryReset));
        assert_eq!(type_in(&mut menu(), "Preset\n"), Some(Action::ResetAdministrator));
        assert_eq!(type_in(&mut menu(), "ryes\r"), Some(Action::Reboot));
    }

    #[test]
    fn a_key_is_trusted_when_somebody_says_so() {
        assert_eq!(type_in(&mut menu(), "ktrust\r"), None, "there is none");
        let key = |name: &str| WaitingKey { fingerprint: format!("SHA256:{name}"), comment: name.into() };
        let mut menu = Menu { waiting: vec![key("office"), key("home")], ..menu() };
        assert_eq!(type_in(&mut menu, "kyes\r"), None);
        assert_eq!(type_in(&mut menu, "ktrust\r"), Some(Action::TrustKey(key("office"))));
    }

    #[test]
    fn arrow_keys_and_noise_do_nothing() {
        let mut menu = menu();
        assert_eq!(type_in(&mut menu, "\x1b[A\x1bOP\x1b[15~"), None);
        for key in [0, 0xff, b'n' ^ 0x80] {
            assert_eq!(menu.key(key), None);
        }
        assert_eq!(menu.page, Page::Main);
        // No order of keys does more than it should, or anything odd.
        let mut seed = 1u32;
        for _ in 0..200_000 {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            menu.key((seed >> 24) as u8);
        }
    }

    #[test]
    fn the_other_interfaces_stay_as_they_are() {
        let interface = |device: &str, vlan| Interface {
            device: device.into(),
            vlan,
            role: InterfaceRole::Management,
            ipv4: Ipv4Setting::Off,
            ipv6: Ipv6Setting::Off,
        };
        let vlan = Some(Vlan { id: 20, priority: 5 });
        let before = vec![interface("eth0", vlan), interface("eth0", None), interface("eth1", None)];
        let mut menu = Menu { interfaces: before.clone(), ..menu() };
        let Some(Action::SetInterfaces(after)) = type_in(&mut menu, "n1d") else { panic!() };
        assert_eq!(after[1], Interface { ipv4: Ipv4Setting::Dhcp, ..before[1].clone() });
        assert_eq!((&after[0], &after[2]), (&before[0], &before[2]));
    }

    #[test]
    fn all_interfaces_ask_for_an_address_again() {
        assert_eq!(type_in(&mut menu(), "na"), Some(Action::SetInterfaces(vec![])));
        let Some(Action::SetInterfaces(list)) = type_in(&mut menu(), "n1d") else { panic!() };
        assert_eq!(list[0].ipv4, Ipv4Setting::Dhcp);
    }
}
