//! Phones that want to know whether messages wait.

use super::lab::{Lab, PASSWORD, Peer, response, tcp, udp};
use crate::message::{Draft, Method, Name, Request};
use crate::{Flow, Input};
use demarc_model::config::{DeviceKind, Secret};

/// A SUBSCRIBE with everything, to be taken apart by the tests.
fn subscribe(phone: &mut Peer, number: &str, expires: u32) -> Draft {
    phone.cseq += 1;
    phone.branch += 1;
    let uri = format!("sip:{number}@example.com");
    let contact = format!("<sip:{}@{}>", phone.user, phone.flow.remote);
    phone
        .draft(&Method::Subscribe, &uri, &format!("<{uri}>"))
        .add(Name::Contact, contact)
        .add(Name::Event, "message-summary;id=7")
        .add(Name::Accept, "application/simple-message-summary")
        .add(Name::Expires, expires.to_string())
}

/// Sends it, and again with the password; what was said then.
fn send(lab: &mut Lab, phone: &mut Peer, draft: Draft) -> Vec<String> {
    lab.receive(phone.flow, &draft);
    let first = lab.said();
    if first != ["401"] {
        return first;
    }
    let again = phone.authorized(&lab.response(), &Method::Subscribe, draft);
    lab.receive(phone.flow, &again);
    lab.said()
}

/// The NOTIFY that was sent last.
fn told(lab: &Lab) -> ((Flow, Request), String) {
    let notify = lab.request(&Method::Notify);
    let words = format!(
        "{} | {} | {}",
        notify.1.value(Name::Event).unwrap(),
        notify.1.value(Name::SubscriptionState).unwrap(),
        String::from_utf8_lossy(notify.1.body()).trim(),
    );
    (notify, words)
}

fn answer(lab: &mut Lab, notify: &(Flow, Request), status: u16) {
    let draft = response(notify, status, "", "");
    lab.receive(notify.0, &draft);
}

fn lamp(lab: &mut Lab, number: &str, on: bool) {
    let number = number.to_owned();
    lab.configure(move |config| {
        let extension = config.extensions.iter_mut().find(|extension| extension.number == number);
        extension.unwrap().features.message_waiting = on;
    });
}

/// A phone that has subscribed and was told.
fn subscribed(phone: &mut Peer) -> Lab {
    let mut lab = Lab::new();
    let draft = subscribe(phone, "201", 600);
    assert_eq!(send(&mut lab, phone, draft), ["200", "NOTIFY"]);
    phone.heard(&lab.response());
    let (notify, _) = told(&lab);
    answer(&mut lab, &notify, 200);
    lab
}

/// The same dialog, once more.
fn again(phone: &mut Peer, expires: u32) -> Draft {
    phone
        .within(&Method::Subscribe, "")
        .add(Name::Event, "message-summary;id=7")
        .add(Name::Expires, expires.to_string())
}

#[test]
fn a_phone_is_told_at_once_and_whenever_its_lamp_changes() {
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    assert_eq!(lab.response().value(Name::Expires), Some("600"));
    let (notify, words) = told(&lab);
    assert_eq!(words, "message-summary;id=7 | active;expires=600 | Messages-Waiting: no");
    assert_eq!(notify.0, phone.flow);
    assert_eq!(notify.1.uri().as_str(), "sip:201@192.0.2.7:5201");
    assert_eq!(notify.1.from().tag(), lab.response().to().tag());
    assert_eq!(notify.1.to().tag(), Some("from-201"));

    lab.wait(60_000);
    lab.said();
    lamp(&mut lab, "202", true);
    assert_eq!(lab.said(), ["Changed"], "somebody else's");
    lamp(&mut lab, "201", true);
    assert_eq!(lab.said(), ["NOTIFY", "Changed"]);
    let (notify, words) = told(&lab);
    assert_eq!(words, "message-summary;id=7 | active;expires=540 | Messages-Waiting: yes");
    answer(&mut lab, &notify, 200);
    lamp(&mut lab, "201", false);
    assert!(told(&lab).1.ends_with("Messages-Waiting: no"));
}

#[test]
fn one_notify_at_a_time_and_the_last_word_is_told() {
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    lamp(&mut lab, "201", true);
    let (first, _) = told(&lab);
    lamp(&mut lab, "201", false);
    lamp(&mut lab, "201", true);
    lamp(&mut lab, "201", false);
    assert_eq!(lab.requests(&Method::Notify).len(), 2, "the second waits for its answer");
    answer(&mut lab, &first, 200);
    assert!(told(&lab).1.ends_with("no"));
    assert_eq!(lab.requests(&Method::Notify).len(), 3);
}

#[test]
fn it_is_refreshed_and_runs_out() {
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    lab.wait(500_000);
    lab.said();
    let draft = again(&mut phone, 600);
    assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
    let (notify, _) = told(&lab);
    answer(&mut lab, &notify, 200);
    lab.wait(599_000);
    assert_eq!(lab.said(), Vec::<String>::new());
    lab.wait(2_000);
    assert!(told(&lab).1.contains("terminated;reason=timeout"), "{}", told(&lab).1);
    let (notify, _) = told(&lab);
    answer(&mut lab, &notify, 200);
    lab.said();
    lamp(&mut lab, "201", true);
    assert_eq!(lab.said(), ["Changed"]);
    let draft = again(&mut phone, 600);
    assert_eq!(send(&mut lab, &mut phone, draft), ["481"]);
    lab.quiet();
}

#[test]
fn it_is_ended_by_the_phone() {
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    let draft = again(&mut phone, 0);
    assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
    assert!(told(&lab).1.contains("terminated;reason=timeout"));
    let (notify, _) = told(&lab);
    answer(&mut lab, &notify, 200);
    lab.quiet();
    // Asked once, told once (RFC 6665 §4.4.3).
    let draft = subscribe(&mut phone, "201", 0);
    assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
    assert!(told(&lab).1.contains("terminated"));
    let (notify, _) = told(&lab);
    answer(&mut lab, &notify, 200);
    lab.quiet();
}

#[test]
fn a_phone_that_does_not_want_it_is_left_alone() {
    for status in [481, 405, 603] {
        let mut phone = Peer::phone("201");
        let mut lab = subscribed(&mut phone);
        lamp(&mut lab, "201", true);
        let (notify, _) = told(&lab);
        answer(&mut lab, &notify, status);
        lab.said();
        lamp(&mut lab, "201", false);
        assert_eq!(lab.said(), ["Changed"], "{status}");
        lab.quiet();
    }
    // No answer at all (timer F).
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    lamp(&mut lab, "201", true);
    lab.wait(33_000);
    lab.said();
    lamp(&mut lab, "201", false);
    assert_eq!(lab.said(), ["Changed"]);
    lab.quiet();
}

#[test]
fn what_we_do_not_do_is_refused_before_a_password_is_asked_for() {
    let mut phone = Peer::phone("201");
    let mut lab = Lab::new();
    for event in ["presence", "dialog", "message-summaries", ";id=1"] {
        let draft = subscribe(&mut phone, "201", 600).set(Name::Event, event);
        assert_eq!(send(&mut lab, &mut phone, draft), ["489"], "{event}");
        assert_eq!(lab.response().value(Name::AllowEvents), Some("message-summary"));
    }
    let draft = subscribe(&mut phone, "201", 600).set(Name::Accept, "application/pidf+xml");
    assert_eq!(send(&mut lab, &mut phone, draft), ["406"]);
    let draft = subscribe(&mut phone, "201", 600).set(Name::Accept, "text/plain, application/*;q=0.5");
    assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
}

#[test]
fn only_ones_own_messages_are_told() {
    let mut phone = Peer::phone("201");
    let mut lab = Lab::new();
    for other in ["202", "999", "anything"] {
        let draft = subscribe(&mut phone, other, 600);
        assert_eq!(send(&mut lab, &mut phone, draft), ["404"], "{other}");
    }
    let draft = subscribe(&mut phone, "201", 10);
    assert_eq!(send(&mut lab, &mut phone, draft), ["423"]);
    assert_eq!(lab.response().value(Name::MinExpires), Some("60"));
    let draft = subscribe(&mut phone, "201", 999_999_999);
    assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
    assert_eq!(lab.response().value(Name::Expires), Some("3600"));
    // Another phone cannot speak in a dialog that is not its own.
    phone.heard(&lab.response());
    let mut thief = Peer::new("202", udp("192.0.2.99:5060"));
    thief.heard(&lab.response());
    thief.call_id.clone_from(&phone.call_id);
    let draft = again(&mut thief, 0);
    assert_eq!(send(&mut lab, &mut thief, draft), ["481"]);
    let mut stranger = Peer::phone("201");
    stranger.user = "mallory".into();
    let draft = subscribe(&mut stranger, "201", 600);
    assert_eq!(send(&mut lab, &mut stranger, draft), ["401"]);
}

#[test]
fn a_phone_that_is_gone_from_the_configuration_is_told_so() {
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    lab.configure(|config| {
        let DeviceKind::Sip(account) = &mut config.devices[0].kind else { panic!("not a phone") };
        assert_eq!(account.password, Secret::new(PASSWORD));
        account.password = Secret::new("quite another password");
    });
    assert!(told(&lab).1.contains("terminated;reason=noresource"));
    let mut phone = Peer::phone("201");
    let mut lab = subscribed(&mut phone);
    lab.configure(|config| config.extensions[0].devices.clear());
    assert!(told(&lab).1.contains("terminated;reason=noresource"));
}

#[test]
fn a_connection_that_closes_takes_it_along_and_memory_is_bounded() {
    let mut phone = Peer::new("201", tcp("192.0.2.7:40000", 3));
    let mut lab = subscribed(&mut phone);
    lab.input(Input::FlowClosed { flow: phone.flow });
    lab.said();
    lamp(&mut lab, "201", true);
    assert_eq!(lab.said(), ["Changed"]);

    let mut lab = Lab::new();
    for n in 0..50 {
        // A phone that is switched off and on again and never says goodbye.
        let mut phone = Peer::phone("201");
        phone.call_id = format!("start-{n}");
        phone.branch = 10 * n;
        let draft = subscribe(&mut phone, "201", 3600);
        assert_eq!(send(&mut lab, &mut phone, draft), ["200", "NOTIFY"]);
        let (notify, _) = told(&lab);
        answer(&mut lab, &notify, 200);
    }
    lab.said();
    lamp(&mut lab, "201", true);
    assert_eq!(lab.said().iter().filter(|word| *word == "NOTIFY").count(), 20);
}
