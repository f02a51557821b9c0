//! RFC 4475 §3.1.1 and the well-formed messages of §3.2–3.4: all must be read, and mean what the
//! RFC says.

use super::{request, response, wire};
use demarc_sip::message::{Message, Method, Name, Scheme, Status};

/// §3.1.1.1: spaces and folds wherever the grammar has LWS, odd case, compact forms, unknown
/// headers, escapes in quoted strings, parameters without value.
#[test]
fn a_short_tortuous_invite() {
    let invite = request(
        "INVITE sip:gw@desk.example.com;unknownparam SIP/2.0
TO :
 sip:gw@desk.example.com ;   tag    = 1918181833n
from   : \"A Caller \\\\\\\"\"       <sip:caller@example.com>
  ;
  tag = 98asjd8
MaX-fOrWaRdS: 0068
Call-ID: wsinv.ndaksdj@192.0.2.1
Content-Length   : 9
cseq: 0009
  INVITE
Via  : SIP  /   2.0
 /UDP
    192.0.2.2;branch=390skdjuw
s :
NewFangledHeader:   newfangled value
 continued newfangled value
UnknownHeaderWithUnusualValue: ;;,,;;,;
Content-Type: application/sdp
Route:
 <sip:services.example.com;lr;unknownwith=value;unknown-no-value>
v:  SIP  / 2.0  / TCP     spindle.example.com   ;
  branch  =   z9hG4bK9ikj8  ,
 SIP  /    2.0   / UDP  192.168.255.111   ; branch=
 z9hG4bK30239
m:\"Quoted string \\\"\\\"\" <sip:caller@example.com> ; newparam =
      newvalue ;
  secondparam ; q = 0.33

v=0
a=b
",
    );
    assert!(invite.uri().params().has("unknownparam"));
    assert_eq!(
        (invite.to().uri().as_str(), invite.to().tag()),
        ("sip:gw@desk.example.com", Some("1918181833n"))
    );
    assert_eq!((invite.from().display().as_ref(), invite.from().tag()), ("A Caller \\\"", Some("98asjd8")));
    assert_eq!(invite.max_forwards(), Some(68));
    assert_eq!((invite.cseq().number, invite.cseq().method), (9, "INVITE"));
    let vias: Vec<_> = invite.vias().map(|v| (v.transport(), v.host(), v.branch())).collect();
    assert_eq!(
        vias,
        [
            ("UDP", "192.0.2.2", Some("390skdjuw")),
            ("TCP", "spindle.example.com", Some("z9hG4bK9ikj8")),
            ("UDP", "192.168.255.111", Some("z9hG4bK30239"))
        ]
    );
    assert_eq!(invite.value(Name::Subject), Some(""));
    let newfangled = invite.other("newfangledheader").unwrap();
    assert_eq!(
        newfangled.split_whitespace().collect::<Vec<_>>().join(" "),
        "newfangled value continued newfangled value"
    );
    assert_eq!(invite.other("UnknownHeaderWithUnusualValue"), Some(";;,,;;,;"));
    let contact = invite.contact().unwrap();
    assert_eq!(
        (contact.display().as_ref(), contact.params().get("newparam"), contact.q()),
        ("Quoted string \"\"", Some("newvalue"), Some(330))
    );
    assert!(contact.params().has("secondparam"));
    assert!(invite.routes().next().unwrap().uri().params().has("unknown-no-value"));
    assert_eq!(invite.sdp(), Some(&b"v=0\r\na=b\r"[..]), "as long as Content-Length says");
}

/// §3.1.1.2: every character that a token, a user part and a quoted string may hold.
#[test]
fn a_wide_range_of_valid_characters() {
    let r = request(
        "!interesting-Method0123456789_*+`.%indeed'~ sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@example.com SIP/2.0
Via: SIP/2.0/TCP host1.example.com;branch=z9hG4bK-.!%66*_+`'~
To: \"BEL:\\\u{7} NUL:\\\u{0} DEL:\\\u{7f}\" <sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*@example.com>
From: token1~` token2'+_ token3*%!.- <sip:mundane@example.com>;fromParam''~+*_!.-%=\"\u{440}\u{430}\";tag=_token~1'+`*%!-.
Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{
CSeq: 139122385 !interesting-Method0123456789_*+`.%indeed'~
Max-Forwards: 255
extensionHeader-!.%*+_`'~:\u{feff}\u{5927}\u{505c}\u{96fb}
Content-Length: 0

",
    );
    assert!(matches!(r.method(), Method::Other(name) if name.starts_with('!')));
    assert_eq!(r.uri().password(), Some("&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"));
    assert_eq!(r.uri().host(), "example.com");
    assert_eq!(r.to().display(), "BEL:\u{7} NUL:\u{0} DEL:\u{7f}");
    assert_eq!(r.from().params().unquoted("fromParam''~+*_!.-%").unwrap(), "\u{440}\u{430}");
    assert_eq!(r.from().tag(), Some("_token~1'+`*%!-."));
    assert_eq!(r.via().branch(), Some("z9hG4bK-.!%66*_+`'~"));
    assert_eq!(r.other("extensionHeader-!.%*+_`'~"), Some("\u{feff}\u{5927}\u{505c}\u{96fb}"));
}

/// §3.1.1.3–5: escapes in URIs are resolved when they are compared, not before, and a NUL is one.
#[test]
fn escapes_in_uris() {
    let r = request(
        "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0
To: sip:%75se%72@example.com
From: <sip:I%20have%20spaces@example.net>;tag=938
Max-Forwards: 87
i: esc01.239409asdfakjkn23onasd0-3234
CSeq: 234234 INVITE
Via: SIP/2.0/UDP host5.example.net;branch=z9hG4bKkdjuw
C: application/sdp
Contact:
  <sip:cal%6Cer@host5.example.net;%6C%72;n%61me=v%61lue%25%34%31>, <sip:null-%00-null@example.com>
l: 0

",
    );
    assert_eq!(r.uri().dialled().unwrap(), "sips:user@example.com");
    assert_eq!(r.to().uri().dialled().unwrap(), "user");
    assert_eq!(r.from().uri().dialled().unwrap(), "I have spaces");
    let contacts: Vec<_> = r.contacts().map(|c| c.uri()).collect();
    assert_eq!(contacts[0].dialled().unwrap(), "caller");
    assert_eq!(contacts[1].dialled().unwrap(), "null-\0-null");
    assert!(
        contacts[0].same_as(demarc_sip::message::Uri::parse("sip:caller@host5.example.net;%6C%72").unwrap())
    );

    // A percent sign in a method or a display name is no escape.
    let r = request(
        "RE%47IST%45R sip:registrar.example.com SIP/2.0
To: \"%Z%45\" <sip:resource@example.com>
From: \"%Z%45\" <sip:resource@example.com>;tag=f232jadfj23
Call-ID: esc02.asdfnqwo34rq23i34jrjasdcnl23nrlknsdf
Via: SIP/2.0/TCP host.example.com;branch=z9hG4bK209%fzsnel234
CSeq: 29344 RE%47IST%45R
Max-Forwards: 70
Contact: <sip:alias1@host1.example.com>
C%6Fntact: <sip:alias2@host2.example.com>
Contact: <sip:alias3@host3.example.com>
l: 0

",
    );
    assert_eq!(r.method().as_str(), "RE%47IST%45R");
    assert_eq!(r.contacts().count(), 2);
    assert_eq!(r.to().display(), "%Z%45");
}

/// §3.1.1.6: no space between display name and `<`.
#[test]
fn no_space_before_the_bracket() {
    let r = request(
        "OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: caller<sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID: lwsdisp.1234abcd@funky.example.com
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP funky.example.com;branch=z9hG4bKkdjuw
l: 0

",
    );
    assert_eq!(r.from().display(), "caller");
}

/// §3.1.1.7: long values everywhere.
#[test]
fn long_values() {
    let long = |prefix: &str, n: usize| prefix.to_owned() + &"long".repeat(n);
    let mut text = format!(
        "INVITE sip:user@example.com SIP/2.0
To: \"{}\" <sip:{}@example.com>
From: sip:amazing.{}@example.com;tag=12982424;fieldnameparam=\"{}\"
Call-ID: {}
Unknown-{}-Name: {}; param={}
CSeq: 3882340 INVITE
Contact: <sip:x@h>
",
        long("I have a user name of ", 60),
        long("user", 60),
        long("caller", 60),
        long("v", 200),
        long("id", 200),
        long("Long", 100),
        long("value", 100),
        long("p", 200)
    );
    for i in 0..34 {
        text.push_str(&format!(
            "Via: SIP/2.0/TCP sip{i}.example.com;received=192.0.2.5;branch=z9hG4bK{}\n",
            long("", i + 1)
        ));
    }
    text.push_str("Max-Forwards: 70\nContent-Length: 0\n\n");
    let r = request(&text);
    assert_eq!(r.vias().count(), 34);
    assert_eq!(r.call_id().len(), 802);
}

/// §3.1.1.8: what follows a message in its datagram is dropped.
#[test]
fn extra_trailing_octets_in_a_datagram() {
    let text = "REGISTER sip:example.com SIP/2.0
To: sip:j.user@example.com
From: sip:j.user@example.com;tag=43251j3j324
Max-Forwards: 8
I: dblreq.0ha0isndaksdj99sdfafnl3lk233412
Contact: sip:j.user@host.example.com
CSeq: 8 REGISTER
Via: SIP/2.0/UDP 192.0.2.125;branch=z9hG4bKkdjuw23492
Content-Length: 0

";
    let r = request(&format!("{text}INVITE sip:joe@example.com SIP/2.0\n"));
    assert_eq!(r.method(), &Method::Register);
    assert!(r.body().is_empty());
    // Without Content-Length the whole rest is the body.
    let r = request(&format!("{}\nrest", text.replace("Content-Length: 0\n\n", "")));
    assert_eq!(r.body(), b"rest");
}

/// §3.1.1.9: `;par=…` belongs to the user part.
#[test]
fn semicolon_separated_parameters_in_the_user_part() {
    let r = request(
        "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0
To: sip:j_user@example.com
From: sip:caller@example.org;tag=33242
Max-Forwards: 3
Call-ID: semiuri.0ha0isndaksdj
CSeq: 8 OPTIONS
Accept: application/sdp, application/pkcs7-mime,
        multipart/mixed, multipart/signed,
        message/sip, message/sipfrag
Via: SIP/2.0/UDP 192.0.2.1;branch=z9hG4bKkdjuw
l: 0

",
    );
    assert_eq!(r.uri().user(), Some("user;par=u%40example.net"));
    assert_eq!(r.uri().params().iter().count(), 0);
    assert_eq!(r.values(Name::Accept).count(), 6);
}

/// §3.1.1.10: known and unknown transports in Via.
#[test]
fn varied_transports() {
    let r = request(
        "OPTIONS sip:user@example.com SIP/2.0
To: sip:user@example.com
From: <sip:caller@example.com>;tag=323
Max-Forwards: 70
Call-ID:  transports.kijh4akdnaqjkwendsasfdj
Accept: application/sdp
CSeq: 60 OPTIONS
Via: SIP/2.0/UDP t1.example.com;branch=z9hG4bKkdjuw
Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf
Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj
Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en
Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee
l: 0

",
    );
    assert_eq!(r.vias().map(|v| v.transport()).collect::<Vec<_>>(), ["UDP", "SCTP", "TLS", "UNKNOWN", "TCP"]);
}

/// §3.1.1.11: a multipart body with bytes that are no text.
#[test]
fn multipart_body_with_binary_part() {
    let mut bytes = wire(
        "MESSAGE sip:kumiko@example.org SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:5070;branch=z9hG4bK-d87543-4dade06d0bdb11ee-1--d87543-;rport
Max-Forwards: 70
Route: <sip:127.0.0.1:5080>
Call-ID: mpart01.NzA4ZGEyM
CSeq: 1 MESSAGE
From: <sip:user@example.net>;tag=2fb0dcc9
To: <sip:kumiko@example.org>
Content-Type: multipart/mixed;boundary=7a9cbec02ceef655
MIME-Version: 1.0

--7a9cbec02ceef655
Content-Type: application/octet-stream
Content-Transfer-Encoding: binary

",
    );
    bytes.extend_from_slice(b"0\x82\x01\xff\xfe\r\n\r\n\x00\r\n--7a9cbec02ceef655\r\nContent-Type: text/plain\r\n\r\nHello\r\n--7a9cbec02ceef655--\r\n");
    let message = Message::parse(bytes).unwrap();
    let fields = message.fields();
    assert_eq!(fields.content("text", "plain"), Some(&b"Hello"[..]));
    assert_eq!(fields.content("application", "octet-stream"), Some(&b"0\x82\x01\xff\xfe\r\n\r\n\x00"[..]));
    assert_eq!(fields.sdp(), None);
}

/// §3.1.1.12–13: reason phrases of any text, and none.
#[test]
fn unusual_reason_phrases() {
    let rest = "\nVia: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923
Call-ID: unreason.1234ksdfak3j2erwedfsASdf
CSeq: 35 INVITE
From: sip:user@example.com;tag=11141343
To: sip:user@example.edu;tag=2229
Content-Length: 0
Contact: <sip:user@host198.example.com>

";
    let r = response(&format!("SIP/2.0 200 = 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}{rest}"));
    assert_eq!(
        (r.status(), r.reason_phrase()),
        (Status::OK, "= 2**3 * 5**2 \u{43d}\u{43e} \u{441}\u{442}\u{43e}")
    );
    let r = response(&format!("SIP/2.0 100 {rest}"));
    assert_eq!((r.status(), r.reason_phrase()), (Status::TRYING, ""));
    assert_eq!(
        response(&format!("SIP/2.0 100{rest}", rest = rest.trim_start_matches(' '))).status(),
        Status::TRYING
    );
}

/// §3.2.1, 3.3.2–3.3.5, 3.3.10–15, 3.4.1: odd in what they want, but well-formed: it is not the
/// parser that refuses them.
#[test]
fn well_formed_but_hard_to_serve() {
    let frame = |start: &str, more: &str, method: &str| {
        format!(
            "{start} SIP/2.0\nTo: <sip:j.user@example.com>\nFrom: <sip:caller@example.net>;tag=8814\nCall-ID: odd.1@h\n\
             CSeq: 8 {method}\nVia: SIP/2.0/UDP host.example.com;branch=z9hG4bKkdjuw\n{more}\n"
        )
    };
    // A branch that is nothing but the cookie.
    let text = frame("OPTIONS sip:user@example.com", "", "OPTIONS").replace("z9hG4bKkdjuw", "z9hG4bK");
    assert_eq!(request(&text).via().branch(), Some("z9hG4bK"));
    // Schemes nobody knows, and one that is known but odd here.
    let r = request(&frame("OPTIONS nobodyKnowsThisScheme:totallyopaquecontent", "", "OPTIONS"));
    assert_eq!(r.uri().scheme(), Scheme::Other);
    let r = request(&frame("OPTIONS soap.beep://192.0.2.103:3002", "", "OPTIONS"));
    assert_eq!(r.uri().scheme(), Scheme::Other);
    let text = frame("REGISTER sip:example.com", "Contact: <name:John_Smith>\n", "REGISTER")
        .replace("To: <sip:j.user@example.com>", "To: isbn:2983792873");
    assert_eq!(request(&text).to().uri().scheme(), Scheme::Other);
    // Unknown options in Require and Proxy-Require.
    let r = request(&frame(
        "OPTIONS sip:u@h",
        "Require: nothingSupportsThis, nothingSupportsThisEither\nProxy-Require: noProxiesSupportThis\n",
        "OPTIONS",
    ));
    assert!(
        r.lists(Name::Require, "NOTHINGsupportsthiseither")
            && r.lists(Name::ProxyRequire, "noProxiesSupportThis")
    );
    // A body of unknown type, credentials of unknown schemes, no hops left.
    let r = request(&frame("INVITE sip:u@h", "Content-Type: application/unknownformat\n", "INVITE"));
    assert!(r.content_type().unwrap().is("application", "unknownformat"));
    request(&frame("REGISTER sip:h", "Authorization: NoOneKnowsThisScheme opaque-data=here\n", "REGISTER"));
    assert_eq!(request(&frame("OPTIONS sip:u@h", "Max-Forwards: 0\n", "OPTIONS")).max_forwards(), Some(0));
    // Contact parameters inside and outside of the brackets, and an escaped header in a Contact.
    let r = request(&frame(
        "REGISTER sip:h",
        "Contact: sip:+19725552222@gw1.example.net;unknownparam\n",
        "REGISTER",
    ));
    assert!(r.contact().unwrap().params().has("unknownparam"));
    let r = request(&frame(
        "REGISTER sip:h",
        "Contact: <sip:+19725552222@gw1.example.net;unknownparam>\n",
        "REGISTER",
    ));
    assert!(r.contact().unwrap().uri().params().has("unknownparam"));
    let r = request(&frame(
        "REGISTER sip:h",
        "Contact: <sip:user@example.com?Route=%3Csip:sip.example.com%3E>\n",
        "REGISTER",
    ));
    assert_eq!(r.contact().unwrap().uri().headers(), Some("Route=%3Csip:sip.example.com%3E"));
    // RFC 2543: no branch, no tag in From, no Max-Forwards.
    let r = request(
        "INVITE sip:UserB@example.com SIP/2.0
Via: SIP/2.0/UDP iftgw.example.com
From: <sip:+13035551111@ift.client.example.net;user=phone>
Record-Route: <sip:UserB@example.com;maddr=ss1.example.com>
To: sip:+16505552222@ss1.example.net;user=phone
Call-ID: inv2543.1717@ift.client.example.com
CSeq: 56 INVITE
Content-Type: application/sdp

v=0
",
    );
    assert_eq!((r.via().branch(), r.from().tag(), r.max_forwards()), (None, None, None));
    assert_eq!(r.record_routes().next().unwrap().uri().params().get("maddr"), Some("ss1.example.com"));
    // A date in no known zone is nobody's business here.
    request(&frame("INVITE sip:u@h", "Date: Fri, 01 Jan 2010 16:00:00 EST\n", "INVITE"));
}
