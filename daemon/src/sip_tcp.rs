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
/// How many messages may wait for a slow peer, and how many tasks for the dispatcher.
const QUEUE: usize = 64;
const QUEUE_OF_ALL: usize = 4096;
/// A connection on which nothing arrives for this long is closed (RFC 5626 keep-alives are sent
/// every two minutes at the most).
const IDLE: Duration = Duration::from_secs(600);
/// How long opening a connection may take.
const CONNECT: Duration = Duration::from_secs(5);

/// What the dispatcher is told.
#[derive(Debug)]
enum Task {
    Send {
        flow: Flow,
        bytes: Vec<u8>,
    },
    Closed {
        connection: u64,
    },
    /// Accept there from now on, or nowhere.
    Listen(Option<Listener>),
}

/// SIP over TCP. Connections outlive the address at which they were accepted.
#[derive(Debug)]
pub struct SipTcp {
    dispatcher: mpsc::Sender<Task>,
    asked: Option<SocketAddr>,
    served: Option<SocketAddr>,
}

/// Where connections are accepted.
#[derive(Debug)]
struct Listener {
    socket: TcpListener,
    served: SocketAddr,
}

impl SipTcp {
    /// Serves `address`, if any; must be called within the runtime.
    ///
    /// # Errors
    /// [`ServeError`] when it is taken or not ours.
    pub fn serve(address: Option<SocketAddr>, inbox: Inbox) -> Result<Self, ServeError> {
        let listener = address.map(listen).transpose()?;
        let served = listener.as_ref().map(|listener| listener.served);
        let (dispatcher, orders) = mpsc::channel(QUEUE_OF_ALL);
        tokio::spawn(Dispatcher::new(inbox, dispatcher.clone(), listener).run(orders));
        Ok(Self { dispatcher, asked: address, served })
    }

    /// Serves another address, or none; must be called within the runtime. Open connections stay.
    ///
    /// # Errors
    /// [`ServeError`] when it is taken or not ours, or when the dispatcher has no time: the former
    /// one is served on.
    pub fn move_to(&mut self, address: Option<SocketAddr>) -> Result<(), ServeError> {
        let listener = address.map(listen).transpose()?;
        let served = listener.as_ref().map(|listener| listener.served);
        let sent = self.dispatcher.try_send(Task::Listen(listener));
        if let (Err(_), Some(address)) = (&sent, address.or(self.served)) {
            let source = std::io::ErrorKind::ResourceBusy.into();
            return Err(ServeError { address, transport: "TCP", source });
        }
        (self.asked, self.served) = (address, served);
        Ok(())
    }

    /// The address that was asked for; port 0 means any.
    pub fn asked(&self) -> Option<SocketAddr> {
        self.asked
    }

    /// Where it is served.
    pub fn address(&self) -> Option<SocketAddr> {
        self.served
    }

    /// Sends a message on its connection, opening one when there is none. It never blocks.
    pub fn send(&self, flow: Flow, bytes: Vec<u8>) {
        if self.dispatcher.try_send(Task::Send { flow, bytes }).is_err() {
            tracing::warn!(remote = %flow.remote, "a SIP message was dropped: too many wait for TCP");
        }
    }
}

fn listen(address: SocketAddr) -> Result<Listener, ServeError> {
    let fail = |source| ServeError { address, transport: "TCP", source };
    let socket = std::net::TcpListener::bind(address).map_err(fail)?;
    socket.set_nonblocking(true).map_err(fail)?;
    let served = socket.local_addr().map_err(fail)?;
    Ok(Listener { socket: TcpListener::from_std(socket).map_err(fail)?, served })
}

/// Knows every connection.
struct Dispatcher {
    inbox: Inbox,
    tasks: mpsc::Sender<Task>,
    listener: Option<TcpListener>,
    /// None before anything was served.
    routes: Option<Routes>,
    connections: BTreeMap<u64, Connection>,
    opened: u64,
}

/// The dispatcher's end of a connection. Dropping it closes the connection.
struct Connection {
    remote: SocketAddr,
    queue: mpsc::Sender<Vec<u8>>,
}

impl Dispatcher {
    fn new(inbox: Inbox, tasks: mpsc::Sender<Task>, listener: Option<Listener>) -> Self {
        let (connections, opened) = (BTreeMap::new(), 0);
        let mut dispatcher = Self { inbox, tasks, listener: None, routes: None, connections, opened };
        dispatcher.listen(listener);
        dispatcher
    }

    fn listen(&mut self, listener: Option<Listener>) {
        if let Some(listener) = &listener {
            self.routes = Some(Routes::new(listener.served));
        }
        self.listener = listener.map(|listener| listener.socket);
    }

    async fn run(mut self, mut tasks: mpsc::Receiver<Task>) {
        loop {
            tokio::select! {
                accepted = next(self.listener.as_ref()) => match accepted {
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
                    Some(Task::Listen(listener)) => self.listen(listener),
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
                None if self.routes.is_none() => return,
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
        let local = self.routes.as_mut().map_or(remote, |routes| routes.local(remote));
        let flow = Flow { transport: Transport::Tcp, local, remote, connection };
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

/// The next connection; none ever comes where nothing is served.
async fn next(listener: Option<&TcpListener>) -> std::io::Result<(TcpStream, SocketAddr)> {
    match listener {
        Some(listener) => listener.accept().await,
        None => std::future::pending().await,
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
