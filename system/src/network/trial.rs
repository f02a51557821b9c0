//! A change of the network is on trial until the administrator shows that he still gets in. Sans-IO.

use demarc_model::Instant;
use demarc_model::config::appliance::Interface;
use std::time::Duration;

/// How long a changed network waits for the administrator.
pub const CONFIRM_WITHIN: Duration = Duration::from_secs(120);

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TrialOutput {
    /// Set the interfaces so, from what they were.
    Set {
        /// As they are.
        from: Vec<Interface>,
        /// As they are to be.
        to: Vec<Interface>,
    },
    /// These are known to work: keep them over a restart.
    Keep(Vec<Interface>),
    /// The configuration is to say this again, for this reason.
    TakeBack {
        /// What worked.
        interfaces: Vec<Interface>,
        /// For people.
        reason: String,
    },
}

/// Changes of the network, one at a time.
#[derive(Debug)]
pub struct Trial {
    /// Known to work.
    good: Vec<Interface>,
    /// In force.
    current: Vec<Interface>,
    deadline: Option<Instant>,
    /// Somebody in front of the unit wants these: they need no confirmation.
    trusted: Option<Vec<Interface>>,
    outputs: Vec<TrialOutput>,
    fault: Option<String>,
}

impl Trial {
    /// The interfaces that worked last.
    pub fn new(good: Vec<Interface>) -> Self {
        let first = TrialOutput::Set { from: Vec::new(), to: good.clone() };
        Self { current: good.clone(), good, deadline: None, trusted: None, outputs: vec![first], fault: None }
    }

    /// The configuration wants these.
    pub fn configure(&mut self, now: Instant, wanted: &[Interface]) {
        if wanted == self.current {
            return;
        }
        self.fault = None;
        self.set(wanted);
        if wanted == self.good {
            self.deadline = None;
        } else if self.trusted.as_deref() == Some(wanted) {
            self.trusted = None;
            self.confirm();
        } else {
            self.deadline = Some(now + CONFIRM_WITHIN);
        }
    }

    /// Somebody in front of the unit chose these: the configuration will want them.
    pub fn trust(&mut self, interfaces: Vec<Interface>) {
        self.trusted = Some(interfaces);
    }

    /// The administrator still gets in.
    pub fn confirm(&mut self) {
        self.deadline = None;
        if self.good != self.current {
            self.good.clone_from(&self.current);
            self.outputs.push(TrialOutput::Keep(self.good.clone()));
        }
    }

    /// They could not be set.
    pub fn failed(&mut self, reason: &str) {
        if self.current == self.good {
            self.fault = Some(reason.to_owned());
        } else {
            self.take_back(format!("the network was not changed: {reason}"));
        }
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        if self.deadline.is_some_and(|at| at <= now) {
            self.take_back(format!(
                "the network was changed back: nobody confirmed within {} s that the unit can be reached",
                CONFIRM_WITHIN.as_secs()
            ));
        }
    }

    /// When something is to be done.
    pub fn poll_timeout(&self) -> Option<(Instant, &'static str)> {
        self.deadline.map(|at| (at, "take the network back"))
    }

    /// What is to be done.
    pub fn poll_output(&mut self) -> Option<TrialOutput> {
        if self.outputs.is_empty() { None } else { Some(self.outputs.remove(0)) }
    }

    /// Why the last change was not made or taken back.
    pub fn fault(&self) -> Option<&str> {
        self.fault.as_deref()
    }

    /// In force.
    pub fn current(&self) -> &[Interface] {
        &self.current
    }

    fn take_back(&mut self, reason: String) {
        self.deadline = None;
        let good = self.good.clone();
        self.set(&good);
        self.fault = Some(reason.clone());
        self.outputs.push(TrialOutput::TakeBack { interfaces: good, reason });
    }

    fn set(&mut self, wanted: &[Interface]) {
        let from = std::mem::replace(&mut self.current, wanted.to_vec());
        self.outputs.push(TrialOutput::Set { from, to: wanted.to_vec() });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use demarc_model::config::appliance::{InterfaceRole, Ipv4Setting, Ipv6Setting};

    fn at(s: u64) -> Instant {
        Instant::from_start(Duration::from_secs(s))
    }

    fn on(device: &str) -> Vec<Interface> {
        vec![Interface {
            device: device.into(),
            vlan: None,
            role: InterfaceRole::Lan,
            ipv4: Ipv4Setting::Dhcp,
            ipv6: Ipv6Setting::Auto,
        }]
    }

    fn drain(trial: &mut Trial) -> Vec<TrialOutput> {
        std::iter::from_fn(|| trial.poll_output()).collect()
    }

    #[test]
    fn a_change_that_nobody_confirms_is_taken_back() {
        let mut trial = Trial::new(on("eth0"));
        assert_eq!(drain(&mut trial), [TrialOutput::Set { from: vec![], to: on("eth0") }]);
        trial.configure(at(10), &on("eth1"));
        assert_eq!(drain(&mut trial), [TrialOutput::Set { from: on("eth0"), to: on("eth1") }]);
        trial.handle_timeout(at(129));
        assert_eq!(drain(&mut trial), []);
        let (due, _) = trial.poll_timeout().unwrap();
        assert_eq!(due, at(130));
        trial.handle_timeout(due);
        let outputs = drain(&mut trial);
        assert_eq!(outputs[0], TrialOutput::Set { from: on("eth1"), to: on("eth0") });
        assert!(matches!(&outputs[1], TrialOutput::TakeBack { interfaces, .. } if *interfaces == on("eth0")));
        assert!(trial.fault().unwrap().contains("nobody confirmed"));
        // The configuration follows.
        trial.configure(at(131), &on("eth0"));
        assert_eq!((drain(&mut trial), trial.poll_timeout()), (vec![], None));
    }

    #[test]
    fn a_confirmed_change_stays_and_is_kept() {
        let mut trial = Trial::new(on("eth0"));
        trial.configure(at(0), &on("eth1"));
        drain(&mut trial);
        trial.confirm();
        assert_eq!(drain(&mut trial), [TrialOutput::Keep(on("eth1"))]);
        trial.handle_timeout(at(9999));
        assert_eq!(drain(&mut trial), []);
    }

    #[test]
    fn somebody_in_front_of_the_unit_confirms_nothing() {
        let mut trial = Trial::new(on("eth0"));
        drain(&mut trial);
        trial.trust(on("eth1"));
        trial.configure(at(0), &on("eth1"));
        assert_eq!(drain(&mut trial).last(), Some(&TrialOutput::Keep(on("eth1"))));
        assert_eq!(trial.poll_timeout(), None);
    }

    #[test]
    fn what_cannot_be_set_is_taken_back_at_once() {
        let mut trial = Trial::new(on("eth0"));
        drain(&mut trial);
        trial.configure(at(0), &on("nothere0"));
        drain(&mut trial);
        trial.failed("there is no nothere0");
        assert_eq!(drain(&mut trial).len(), 2);
        assert!(trial.fault().unwrap().contains("nothere0"));
        // When even the known-good ones cannot be set, there is nothing to go back to.
        trial.failed("no memory");
        assert_eq!(drain(&mut trial), []);
    }
}
