//! The API of a machine.

use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// The administrator's password in tests.
pub const PASSWORD: &str = "correct horse battery staple";

/// A client of the API.
#[derive(Debug, Clone)]
pub struct Api {
    at: SocketAddr,
    cookie: Option<String>,
}

impl Api {
    /// Speaks with this address.
    pub fn at(at: SocketAddr) -> Self {
        Self { at, cookie: None }
    }

    /// Sets the gateway up with the code that its console shows.
    pub fn set_up(&mut self, code: &str) {
        self.enter("/api/setup", &json!({ "code": code, "password": PASSWORD }));
    }

    /// Signs in.
    pub fn sign_in(&mut self) {
        self.enter("/api/session", &json!({ "password": PASSWORD }));
    }

    fn enter(&mut self, path: &str, body: &Value) {
        let (status, head, answer) = self.request("POST", path, &[], Some(body)).expect("an answer");
        assert!((200..300).contains(&status), "{path}: {status} {answer}");
        let cookie = header(&head, "set-cookie").expect("a session");
        self.cookie = cookie.split(';').next().map(str::to_owned);
    }

    /// A GET that may fail to reach anybody.
    pub fn try_get(&self, path: &str) -> Option<(u16, Value)> {
        let (status, _, answer) = self.request("GET", path, &self.headers(), None)?;
        Some((status, answer))
    }

    /// What a path shows.
    ///
    /// # Panics
    /// When it shows nothing.
    pub fn get(&self, path: &str) -> Value {
        let (status, answer) = self.try_get(path).expect("an answer");
        assert_eq!(status, 200, "{path}: {answer}");
        answer
    }

    /// One request.
    pub fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Option<(u16, Value)> {
        let (status, _, answer) = self.request(method, path, &self.headers(), body)?;
        Some((status, answer))
    }

    /// A change of the configuration, based on the revision in force. None: nobody answered.
    pub fn change(&self, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
        let (_, head, _) = self.request("GET", "/api/system", &self.headers(), None)?;
        let tag = header(&head, "etag")?;
        let mut headers = self.headers();
        headers.push(("If-Match", tag));
        let (status, _, answer) = self.request(method, path, &headers, Some(body))?;
        Some((status, answer))
    }

    fn headers(&self) -> Vec<(&'static str, String)> {
        self.cookie.iter().map(|cookie| ("Cookie", cookie.clone())).collect()
    }

    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> Option<(u16, String, Value)> {
        let patience = Duration::from_secs(30);
        let mut stream = TcpStream::connect_timeout(&self.at, patience).ok()?;
        stream.set_read_timeout(Some(patience)).ok()?;
        let body = body.map(Value::to_string).unwrap_or_default();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {0}\r\nOrigin: http://{0}\r\nConnection: close\r\n",
            self.at
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        if !body.is_empty() {
            head += "Content-Type: application/json\r\n";
        }
        head += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        stream.write_all(head.as_bytes()).ok()?;
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).ok()?;
        let text = String::from_utf8_lossy(&answer).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
        let rest = if chunked { unchunk(rest) } else { rest.to_owned() };
        Some((status, head.to_owned(), serde_json::from_str(&rest).unwrap_or(Value::String(rest))))
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}

fn unchunk(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((size, tail)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        whole.push_str(tail.get(..size).unwrap_or_default());
        rest = tail.get(size + 2..).unwrap_or_default();
    }
    whole
}
