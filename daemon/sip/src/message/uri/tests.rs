use super::*;

fn uri(text: &str) -> Uri<'_> {
    Uri::parse(text).unwrap_or_else(|| panic!("refused: {text}"))
}

#[test]
fn the_parts_of_a_sip_uri() {
    let u = uri("sips:+44%2020:pw@[2001:db8::10]:5070;transport=tcp;lr?Subject=x&To=y");
    assert_eq!(u.scheme(), Scheme::Sips);
    assert_eq!(u.user(), Some("+44%2020"));
    assert_eq!(u.dialled().unwrap(), "+44 20");
    assert_eq!(u.password(), Some("pw"));
    assert_eq!(u.host(), "[2001:db8::10]");
    assert_eq!(u.ip(), Some("2001:db8::10".parse().unwrap()));
    assert_eq!(u.port(), Some(5070));
    assert_eq!(u.transport(), Some("tcp"));
    assert!(u.params().has("lr"));
    assert_eq!(uri("sip:h;;lr;").params().iter().count(), 1, "empty ones are passed over");
    assert_eq!(u.headers(), Some("Subject=x&To=y"));
}

#[test]
fn a_semicolon_may_stand_in_the_user_part() {
    let u = uri("sip:user;par=u%40example.net@example.com");
    assert_eq!(u.user(), Some("user;par=u%40example.net"));
    assert_eq!(u.host(), "example.com");
    assert_eq!(uri("sip:+442079460000;phone-context=+44@h;user=phone").dialled().unwrap(), "+442079460000");
}

#[test]
fn telephone_and_unknown_schemes() {
    let u = uri("tel:+44-20-7946-0000;isub=1");
    assert_eq!((u.scheme(), u.user()), (Scheme::Tel, Some("+44-20-7946-0000")));
    assert!(u.same_as(uri("tel:+442079460000;isub=1")));
    assert_eq!(uri("nobodyKnowsThisScheme:totallyopaquecontent").scheme(), Scheme::Other);
    assert_eq!(uri("soap.beep://192.0.2.103:3002").scheme(), Scheme::Other);
}

#[test]
fn malformed_uris() {
    for bad in [
        "",
        "sip:",
        "sip:@h",
        "sip:a@",
        "sip:a@h:x",
        "sip:a@h:65536",
        "sip:a@h:",
        "sip:a b@h",
        "sip:a@2001:db8::1",
        "sip:a@[2001:db8::1",
        "sip:a@[nonsense]",
        "sip:a%4@h",
        "sip:a@h;x=%z",
        "tel:",
        "tel:+",
        "tel:abcxyz",
        "nocolon",
        ":x",
        "1a:x",
        "sip:a@h>",
        "sip:a@h\"",
        "sip:a@b@c",
        "sip:a@h\u{e9}",
    ] {
        assert!(Uri::parse(bad).is_none(), "accepted: {bad}");
    }
}

#[test]
fn equality_of_rfc_3261_19_1_4() {
    let same = [
        ("sip:%61lice@atlanta.com;transport=TCP", "sip:alice@AtlanTa.CoM;Transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com;newparam=5"),
        ("sip:carol@chicago.com;security=on", "sip:carol@chicago.com;newparam=5"),
        (
            "sip:biloxi.com;transport=tcp;method=REGISTER?to=sip:bob%40biloxi.com",
            "sip:biloxi.com;method=REGISTER;transport=tcp?to=sip:bob%40biloxi.com",
        ),
        (
            "sip:alice@atlanta.com?subject=project%20x&priority=urgent",
            "sip:alice@atlanta.com?priority=urgent&subject=project%20x",
        ),
        ("sip:a@[2001:db8::0]", "sip:a@[2001:DB8::]"),
    ];
    for (a, b) in same {
        assert!(uri(a).same_as(uri(b)) && uri(b).same_as(uri(a)), "{a} {b}");
    }
    let different = [
        ("SIP:ALICE@AtLanTa.CoM;Transport=udp", "sip:alice@AtlanTa.CoM;Transport=UDP"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:5060"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com;transport=udp"),
        ("sip:bob@biloxi.com", "sip:bob@biloxi.com:6000;transport=tcp"),
        ("sip:carol@chicago.com", "sip:carol@chicago.com?Subject=next%20meeting"),
        ("sip:bob@phone21.boxesbybob.com", "sip:bob@192.0.2.4"),
        ("sip:bob@h", "sips:bob@h"),
        ("sip:h", "sip:bob@h"),
    ];
    for (a, b) in different {
        assert!(!uri(a).same_as(uri(b)) && !uri(b).same_as(uri(a)), "{a} {b}");
    }
}

#[test]
fn our_own_uris_are_well_formed() {
    assert_eq!(UriBuf::sip("*21#", "192.0.2.1", Some(5060)).unwrap().as_str(), "sip:*21%23@192.0.2.1:5060");
    assert_eq!(UriBuf::sip("201", "2001:db8::1", None).unwrap().as_str(), "sip:201@[2001:db8::1]");
    assert_eq!(UriBuf::sip("", "example.com", None).unwrap().as_str(), "sip:example.com");
    assert_eq!(
        UriBuf::sip("a\r\nb@c", "example.com", None).unwrap().as_str(),
        "sip:a%0D%0Ab%40c@example.com"
    );
    assert!(UriBuf::sip("a", "ex ample", None).is_none());
    assert!(UriBuf::sip("a", "h\r\nX: y", None).is_none());
    let u = UriBuf::parse("sip:a@h?x=y").unwrap().with_param("transport", "tcp").with_param("lr", "");
    assert_eq!(u.as_str(), "sip:a@h;transport=tcp;lr?x=y");
    assert_eq!(u.as_uri().transport(), Some("tcp"));
    assert_eq!(UriBuf::tel("+442079460000").unwrap().as_str(), "tel:+442079460000");
    assert!(UriBuf::tel("x\r\ny").is_none());
}
