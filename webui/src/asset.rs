//! The files of the web UI by path.

use rust_embed::{EmbeddedFile, RustEmbed};
use std::borrow::Cow;

#[derive(RustEmbed)]
#[folder = "dist"]
#[allow_missing = true]
struct Dist;

/// A file of the web UI.
pub struct Asset {
    /// Its octets.
    pub body: Cow<'static, [u8]>,
    /// The same, gzipped, when that is shorter.
    pub gzip: Option<Cow<'static, [u8]>>,
    /// Its media type.
    pub content_type: &'static str,
    /// Its name changes with its content, so it may be kept for ever.
    pub immutable: bool,
    /// Names the content, for `ETag`.
    pub hash: [u8; 32],
}

/// The file at `path`, without a leading slash; none when there is no such file.
pub fn asset(path: &str) -> Option<Asset> {
    let EmbeddedFile { data, metadata, .. } = Dist::get(path)?;
    Some(Asset {
        body: data,
        gzip: Dist::get(&format!("{path}.gz")).map(|file| file.data),
        content_type: content_type(path),
        immutable: path.starts_with("assets/"),
        hash: metadata.sha256_hash(),
    })
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit_once('.').map_or("", |(_, extension)| extension) {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "svg" => "image/svg+xml",
        "woff2" => "font/woff2",
        "json" | "webmanifest" => "application/json",
        "png" => "image/png",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_named_by_what_it_holds() {
        assert_eq!(content_type("index.html"), "text/html; charset=utf-8");
        assert_eq!(content_type("assets/app-1a2b.js"), "text/javascript; charset=utf-8");
        assert_eq!(content_type("assets/plex.woff2"), "font/woff2");
        assert_eq!(content_type("LICENSE"), "application/octet-stream");
    }

    #[test]
    fn nothing_outside_is_found() {
        assert!(asset("../Cargo.toml").is_none());
        assert!(asset("").is_none());
    }
}
