//! SIP over TCP: one task a connection, one dispatcher that knows them all.
//!
//! A peer that stops reading fills its own queue and loses its own connection; nobody else waits.

use crate::inbox::{Inbox, Order};
use crate::route::Routes;
use crate::sip_udp::ServeError;
use demarc_sip::message::stream::{Item, Splitter};
use demarc_sip::{Flow, Input, Transport};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

/// How many connections there may be, and how many of them from one address.
const MAX_CONNECTIONS: usize = 512;
const MAX_PER_PEER: usize = 64;
/// How many messages may wait for a slow peer.
const QUEUE: usize = 64;
/// A connection on which nothing arrives for this long is closed (RFC 5626 keep-alives are sent
/// every two minutes at the most).
const IDLE: Duration = Duration::from_secs(600);
/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What the dispatcher is told.
#[derive(Debug)]
enum Task {
    Send { flow: Flow, bytes: Vec<u8> },
    Closed { connection: u64 },
}

/// Sends SIP over TCP.
#[derive(Debug, Clone)]
pub struct SipTcp {
    dispatcher: mpsc::Sender<Task>,
    served: SocketAddr,
}

impl SipTcp {
    /// Serves `address`; must be called within the runtime.
    ///
    /// # Errors
    /// [`ServeError`] when it is taken or not ours.
    pub async fn serve(address: SocketAddr, inbox: Inbox) -> Result<Self, ServeError> {
        let fail = |source| ServeError { address, transport: "TCP", source };
        let listener = TcpListener::bind(address).await.map_err(fail)?;
        let served = listener.local_addr().map_err(fail)?;
        let (dispatcher, orders) = mpsc::channel(4096);
        tokio::spawn(Dispatcher::new(served, inbox, dispatcher.clone()).run(listener, orders));
        Ok(Self { dispatcher, served })
    }

    /// Where it is served.
    pub fn address(&self) -> SocketAddr {
        self.served
    }

    /// Sends a message on its connection, opening one when there is none. It never blocks.
    pub fn send(&self, flow: Flow, bytes: Vec<u8>) {
        if self.dispatcher.try_send(Task::Send { flow, bytes }).is_err() {
            tracing::warn!(remote = %flow.remote, "a SIP message was dropped: too many wait for TCP");
        }
    }
}

/// Knows every connection.
struct Dispatcher {
    inbox: Inbox,
    tasks: mpsc::Sender<Task>,
    routes: Routes,
    connections: BTreeMap<u64, Connection>,
    opened: u64,
}

/// The dispatcher's end of a connection. Dropping it closes the connection.
struct Connection {
    remote: SocketAddr,
    queue: mpsc::Sender<Vec<u8>>,
}

impl Dispatcher {
    fn new(served: SocketAddr, inbox: Inbox, tasks: mpsc::Sender<Task>) -> Self {
        Self { inbox, tasks, routes: Routes::new(served), connections: BTreeMap::new(), opened: 0 }
    }

    async fn run(mut self, listener: TcpListener, mut tasks: mpsc::Receiver<Task>) {
        loop {
            tokio::select! {
                accepted = listener.accept() => match accepted {
                    Ok((stream, remote)) => self.accept(stream, remote),
                    // Out of descriptors: give the others time to close.
                    Err(error) => {
                        tracing::warn!(%error, "a SIP connection could not be accepted");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                task = tasks.recv() => match task {
                    Some(Task::Send { flow, bytes }) => self.send(flow, bytes),
                    Some(Task::Closed { connection }) => {
                        self.connections.remove(&connection);
                    }
                    None => return,
                },
            }
        }
    }

    fn accept(&mut self, stream: TcpStream, remote: SocketAddr) {
        let of_peer = self.connections.values().filter(|other| other.remote.ip() == remote.ip()).count();
        if self.connections.len() >= MAX_CONNECTIONS || of_peer >= MAX_PER_PEER {
            tracing::warn!(%remote, "a SIP connection was refused: there are too many");
            return;
        }
        self.open(remote, async move { Ok(stream) });
    }

    fn send(&mut self, flow: Flow, bytes: Vec<u8>) {
        let connection = match flow.connection {
            0 => match self.connections.iter().find(|(_, other)| other.remote == flow.remote) {
                Some((connection, _)) => *connection,
                None if self.connections.len() >= MAX_CONNECTIONS => return,
                None => self.open(flow.remote, TcpStream::connect(flow.remote)),
            },
            connection => connection,
        };
        let Some(open) = self.connections.get(&connection) else { return };
        if open.queue.try_send(bytes).is_err() {
            tracing::warn!(remote = %open.remote, "a SIP peer does not read; its connection is closed");
            self.connections.remove(&connection);
        }
    }

    /// Starts the task of a connection whose stream is there, or is being opened.
    fn open<S>(&mut self, remote: SocketAddr, stream: S) -> u64
    where
        S: Future<Output = std::io::Result<TcpStream>> + Send + 'static,
    {
        self.opened += 1;
        let connection = self.opened;
        let (queue, to_send) = mpsc::channel(QUEUE);
        let flow = Flow { transport: Transport::Tcp, local: self.routes.local(remote), remote, connection };
        let (inbox, tasks, pong) = (self.inbox.clone(), self.tasks.clone(), queue.clone());
        tokio::spawn(async move {
            let flow = match tokio::time::timeout(CONNECT, stream).await {
                Ok(Ok(stream)) => {
                    carry(stream, flow, &inbox, pong, to_send).await;
                    flow
                }
                // Whoever asked for it named no connection.
                Ok(Err(_)) | Err(_) => Flow { connection: 0, ..flow },
            };
            let _ = inbox.post_when_possible(Order::Sip(Input::FlowClosed { flow })).await;
            let _ = tasks.send(Task::Closed { connection }).await;
        });
        self.connections.insert(connection, Connection { remote, queue });
        connection
    }
}

/// Carries messages both ways until either side closes.
async fn carry(
    mut stream: TcpStream,
    flow: Flow,
    inbox: &Inbox,
    pong: mpsc::Sender<Vec<u8>>,
    mut to_send: mpsc::Receiver<Vec<u8>>,
) {
    let _ = stream.set_nodelay(true);
    let (mut read, mut write) = stream.split();
    let receiving = async {
        let mut splitter = Splitter::new();
        let mut buffer = vec![0; 16 * 1024];
        loop {
            let length = match tokio::time::timeout(IDLE, read.read(&mut buffer)).await {
                Ok(Ok(length)) if length > 0 => length,
                _ => return,
            };
            splitter.push(buffer.get(..length).unwrap_or_default());
            loop {
                match splitter.next() {
                    // A keep-alive; a peer that does not read its answer has no use for it.
                    Ok(Some(Item::Ping)) => drop(pong.try_send(b"\r\n".to_vec())),
                    Ok(Some(Item::Message(bytes))) => {
                        let message = Order::Sip(Input::Message { flow, bytes });
                        if inbox.post_when_possible(message).await.is_err() {
                            return;
                        }
                    }
                    Ok(None) => break,
                    Err(error) => {
                        tracing::warn!(remote = %flow.remote, ?error, "a SIP stream cannot be read");
                        return;
                    }
                }
            }
        }
    };
    let sending = async {
        while let Some(message) = to_send.recv().await {
            if write.write_all(&message).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = receiving => {}
        () = sending => {}
    }
}
