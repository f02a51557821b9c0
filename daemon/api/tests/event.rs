//! The event stream, over a real connection.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::Lab;
use demarc_model::live::LiveEvent;
use demarc_model::{CallId, Cause};
use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use std::net::{Ipv4Addr, SocketAddr};
use tokio::net::{TcpListener, TcpStream};
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn serve(lab: &Lab) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    let service = lab.router.clone().into_make_service_with_connect_info::<SocketAddr>();
    tokio::spawn(async move { axum::serve(listener, service).await });
    address
}

async fn connect(address: SocketAddr, headers: &[(&'static str, &str)]) -> Result<Socket, u16> {
    let mut request = format!("ws://{address}/api/events").into_client_request().unwrap();
    for (name, value) in headers {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    match connect_async(request).await {
        Ok((socket, _)) => Ok(socket),
        Err(Error::Http(response)) => Err(response.status().as_u16()),
        Err(error) => panic!("{error}"),
    }
}

/// The next event, or the code with which the gateway closes.
async fn next(socket: &mut Socket) -> Result<Value, u16> {
    loop {
        match socket.next().await {
            Some(Ok(Message::Text(text))) => return Ok(serde_json::from_str(&text).unwrap()),
            Some(Ok(Message::Ping(_))) => {}
            Some(Ok(Message::Close(Some(frame)))) => return Err(frame.code.into()),
            other => panic!("{other:?}"),
        }
    }
}

fn ended(n: u64) -> LiveEvent {
    LiveEvent::CallEnded { call: CallId(n), cause: Cause::NORMAL_CLEARING }
}

#[tokio::test]
async fn events_reach_who_is_signed_in() {
    let lab = Lab::new();
    let address = serve(&lab).await;
    let mut socket = connect(address, &[("cookie", &lab.cookie)]).await.unwrap();
    lab.gateway.events.send(ended(7)).unwrap();
    assert_eq!(next(&mut socket).await, Ok(json!({"event": "call_ended", "call": 7, "cause": 16})));
    let mut system = lab.get("/api/system").await;
    system["name"] = json!("Changed");
    lab.call("PUT", "/api/system").any().json(&system).send().await.expect(200);
    assert_eq!(next(&mut socket).await, Ok(json!({"event": "revision", "revision": 2})));
}

#[tokio::test]
async fn strangers_and_other_sites_are_refused_before_the_upgrade() {
    let lab = Lab::new();
    let address = serve(&lab).await;
    assert_eq!(connect(address, &[]).await.err(), Some(401));
    let evil = [("cookie", lab.cookie.as_str()), ("origin", "http://evil.example")];
    assert_eq!(connect(address, &evil).await.err(), Some(403));
    let ours = format!("http://{address}");
    connect(address, &[("cookie", &lab.cookie), ("origin", &ours)]).await.unwrap();
    lab.call("GET", "/api/events").send().await.expect(400);
}

#[tokio::test]
async fn who_cannot_follow_is_dropped_and_nobody_else() {
    let lab = Lab::new();
    let address = serve(&lab).await;
    let mut slow = connect(address, &[("cookie", &lab.cookie)]).await.unwrap();
    // The test and the server share one thread: nothing is delivered until the next await, and the
    // channel holds four.
    for n in 0..10 {
        lab.gateway.events.send(ended(n)).unwrap();
    }
    assert_eq!(next(&mut slow).await, Err(1013));
    let mut again = connect(address, &[("cookie", &lab.cookie)]).await.unwrap();
    lab.gateway.events.send(ended(11)).unwrap();
    assert_eq!(next(&mut again).await.unwrap()["call"], 11);
}

#[tokio::test]
async fn clients_have_nothing_to_say() {
    let lab = Lab::new();
    let address = serve(&lab).await;
    let mut socket = connect(address, &[("cookie", &lab.cookie)]).await.unwrap();
    socket.send(Message::text("hello")).await.unwrap();
    assert_eq!(next(&mut socket).await, Err(1008));
}

#[tokio::test]
async fn streams_are_bounded_and_their_places_come_free() {
    let lab = Lab::new();
    let address = serve(&lab).await;
    let mut sockets = Vec::new();
    for _ in 0..32 {
        sockets.push(connect(address, &[("cookie", &lab.cookie)]).await.unwrap());
    }
    assert_eq!(connect(address, &[("cookie", &lab.cookie)]).await.err(), Some(503));
    let mut leaving = sockets.pop().unwrap();
    leaving.send(Message::text("bye")).await.unwrap();
    assert_eq!(next(&mut leaving).await, Err(1008));
    drop(leaving);
    // The place is free once the server has noticed; each attempt lets it run.
    let mut attempts = 0;
    while connect(address, &[("cookie", &lab.cookie)]).await.is_err() {
        attempts += 1;
        assert!(attempts < 1000, "the place never comes free");
    }
}
