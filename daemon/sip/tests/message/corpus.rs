//! Messages that are all in order: for the fuzz and the second opinion to start from.

pub(crate) const INVITE: &str = "\
INVITE sip:+442079460123@gw.example.com;user=phone SIP/2.0
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport
Max-Forwards: 70
From: \"Reception\" <sip:201@gw.example.com>;tag=1928301774
To: <sip:+442079460123@gw.example.com;user=phone>
Call-ID: a84b4c76e66710@192.0.2.10
CSeq: 314159 INVITE
Contact: <sip:201@192.0.2.10:5060;transport=udp>
Allow: INVITE, ACK, CANCEL, OPTIONS, BYE, REFER, NOTIFY, INFO, UPDATE
Supported: replaces, timer, 100rel
User-Agent: Deskphone 4.2
Content-Type: application/sdp
Content-Length: 152

v=0
o=- 2890844526 1 IN IP4 192.0.2.10
s=-
c=IN IP4 192.0.2.10
t=0 0
m=audio 49170 RTP/AVP 8 0 101
a=rtpmap:101 telephone-event/8000
a=sendrecv
";

pub(crate) const RINGING: &str = "\
SIP/2.0 180 Ringing
Via: SIP/2.0/UDP proxy.example.com;branch=z9hG4bK4b43c2ff8.1;received=192.0.2.3
Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776asdhds;rport=5060;received=192.0.2.10
Record-Route: <sip:proxy.example.com;lr>
To: <sip:+442079460123@gw.example.com>;tag=a6c85cf
From: \"Reception\" <sip:201@gw.example.com>;tag=1928301774
Call-ID: a84b4c76e66710@192.0.2.10
CSeq: 314159 INVITE
Contact: <sip:gw@192.0.2.1>
Content-Length: 0

";

pub(crate) const REGISTER: &str = "\
REGISTER sip:gw.example.com SIP/2.0
Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKnashds7
Max-Forwards: 70
To: <sip:201@gw.example.com>
From: <sip:201@gw.example.com>;tag=456248
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
Contact: <sip:201@192.0.2.10>;expires=600;q=0.7
Authorization: Digest username=\"201\", realm=\"gw\", nonce=\"abc\", uri=\"sip:gw.example.com\", response=\"00112233445566778899aabbccddeeff\", algorithm=MD5, qop=auth, nc=00000001, cnonce=\"xyz\"
Expires: 7200
Content-Length: 0

";

pub(crate) const BYE: &str = "\
BYE sip:201@192.0.2.10 SIP/2.0
Via: SIP/2.0/UDP gw.example.com;branch=z9hG4bKnashds10
Route: <sip:proxy.example.com;lr>, <sip:edge.example.com;lr>
Max-Forwards: 70
From: <sip:+442079460123@gw.example.com>;tag=a6c85cf
To: \"Reception\" <sip:201@gw.example.com>;tag=1928301774
Call-ID: a84b4c76e66710@192.0.2.10
CSeq: 231 BYE
Reason: Q.850;cause=16;text=\"Normal call clearing\", SIP;cause=200
Content-Length: 0

";

pub(crate) const UNAUTHORIZED: &str = "\
SIP/2.0 401 Unauthorized
Via: SIP/2.0/TCP 192.0.2.10:5060;branch=z9hG4bKnashds7
To: <sip:201@gw.example.com>;tag=2493k59kd
From: <sip:201@gw.example.com>;tag=456248
Call-ID: 843817637684230@998sdasdh09
CSeq: 1826 REGISTER
WWW-Authenticate: Digest realm=\"gw\", nonce=\"abc\", qop=\"auth\", algorithm=SHA-256
WWW-Authenticate: Digest realm=\"gw\", nonce=\"abc\", qop=\"auth\", algorithm=MD5
Content-Length: 0

";

pub(crate) const OPTIONS_IPV6: &str = "\
OPTIONS sip:gw@[2001:db8::10]:5070 SIP/2.0
v: SIP/2.0/UDP [2001:db8::9:1];branch=z9hG4bKas3-111
Max-Forwards: 70
f: tel:+442079460999;tag=81x2
t: <sips:gw@example.com>
i: SSG9559905523997077
CSeq: 8612 OPTIONS
X-Unknown: a, \"b\" <c>
P-Asserted-Identity: \"A\" <sip:+442079460999@example.com>, <tel:+442079460999>
Diversion: <sip:+442079460111@example.com>;reason=unconditional;counter=1
Privacy: id;critical
l: 0

";

pub(crate) const ALL: [&str; 6] = [INVITE, RINGING, REGISTER, BYE, UNAUTHORIZED, OPTIONS_IPV6];
