//! The API of a machine.

use serde_json::{Value, json};
use std::net::SocketAddr;
use std::process::Command;

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

    /// Sends a file.
    pub fn upload(&self, path: &str, file: &std::path::Path) -> (u16, Value) {
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--http1.1", "-m", "600", "-o", "-", "-w", "\n%{http_code}", "-X", "PUT"])
            .args([
                "-H",
                &format!("Origin: https://{}", self.at),
                "-H",
                "Content-Type: application/octet-stream",
            ])
            .args(["-H", "Expect:", "-T"])
            .arg(file);
        for (name, value) in self.headers() {
            curl.args(["-H", &format!("{name}: {value}")]);
        }
        let output = curl.arg(format!("https://{}{path}", self.at)).output().expect("curl");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (body, status) = text.rsplit_once('\n').unwrap_or(("", &text));
        let answer = serde_json::from_str(body).unwrap_or_else(|_| Value::String(body.to_owned()));
        (status.parse().unwrap_or(0), answer)
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

    /// curl speaks TLS and does not ask who signed the certificate: nobody has.
    fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, String)],
        body: Option<&Value>,
    ) -> Option<(u16, String, Value)> {
        let url = format!("https://{}{path}", self.at);
        let mut curl = Command::new("curl");
        curl.args(["-sk", "--http1.1", "-m", "60", "-i", "-X", method, &url])
            .args(["-H", &format!("Origin: https://{}", self.at)])
            .args(["-H", "Expect:"]);
        for (name, value) in headers {
            curl.args(["-H", &format!("{name}: {value}")]);
        }
        if let Some(body) = body {
            curl.args(["-H", "Content-Type: application/json", "--data-binary", &body.to_string()]);
        }
        let output = curl.output().expect("curl");
        if !output.status.success() {
            return None;
        }
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let (head, rest) = text.split_once("\r\n\r\n")?;
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let answer = serde_json::from_str(rest).unwrap_or_else(|_| Value::String(rest.to_owned()));
        Some((status, head.to_owned(), answer))
    }
}

fn header(head: &str, name: &str) -> Option<String> {
    let mut lines = head.lines().filter_map(|line| line.split_once(": "));
    lines.find(|(own, _)| own.eq_ignore_ascii_case(name)).map(|(_, value)| value.to_owned())
}
