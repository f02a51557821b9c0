//! HTTPS for the web UI and the API, and what plain HTTP may still do beside it.

use crate::certificate::Certificate;
use axum::Router;
use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, Method, StatusCode, Uri, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Response};
use axum_server::tls_rustls::RustlsConfig;
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use std::io;
use std::net::{IpAddr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::time::Duration;

/// A running HTTPS server.
pub struct Https {
    handle: axum_server::Handle<SocketAddr>,
    address: SocketAddr,
}

impl Https {
    /// Serves an application with this certificate. Needs a tokio runtime.
    ///
    /// # Errors
    /// The listener or the certificate cannot be used.
    pub fn serve(listener: TcpListener, certificate: &Certificate, app: Router) -> io::Result<Self> {
        let address = listener.local_addr()?;
        listener.set_nonblocking(true)?;
        let config = RustlsConfig::from_config(Arc::new(tls(certificate).map_err(io::Error::other)?));
        let handle = axum_server::Handle::new();
        let server = axum_server::from_tcp_rustls(listener, config)?.http1_only().handle(handle.clone());
        let service = app.into_make_service_with_connect_info::<SocketAddr>();
        tokio::spawn(async move {
            if let Err(error) = server.serve(service).await {
                tracing::error!(%error, "HTTPS is not served any more");
            }
        });
        Ok(Self { handle, address })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Takes no more connections, and ends those that are left after `patience`.
    pub fn stop(&self, patience: Duration) {
        self.handle.graceful_shutdown(Some(patience));
    }
}

/// What rustls needs: TLS 1.2 and 1.3, one provider, HTTP/1.1 (WebSockets know nothing newer here).
///
/// # Errors
/// The key does not fit the certificate, or is of an unknown kind.
pub(crate) fn tls(certificate: &Certificate) -> Result<ServerConfig, rustls::Error> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(certificate.chain.clone(), certificate.key.clone_key())?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}

/// Plain HTTP is for this machine only. Whoever asks from elsewhere is sent to HTTPS, where there is
/// HTTPS: a password that was sent already is not passed on by a redirect.
pub fn plain_at_home(app: Router, https: Option<SocketAddr>) -> Router {
    app.layer(middleware::from_fn(
        move |ConnectInfo(peer): ConnectInfo<SocketAddr>, request: Request, next: Next| async move {
            match peer.ip().to_canonical().is_loopback() {
                true => next.run(request).await,
                false => elsewhere(https, request.method(), request.uri(), request.headers()),
            }
        },
    ))
}

fn elsewhere(https: Option<SocketAddr>, method: &Method, uri: &Uri, headers: &HeaderMap) -> Response {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).and_then(bare_host);
    let (Some(https), Some(host), true) = (https, host, method.is_safe()) else {
        return (StatusCode::FORBIDDEN, "This is served over HTTPS only.\n").into_response();
    };
    let port = if https.port() == 443 { String::new() } else { format!(":{}", https.port()) };
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let to = format!("https://{host}{port}{path}");
    (StatusCode::PERMANENT_REDIRECT, [(header::LOCATION, to)]).into_response()
}

/// The name or address of a Host header, without the port.
fn bare_host(host: &str) -> Option<&str> {
    let bare = match host.starts_with('[') {
        true => host.get(..=host.find(']')?)?,
        false => host.split(':').next()?,
    };
    let fits = |b: u8| b.is_ascii_alphanumeric() || b"-._[]:".contains(&b);
    (!bare.is_empty() && bare.len() <= 255 && bare.bytes().all(fits)).then_some(bare)
}

/// The name of this machine in the network; empty when it has none.
pub fn hostname() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    name.trim().to_owned()
}

/// The addresses of this machine that may stand in a certificate: those that others can type.
pub fn addresses() -> Vec<IpAddr> {
    let interfaces = nix::ifaddrs::getifaddrs().into_iter().flatten();
    let mut addresses: Vec<IpAddr> = interfaces
        .filter_map(|interface| {
            let storage = interface.address?;
            let v4 = storage.as_sockaddr_in().map(|address| IpAddr::from(address.ip()));
            v4.or_else(|| storage.as_sockaddr_in6().map(|address| IpAddr::from(address.ip())))
        })
        .filter(|ip| !matches!(ip, IpAddr::V6(ip) if ip.is_unicast_link_local()))
        .collect();
    addresses.sort_unstable_by_key(|ip| (ip.is_loopback(), *ip));
    addresses.dedup();
    addresses
}

#[cfg(test)]
mod tests;
