use super::*;
use crate::Transport;
use crate::message::Message;
use std::time::SystemTime;

const ACCOUNT: Account<'static> =
    Account { device: DeviceId(1), username: "201", max_contacts: 2, max_expires_s: 7200 };

fn at(second: u64) -> Now {
    Now {
        mono: Instant::from_start(Duration::from_secs(second)),
        wall: SystemTime::UNIX_EPOCH + Duration::from_secs(second),
    }
}

fn flow(port: u16) -> Flow {
    Flow {
        transport: Transport::Udp,
        local: "192.0.2.1:5060".parse().unwrap(),
        remote: ([198, 51, 100, 7], port).into(),
        connection: 0,
    }
}

fn request(call_id: &str, cseq: u32, more: &str) -> Request {
    let text = format!(
        "REGISTER sip:example.com SIP/2.0\r\nVia: SIP/2.0/UDP 10.0.0.5;branch=z9hG4bK{cseq}\r\nFrom: <sip:201@example.com>;tag=a\r\n\
         To: <sip:201@example.com>\r\nCall-ID: {call_id}\r\nCSeq: {cseq} REGISTER\r\nUser-Agent: Phone 1\r\n{more}\r\n"
    );
    match Message::parse(text.into_bytes()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

/// Registers over the flow of port 1000 and returns the contacts that the 200 shows.
fn register(
    r: &mut Registrar,
    second: u64,
    call_id: &str,
    cseq: u32,
    more: &str,
) -> Result<Vec<String>, Refusal> {
    let request = request(call_id, cseq, more);
    r.register(at(second), &ACCOUNT, &request, flow(1000))?;
    let response = Draft::response(&request, Status::OK, flow(1000).remote);
    let response = Message::parse(r.complete(at(second), ACCOUNT.device, response).write()).unwrap();
    Ok(response.fields().lines(Name::Contact).map(str::to_owned).collect())
}

#[test]
fn a_phone_registers_refreshes_and_goes() {
    let mut r = Registrar::new();
    let contact = "Contact: <sip:201@10.0.0.5:5060>;expires=60\r\n";
    assert_eq!(register(&mut r, 0, "a", 1, contact).unwrap(), ["<sip:201@10.0.0.5:5060>;expires=60"]);
    assert_eq!(r.bindings(DeviceId(1))[0].flow, flow(1000));
    assert_eq!(r.poll_timeout().unwrap().0, at(60).mono);
    assert_eq!(r.register(at(30), &ACCOUNT, &request("a", 2, contact), flow(1000)), Ok(false));
    assert_eq!(
        r.register(at(31), &ACCOUNT, &request("a", 3, contact), flow(2000)),
        Ok(true),
        "its NAT moved it"
    );
    assert_eq!(r.poll_timeout().unwrap().0, at(91).mono);
    assert_eq!(register(&mut r, 40, "b", 1, "").unwrap(), ["<sip:201@10.0.0.5:5060>;expires=51"], "a query");
    let live = r.live(DeviceId(1));
    assert_eq!(
        (live[0].source.as_str(), live[0].user_agent.as_deref()),
        ("198.51.100.7:2000/udp", Some("Phone 1"))
    );
    assert_eq!(r.device_at(&flow(2000)), Some(DeviceId(1)));
    assert_eq!(
        r.register(at(50), &ACCOUNT, &request("a", 4, &contact.replace("60\r", "0\r")), flow(2000)),
        Ok(true)
    );
    assert!(r.bindings(DeviceId(1)).is_empty());
    assert_eq!(r.poll_timeout(), None);
}

#[test]
fn intervals_are_kept_within_bounds() {
    let mut r = Registrar::new();
    let expires = |r: &mut Registrar, cseq, more: &str| register(r, 0, "a", cseq, more).map(|c| c[0].clone());
    assert_eq!(expires(&mut r, 1, "Contact: <sip:1@h>\r\n").unwrap(), "<sip:1@h>;expires=3600");
    assert_eq!(
        expires(&mut r, 2, "Contact: <sip:1@h>\r\nExpires: 100\r\n").unwrap(),
        "<sip:1@h>;expires=100"
    );
    assert_eq!(
        expires(&mut r, 3, "Contact: <sip:1@h>;expires=200\r\nExpires: 100\r\n").unwrap(),
        "<sip:1@h>;expires=200"
    );
    assert_eq!(
        expires(&mut r, 4, "Contact: <sip:1@h>;expires=99999999999\r\n").unwrap(),
        "<sip:1@h>;expires=7200"
    );
    assert_eq!(expires(&mut r, 5, "Contact: <sip:1@h>;expires=29\r\n"), Err(Refusal::TooBrief));
    let refused = request("a", 6, "");
    let answer = Draft::response(&refused, Refusal::TooBrief.status(), flow(1).remote);
    assert_eq!(Refusal::TooBrief.complete(answer).value(Name::MinExpires), Some("30"));
}

#[test]
fn a_request_that_was_overtaken_changes_nothing() {
    let mut r = Registrar::new();
    register(&mut r, 0, "a", 5, "Contact: <sip:1@h>\r\n").unwrap();
    for cseq in [5, 4] {
        let both = "Contact: <sip:2@h>, <sip:1@h>;expires=0\r\n";
        assert_eq!(register(&mut r, 1, "a", cseq, both), Err(Refusal::OutOfOrder));
        assert_eq!(register(&mut r, 1, "a", cseq, "Contact: *\r\nExpires: 0\r\n"), Err(Refusal::OutOfOrder));
        assert_eq!(r.bindings(DeviceId(1)).len(), 1);
    }
    assert!(register(&mut r, 1, "restarted", 1, "Contact: <sip:1@h>\r\n").is_ok());
    assert!(register(&mut r, 2, "a", 1, "Contact: *\r\nExpires: 0\r\n").unwrap().is_empty());
}

#[test]
fn star_stands_alone() {
    let mut r = Registrar::new();
    register(&mut r, 0, "a", 1, "Contact: <sip:1@h>\r\n").unwrap();
    assert_eq!(register(&mut r, 0, "a", 2, "Contact: *\r\n"), Err(Refusal::Star));
    assert_eq!(register(&mut r, 0, "a", 3, "Contact: *\r\nExpires: 60\r\n"), Err(Refusal::Star));
    assert_eq!(register(&mut r, 0, "a", 4, "Contact: *\r\nExpires: 0\r\n").unwrap(), [""; 0]);
}

#[test]
fn a_full_account_drops_what_was_refreshed_longest_ago() {
    let mut r = Registrar::new();
    register(&mut r, 0, "a", 1, "Contact: <sip:1@h>\r\n").unwrap();
    register(&mut r, 1, "b", 1, "Contact: <sip:2@h>\r\n").unwrap();
    register(&mut r, 2, "a", 2, "Contact: <sip:1@h>\r\n").unwrap();
    let left = register(&mut r, 3, "c", 1, "Contact: <sip:3@h>\r\n").unwrap();
    assert_eq!(left, ["<sip:1@h>;expires=3599", "<sip:3@h>;expires=3600"]);
    assert_eq!(
        register(&mut r, 4, "d", 1, "Contact: <sip:4@h>,<sip:5@h>,<sip:6@h>\r\n"),
        Err(Refusal::TooMany)
    );
}

#[test]
fn a_phone_that_restarted_takes_its_own_place() {
    let mut r = Registrar::new();
    let contact = |port| {
        format!(
            "Contact: <sip:1@10.0.0.5:{port}>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"\r\n"
        )
    };
    register(&mut r, 0, "a", 1, &contact(5060)).unwrap();
    assert_eq!(register(&mut r, 1, "b", 1, &contact(5062)).unwrap(), ["<sip:1@10.0.0.5:5062>;expires=3600"]);
}

#[test]
fn one_phone_may_give_two_contacts_and_the_same_twice() {
    let mut r = Registrar::new();
    let instance = "+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-AABBCCDDEEFF>\"";
    let two = format!("Contact: <sip:1@h>;{instance}, <sip:1@h;transport=tcp>;{instance}\r\n");
    for cseq in [1, 2] {
        let shown = register(&mut r, 0, "a", cseq, &two).unwrap();
        assert_eq!(shown, ["<sip:1@h>;expires=3600", "<sip:1@h;transport=tcp>;expires=3600"]);
    }
    let twice = "Contact: <sip:2@h>;expires=0, <sip:2@h>;expires=60\r\nContact: <sip:1@h>;expires=0\r\n";
    assert_eq!(register(&mut r, 0, "a", 3, twice), Err(Refusal::TooMany));
}

#[test]
fn bindings_go_with_time_with_their_connection_and_with_their_device() {
    let mut r = Registrar::new();
    let tcp = Flow { transport: Transport::Tcp, connection: 3, ..flow(1000) };
    r.register(at(0), &ACCOUNT, &request("a", 1, "Contact: <sip:1@h>;expires=60\r\n"), tcp).unwrap();
    r.register(at(0), &ACCOUNT, &request("a", 2, "Contact: <sip:2@h>;expires=90\r\n"), flow(1000)).unwrap();
    let other = Flow { connection: 4, ..tcp };
    assert!(r.flow_closed(&other).is_empty());
    assert_eq!(r.flow_closed(&tcp), [DeviceId(1)]);
    assert_eq!(r.poll_timeout().unwrap().0, at(90).mono);
    assert!(r.handle_timeout(at(89)).is_empty());
    assert_eq!(r.handle_timeout(at(90)), [DeviceId(1)]);
    assert_eq!(r.devices().count(), 0);
    r.register(at(100), &ACCOUNT, &request("a", 3, "Contact: <sip:1@h>\r\n"), tcp).unwrap();
    assert!(r.forget(DeviceId(1)) && !r.forget(DeviceId(1)));
}

#[test]
fn nobody_registers_for_another_and_nothing_but_sip() {
    let mut r = Registrar::new();
    let account = Account { username: "202", ..ACCOUNT };
    let refused = r.register(at(0), &account, &request("a", 1, "Contact: <sip:1@h>\r\n"), flow(1));
    assert_eq!(refused, Err(Refusal::NotYours));
    assert_eq!(register(&mut r, 0, "a", 1, "Contact: <tel:+442079460000>\r\n"), Err(Refusal::Contact));
    let long = format!("Contact: <sip:{}@h>\r\n", "1".repeat(600));
    assert_eq!(register(&mut r, 0, "a", 1, &long), Err(Refusal::Contact));
    assert_eq!(r.devices().count(), 0);
}
