use super::*;
use demarc_model::media::Codec::{Pcma, Pcmu};
use proptest::prelude::*;

const PHONE: &str = "v=0\r\no=alice 2890844526 2890844526 IN IP4 192.0.2.10\r\ns=call\r\nc=IN IP4 192.0.2.10\r\nt=0 0\r\n\
    m=audio 49170 RTP/AVP 9 0 8 101\r\na=rtpmap:9 G722/8000\r\na=rtpmap:0 PCMU/8000\r\na=rtpmap:8 PCMA/8000\r\n\
    a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\na=ptime:20\r\na=sendrecv\r\n\
    m=video 51372 RTP/AVP 99\r\na=rtpmap:99 h263-1998/90000\r\n";

fn parse(text: &str) -> Sdp {
    Sdp::parse(text.as_bytes()).unwrap()
}

fn local() -> Local<'static> {
    Local {
        rtp: "192.0.2.1:10000".parse().unwrap(),
        session: 7,
        version: 1,
        codecs: &[Pcma, Pcmu],
        events: true,
        direction: Direction::SendRecv,
    }
}

#[test]
fn a_phone_is_answered_in_our_preferred_codec_and_its_video_refused() {
    let (answer, agreed) = answer(&parse(PHONE), &local()).unwrap();
    assert_eq!(agreed.codec, Pcma);
    assert_eq!(agreed.telephone_event, Some(101));
    assert_eq!(agreed.remote, "192.0.2.10:49170".parse().ok());
    assert!(!agreed.held);
    assert_eq!(
        answer.to_string(),
        "v=0\r\no=- 7 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\n\
         m=audio 10000 RTP/AVP 8 101\r\na=rtpmap:8 PCMA/8000\r\na=rtpmap:101 telephone-event/8000\r\n\
         a=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\nm=video 0 RTP/AVP 99\r\n"
    );
    let mut mu = local();
    mu.codecs = &[Pcmu, Pcma];
    assert_eq!(super::answer(&parse(PHONE), &mu).unwrap().1.codec, Pcmu);
}

#[test]
fn every_form_of_hold_is_seen_and_answered() {
    for (change, direction) in [
        (("a=sendrecv", "a=sendonly"), Direction::RecvOnly),
        (("a=sendrecv", "a=inactive"), Direction::Inactive),
        (("c=IN IP4 192.0.2.10", "c=IN IP4 0.0.0.0"), Direction::RecvOnly),
        (("t=0 0\r\nm=audio", "t=0 0\r\na=sendonly\r\nm=audio"), Direction::SendRecv), // overruled by the medium
    ] {
        let (answer, agreed) = answer(&parse(&PHONE.replace(change.0, change.1)), &local()).unwrap();
        assert_eq!(agreed.direction, direction, "{change:?}");
        assert_eq!(agreed.held, direction != Direction::SendRecv, "{change:?}");
        assert_eq!(answer.media[0].direction, Some(direction));
    }
    let session_wide = PHONE.replace("a=sendrecv\r\n", "").replace("t=0 0\r\n", "t=0 0\r\na=recvonly\r\n");
    let agreed = answer(&parse(&session_wide), &local()).unwrap().1;
    assert_eq!((agreed.direction, agreed.held), (Direction::SendOnly, false));
}

#[test]
fn what_cannot_be_agreed_on_is_refused() {
    let refuse = |text: &str| answer(&parse(text), &local()).unwrap_err();
    assert_eq!(refuse(&PHONE.replace("9 0 8 101", "9 101")), Unacceptable::NoCodec);
    assert_eq!(refuse(&PHONE.replace("audio 49170 RTP/AVP", "audio 49170 RTP/SAVP")), Unacceptable::NoAudio);
    assert_eq!(refuse(&PHONE.replace("audio 49170", "audio 0")), Unacceptable::NoAudio);
    // Payload type 8 given away to something else.
    assert_eq!(
        refuse(&PHONE.replace("9 0 8 101", "8").replace("PCMA/8000", "iLBC/8000")),
        Unacceptable::NoCodec
    );
    assert_eq!(accept(&offer(&local()), &parse(PHONE)), Err(Unacceptable::Mismatch));
}

#[test]
fn our_offer_is_answered() {
    let ours = offer(&local());
    let theirs = parse(
        "v=0\no=- 1 1 IN IP6 2001:db8::5\ns=-\nc=IN IP6 2001:db8::5\nt=0 0\nm=audio 4000 RTP/AVP 0 96\na=rtpmap:96 telephone-event/8000\na=recvonly\n",
    );
    let agreed = accept(&ours, &theirs).unwrap();
    assert_eq!(agreed.codec, Pcmu);
    assert_eq!(agreed.telephone_event, Some(96));
    assert_eq!(agreed.remote, "[2001:db8::5]:4000".parse().ok());
    assert_eq!((agreed.direction, agreed.held), (Direction::SendOnly, false));
}

#[test]
fn an_offer_in_mid_call_keeps_the_media_and_the_codec() {
    let (answered, agreed) = answer(&parse(PHONE), &Local { codecs: &[Pcmu, Pcma], ..local() }).unwrap();
    let again = reoffer(&answered, &Local { version: 2, direction: Direction::SendOnly, ..local() }, &agreed);
    assert_eq!(again.media.len(), 2);
    assert_eq!(again.media[0].formats, ["0", "8", "101"]);
    assert_eq!(again.media[0].direction, Some(Direction::SendOnly));
    assert_eq!(again.media[1].port, 0);
    assert_eq!(again.origin.version, "2");
}

#[test]
fn addresses_of_rfc_5118_and_names() {
    let six = parse(
        "v=0\r\no=- 1 1 IN IP6 2001:db8::1\r\ns=-\r\nc=IN IP6 ::ffff:192.0.2.9\r\nt=0 0\r\nm=audio 6000 RTP/AVP 8\r\n",
    );
    let agreed = answer(&six, &local()).unwrap().1;
    assert_eq!(agreed.remote, "[::ffff:192.0.2.9]:6000".parse().ok());
    let name = parse(&PHONE.replace("c=IN IP4 192.0.2.10", "c=IN IP4 phone.example.com"));
    assert_eq!(answer(&name, &local()).unwrap().1.remote, None);
}

#[test]
fn what_is_no_description() {
    for (text, error) in [
        ("", SdpError::Version),
        ("v=1\r\n", SdpError::Version),
        ("v=0\r\ns=-\r\n", SdpError::Origin),
        ("v=0\r\no=- x 1 IN IP4 h\r\n", SdpError::Origin),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nc=IN IP9 1\r\n", SdpError::Connection),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio x RTP/AVP 0\r\n", SdpError::Media),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 70000 RTP/AVP 0\r\n", SdpError::Media),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP\r\n", SdpError::Media),
        ("v=0\r\no=- 1 1 IN IP4 h\r\nm=audio 4000 RTP/AVP 0\r\n", SdpError::NoConnection),
        ("v=0\r\nnonsense\r\n", SdpError::Line),
    ] {
        assert_eq!(Sdp::parse(text.as_bytes()), Err(error), "{text:?}");
    }
    assert_eq!(Sdp::parse(b"v=0\r\n\xff"), Err(SdpError::NotText));
    let many = format!("{PHONE}{}", "m=video 0 RTP/AVP 99\r\n".repeat(MAX_MEDIA));
    assert_eq!(Sdp::parse(many.as_bytes()), Err(SdpError::TooLong));
    let many = format!("{PHONE}{}", "a=x\r\n".repeat(MAX_LINES));
    assert_eq!(Sdp::parse(many.as_bytes()), Err(SdpError::TooLong));
}

/// Pieces of descriptions, so that random ones get far.
fn line() -> impl Strategy<Value = String> {
    let known: Vec<String> = PHONE.split("\r\n").map(str::to_owned).collect();
    prop_oneof![
        6 => proptest::sample::select(known),
        1 => "m=(audio|video|image) [0-9]{1,6} (RTP/AVP|udptl|RTP/SAVPF)( [0-9]{1,3}){0,4}",
        1 => "a=(rtpmap|fmtp|ptime|sendonly|inactive)(:[0-9]{1,3})?( [A-Za-z0-9/-]{1,16})?",
        1 => "[a-z]=[ -~]{0,20}",
        1 => "\\PC{0,20}",
    ]
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_and_what_is_read_is_written_the_same(
        lines in proptest::collection::vec(line(), 0..20), headed in any::<bool>()
    ) {
        let mut text = if headed { "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\nc=IN IP4 192.0.2.1\r\n".to_owned() } else { String::new() };
        text.push_str(&lines.join("\r\n"));
        if let Ok(sdp) = Sdp::parse(text.as_bytes()) {
            prop_assert_eq!(&parse(&sdp.to_string()), &sdp);
            if let Ok((ours, agreed)) = answer(&sdp, &local()) {
                prop_assert_eq!(ours.media.len(), sdp.media.len());
                prop_assert_eq!(ours.media.iter().filter(|m| m.port != 0).count(), 1);
                prop_assert_eq!(&parse(&ours.to_string()), &ours);
                // The peer, reading our answer to its offer, comes to the same codec.
                prop_assert_eq!(accept(&sdp, &ours).unwrap().codec, agreed.codec);
            }
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        let _ = Sdp::parse(&bytes);
    }
}
