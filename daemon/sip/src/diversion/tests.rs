use super::*;
use crate::message::{Message, Method, Uri};

const TRUNK: Audience<'_> = Audience { domain: "example.net", username: "", trusted: true, emergency: false };
const PHONE: Audience<'_> = Audience { trusted: false, ..TRUNK };
const TARGET: &str = "sip:+442079460903@example.net";

fn invite() -> Draft {
    Draft::request(&Method::Invite, Uri::parse("sip:200@192.0.2.1").unwrap())
        .add(Name::Via, "SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bK1")
        .add(Name::MaxForwards, "70")
        .add(Name::From, "<sip:a@example.net>;tag=1")
        .add(Name::To, "<sip:200@192.0.2.1>")
        .add(Name::CallId, "1")
        .add(Name::CSeq, "1 INVITE")
}

fn parsed(draft: &Draft) -> Request {
    match Message::parse(draft.write()) {
        Ok(Message::Request(request)) => request,
        other => panic!("{other:?}"),
    }
}

fn given(headers: &[(Name, &str)]) -> Option<Redirecting> {
    let draft = headers.iter().fold(invite(), |draft, (name, value)| draft.add(*name, *value));
    read(&parsed(&draft))
}

fn who(number: &str, presentation: Presentation) -> CallerId {
    CallerId { number: Some(number.into()), presentation, ..CallerId::default() }
}

const REASONS: [RedirectReason; 6] = [
    RedirectReason::Unknown,
    RedirectReason::Busy,
    RedirectReason::NoAnswer,
    RedirectReason::Deflection,
    RedirectReason::OutOfOrder,
    RedirectReason::Unconditional,
];

#[test]
fn what_is_written_is_read_again_in_either_form() {
    for form in [DiversionForm::Diversion, DiversionForm::HistoryInfo, DiversionForm::Both] {
        for reason in REASONS {
            for presentation in [Presentation::Allowed, Presentation::Restricted] {
                for count in 1..=4 {
                    let original = (count > 1).then(|| who("+442079460901", Presentation::Restricted));
                    let from = who("+442079460902", presentation);
                    let sent = Redirecting { from, reason, count, original };
                    let draft = write(invite(), Some(&sent), form, TARGET, &TRUNK);
                    assert_eq!(read(&parsed(&draft)), Some(sent), "{draft:?}");
                }
            }
        }
    }
}

#[test]
fn a_telephone_does_not_learn_a_withheld_number() {
    let from = who("+442079460902", Presentation::Restricted);
    let sent = Redirecting { from, reason: RedirectReason::Busy, count: 1, original: None };
    let draft = write(invite(), Some(&sent), DiversionForm::Both, TARGET, &PHONE);
    let bytes = String::from_utf8(draft.write()).unwrap();
    assert!(!bytes.contains("60902"), "{bytes}");
    let told = read(&parsed(&draft)).unwrap();
    assert_eq!((told.from.number, told.from.presentation), (None, Presentation::Restricted));
    assert_eq!(told.reason, RedirectReason::Busy);
}

#[test]
fn the_example_of_rfc_5806() {
    let told = given(&[
        (Name::Diversion, "<sip:+442079460902@example.net>;reason=no-answer;counter=1"),
        (
            Name::Diversion,
            "\"Ann\" <sip:+442079460901@example.net>;reason=\"user-busy\";counter=1;privacy=\"full\"",
        ),
    ]);
    let told = told.unwrap();
    assert_eq!(told.from, who("+442079460902", Presentation::Allowed));
    assert_eq!((told.reason, told.count), (RedirectReason::NoAnswer, 2));
    assert_eq!(told.original, Some(who("+442079460901", Presentation::Restricted)), "and no name");
}

#[test]
fn history_without_a_diversion_is_none() {
    let plain = [(Name::HistoryInfo, "<sip:+442079460901@example.net>;index=1")];
    assert_eq!(given(&plain), None);
    let retargeted = [(
        Name::HistoryInfo,
        "<sip:+442079460901@example.net>;index=1, <sip:gw@192.0.2.1;cause=200>;index=1.1;rc=1",
    )];
    assert_eq!(given(&retargeted), None);
}

#[test]
fn history_names_who_diverted_by_mp() {
    let told = given(&[(
        Name::HistoryInfo,
        "<sip:+442079460901@example.net?Privacy=history>;index=1, <sip:901@192.0.2.9>;index=1.1;rc=1, \
         <sip:+442079460902@example.net;cause=486>;index=1.2;mp=1",
    )]);
    let told = told.unwrap();
    assert_eq!(told.from, who("+442079460901", Presentation::Restricted));
    assert_eq!((told.reason, told.count), (RedirectReason::Busy, 1));
}

#[test]
fn a_request_that_hides_its_history_hides_all_of_it() {
    let told = given(&[
        (Name::Privacy, "history"),
        (
            Name::HistoryInfo,
            "<sip:+442079460901@example.net>;index=1, <sip:+442079460902@example.net;cause=302>;index=1.1",
        ),
    ]);
    assert_eq!(told.unwrap().from.presentation, Presentation::Restricted);
}

#[test]
fn nonsense_is_no_diversion_and_never_a_panic() {
    for value in
        ["<sip:a@b>;index=;mp=", "<sip:a@b;cause=302>;index=1", "<tel:+1;cause=302>;index=1;mp=9", ""]
    {
        assert_eq!(given(&[(Name::HistoryInfo, value)]), None, "{value}");
    }
    let told = given(&[(Name::Diversion, "<sip:ann@example.net>;reason=boredom;counter=999")]).unwrap();
    assert_eq!((told.from.number, told.count, told.reason), (None, 1, RedirectReason::Unknown));
}
