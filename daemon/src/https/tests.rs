//! HTTPS by a TLS client of its own, and plain HTTP from here and elsewhere.

use super::*;
use crate::certificate;
use axum::routing::{get, post};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, RootCertStore, SupportedProtocolVersion};
use std::io::{Read, Write};
use std::net::TcpStream;

const PATIENCE: Duration = Duration::from_secs(30);

fn app() -> Router {
    Router::new()
        .route("/", get(|ConnectInfo(peer): ConnectInfo<SocketAddr>| async move { format!("{}", peer.ip()) }))
        .route("/login", post(|| async { "come in" }))
}

/// A client that trusts this certificate and no other, and believes no other name.
fn client(
    certificate: &Certificate,
    versions: &[&'static SupportedProtocolVersion],
    name: &str,
) -> ClientConnection {
    let mut roots = RootCertStore::empty();
    roots.add(certificate.chain[0].clone()).unwrap();
    let mut config = ClientConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_protocol_versions(versions)
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    ClientConnection::new(Arc::new(config), ServerName::try_from(name.to_owned()).unwrap()).unwrap()
}

fn ask(address: SocketAddr, mut tls: ClientConnection, request: &str) -> io::Result<String> {
    let mut socket = TcpStream::connect(address)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    let mut stream = rustls::Stream::new(&mut tls, &mut socket);
    stream.write_all(request.as_bytes())?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    assert_eq!(tls.alpn_protocol(), Some(&b"http/1.1"[..]));
    Ok(answer)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_knows_the_certificate_is_served() {
    let data = tempfile::tempdir().unwrap();
    let own = Certificate::open(data.path(), "gateway.example", &["127.0.0.1".parse().unwrap()]).unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let https = Https::serve(listener, &own, app()).unwrap();
    let address = https.address();
    let elsewhere = tempfile::tempdir().unwrap();
    let strange = Certificate::open(elsewhere.path(), "gateway.example", &[]).unwrap();
    tokio::task::spawn_blocking(move || {
        let request = "GET / HTTP/1.1\r\nHost: gateway\r\nConnection: close\r\n\r\n";
        for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
            for name in ["127.0.0.1", "localhost", "gateway.example"] {
                let answer = ask(address, client(&own, &[version], name), request).unwrap();
                assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
                assert!(answer.ends_with("127.0.0.1"), "the peer is known: {answer}");
            }
        }
        let versions = rustls::DEFAULT_VERSIONS;
        let error = ask(address, client(&own, versions, "192.0.2.1"), request).unwrap_err();
        assert!(error.to_string().contains("not valid for name"), "{error}");
        let error = ask(address, client(&strange, versions, "localhost"), request).unwrap_err();
        assert!(error.to_string().contains("invalid peer certificate"), "{error}");
        // Plain HTTP where TLS is spoken, and noise, harm nobody else.
        for noise in [&b"GET / HTTP/1.1\r\n\r\n"[..], &[0x16, 3, 1, 0xff, 0xff, 0, 0, 0]] {
            TcpStream::connect(address).unwrap().write_all(noise).unwrap();
        }
        assert!(ask(address, client(&own, versions, "localhost"), request).unwrap().contains(" 200"));
    })
    .await
    .unwrap();
    assert_eq!(certificate::fingerprint(data.path()).unwrap().split(':').count(), 32);
    https.stop(Duration::ZERO);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn openssl_agrees() {
    use std::process::{Command, Stdio};
    let data = tempfile::tempdir().unwrap();
    let own = Certificate::open(data.path(), "gateway.example", &["127.0.0.1".parse().unwrap()]).unwrap();
    let https = Https::serve(TcpListener::bind("127.0.0.1:0").unwrap(), &own, app()).unwrap();
    let (address, file) = (https.address().to_string(), certificate::path(data.path()));
    let fingerprint = own.fingerprint();
    tokio::task::spawn_blocking(move || {
        let openssl = |arguments: &[&str], input: &str| {
            let mut command = Command::new("openssl");
            command
                .args(arguments)
                .arg(&file)
                .stdin(Stdio::piped())
                .stdout(Stdio::piped())
                .stderr(Stdio::piped());
            let mut child = command.spawn().expect("openssl: see tools/install-deps");
            child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
            let output = child.wait_with_output().unwrap();
            (output.status.success(), String::from_utf8_lossy(&output.stdout).into_owned())
        };
        let connect = [
            "s_client",
            "-connect",
            &address,
            "-quiet",
            "-verify_return_error",
            "-verify_ip",
            "127.0.0.1",
            "-CAfile",
        ];
        let (good, answer) = openssl(&connect, "GET / HTTP/1.0\r\n\r\n");
        assert!(good && answer.contains("200 OK"), "{answer}");
        let mut other = connect;
        other[6] = "192.0.2.1";
        assert!(!openssl(&other, "GET / HTTP/1.0\r\n\r\n").0, "it is not that address");
        let (_, shown) = openssl(&["x509", "-noout", "-fingerprint", "-sha256", "-in"], "");
        assert!(shown.trim().ends_with(&fingerprint), "{shown} {fingerprint}");
        let (_, text) = openssl(&["x509", "-noout", "-text", "-in"], "");
        for word in
            ["prime256v1", "DNS:gateway.example", "IP Address:127.0.0.1", "TLS Web Server Authentication"]
        {
            assert!(text.contains(word), "{word}: {text}");
        }
    })
    .await
    .unwrap();
    https.stop(Duration::ZERO);
}

/// What plain HTTP answers to a peer.
async fn plain(peer: &str, method: &str, host: &str, path: &str, https: Option<&str>) -> Response {
    use tower::ServiceExt;
    let https = https.map(|address| address.parse().unwrap());
    let request = Request::builder()
        .method(method)
        .uri(path)
        .header("host", host)
        .extension(ConnectInfo(SocketAddr::new(peer.parse().unwrap(), 40000)))
        .body(axum::body::Body::empty())
        .unwrap();
    plain_at_home(app(), https).oneshot(request).await.unwrap()
}

#[tokio::test]
async fn plain_http_is_for_this_machine() {
    let https = Some("0.0.0.0:443");
    for peer in ["127.0.0.1", "::1", "::ffff:127.0.0.1"] {
        assert_eq!(plain(peer, "GET", "localhost:8080", "/", https).await.status(), 200);
        assert_eq!(plain(peer, "POST", "localhost:8080", "/login", None).await.status(), 200);
    }
    let cases = [
        ("gateway", "/", "0.0.0.0:443", "https://gateway/"),
        ("gateway:80", "/calls?from=1", "0.0.0.0:443", "https://gateway/calls?from=1"),
        ("192.0.2.1:8080", "/", "0.0.0.0:8443", "https://192.0.2.1:8443/"),
        ("[2001:db8::1]:80", "/", "[::]:8443", "https://[2001:db8::1]:8443/"),
    ];
    for (host, path, https, to) in cases {
        let answer = plain("192.0.2.9", "GET", host, path, Some(https)).await;
        assert_eq!(answer.status(), 308);
        assert_eq!(answer.headers()["location"], to);
    }
    // A password that came in the clear is not accepted, and not sent on.
    let answer = plain("192.0.2.9", "POST", "gateway", "/login", https).await;
    assert_eq!(answer.status(), 403);
    assert_eq!(answer.headers().get("location"), None);
    for host in ["", "evil.example/..", "a@b", "[", "gate way"] {
        assert_eq!(plain("192.0.2.9", "GET", host, "/", https).await.status(), 403, "{host}");
    }
    assert_eq!(plain("192.0.2.9", "GET", "gateway", "/", None).await.status(), 403);
}

#[test]
fn this_machine_has_addresses() {
    let addresses = addresses();
    assert!(addresses.contains(&"127.0.0.1".parse().unwrap()), "{addresses:?}");
    assert!(addresses.len() == 1 || !addresses[0].is_loopback(), "{addresses:?}");
}
