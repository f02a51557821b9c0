//! The work of an update, in a thread of its own: the bundle is brought here, looked at, and written.

use super::rauc::{Bundle, parse_info, parse_progress};
use super::version::is_older;
use crate::command;
use crate::paths::Paths;
use demarc_clock::Clock;
use demarc_model::appliance::{UpdateFault, UpdateSource};
use demarc_model::config::is_web_address;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, sync_channel};
use std::time::Duration;

/// The largest bundle, in octets.
const LARGEST: u64 = 2 * 1024 * 1024 * 1024;
/// How long a bundle may take to be verified.
const VERIFY: Duration = Duration::from_secs(300);
/// Free octets that stay on the data partition while a bundle is fetched.
const SPARE: u64 = 32 * 1024 * 1024;

/// What the thread says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// Octets that were fetched.
    Fetched(u64),
    /// Percent, and what is being done.
    Progress(u8, String),
    /// It is written: its version.
    Done(String),
    /// It is not: at what it failed, and why.
    Failed(UpdateFault, String),
}

/// An update that is being installed.
#[derive(Debug)]
pub struct Job(Receiver<News>);

impl Job {
    /// Begins. `running` is the version that runs.
    pub fn start(paths: &Paths, source: UpdateSource, running: String, force: bool) -> Self {
        let (news, told) = sync_channel(64);
        let paths = paths.clone();
        std::thread::spawn(move || {
            let last = match install(&paths, &source, &running, force, &news) {
                Ok(version) => News::Done(version),
                Err((fault, reason)) => News::Failed(fault, reason),
            };
            clean(&paths);
            let _ = news.send(last);
        });
        Self(told)
    }

    /// The next thing that it says.
    pub fn poll(&self) -> Option<News> {
        match self.0.try_recv() {
            Ok(news) => Some(news),
            Err(TryRecvError::Empty) => None,
            Err(TryRecvError::Disconnected) => {
                Some(News::Failed(UpdateFault::NotWritten, "it ended without a word".into()))
            }
        }
    }
}

fn install(
    paths: &Paths,
    source: &UpdateSource,
    running: &str,
    force: bool,
    news: &SyncSender<News>,
) -> Result<String, (UpdateFault, String)> {
    let bundle = bring(paths, source, news).map_err(|reason| (UpdateFault::NotBrought, reason))?;
    let bundle = bundle.display().to_string();
    let _ = news.try_send(News::Progress(0, "Verifying".into()));
    let info = command::run_within("rauc", &["info", "--output-format=json", &bundle], "", VERIFY)
        .map_err(|error| (UpdateFault::NotOurs, format!("this is no update of ours: {error}")))?;
    let version = judge(&info, running, force)?;
    write(&bundle, news).map_err(|reason| (UpdateFault::NotWritten, reason))?;
    Ok(version)
}

/// The version of a bundle whose signature is good, by what RAUC tells of it; or why it is not installed.
fn judge(info: &str, running: &str, force: bool) -> Result<String, (UpdateFault, String)> {
    let Some(Bundle { version, .. }) = parse_info(info) else {
        return Err((UpdateFault::NotOurs, "the update does not tell its version".into()));
    };
    if is_older(&version, running) && !force {
        let reason = format!(
            "version {version} is older than {running}, which runs: its configuration may not be readable. \
             Install it with force if you mean it"
        );
        return Err((UpdateFault::Older, reason));
    }
    Ok(version)
}

/// Calls `rauc install`, which verifies again while it writes.
fn write(bundle: &str, news: &SyncSender<News>) -> Result<(), String> {
    let mut child = Command::new("rauc")
        .args(["install", bundle])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| format!("rauc cannot be run: {error}"))?;
    let stderr = child.stderr.take();
    let errors = std::thread::spawn(move || {
        let mut text = String::new();
        if let Some(mut stderr) = stderr {
            let _ = stderr.by_ref().take(64 * 1024).read_to_string(&mut text);
            let _ = std::io::copy(&mut stderr, &mut std::io::sink());
        }
        text
    });
    let mut last = String::new();
    if let Some(stdout) = child.stdout.take() {
        for line in BufReader::new(stdout).lines().map_while(Result::ok) {
            if let Some((percent, step)) = parse_progress(&line) {
                let _ = news.try_send(News::Progress(percent, step));
            } else if !line.trim().is_empty() {
                last = line;
            }
        }
    }
    let status = child.wait().map_err(|error| error.to_string())?;
    if status.success() {
        return Ok(());
    }
    let errors = errors.join().unwrap_or_default();
    let said = errors.lines().rev().find(|line| !line.trim().is_empty()).map_or(last, str::to_owned);
    Err(format!("it was not written: {}", said.trim().chars().take(400).collect::<String>()))
}

/// Where a bundle is put that was uploaded or fetched.
fn local(paths: &Paths) -> PathBuf {
    paths.data.join("rauc/bundle.raucb")
}

fn stick(paths: &Paths) -> PathBuf {
    paths.runtime("usb")
}

fn clean(paths: &Paths) {
    let _ = std::fs::remove_file(local(paths));
    let _ = command::run("umount", &[&stick(paths).display().to_string()], "");
}

fn bring(paths: &Paths, source: &UpdateSource, news: &SyncSender<News>) -> Result<PathBuf, String> {
    match source {
        UpdateSource::Upload => take_upload(paths),
        UpdateSource::Url { url } => fetch(paths, url, news),
        UpdateSource::Usb => {
            let folder = stick(paths);
            crate::usb::mount(paths, &folder, false)?;
            let mut found: Vec<(std::time::SystemTime, PathBuf)> = std::fs::read_dir(&folder)
                .map_err(|error| error.to_string())?
                .flatten()
                .map(|entry| entry.path())
                .filter(|path| path.extension().is_some_and(|extension| extension == "raucb"))
                .filter_map(|path| Some((std::fs::metadata(&path).ok()?.modified().ok()?, path)))
                .collect();
            found.sort();
            found.pop().map(|(_, path)| path).ok_or_else(|| "there is no *.raucb on the stick".into())
        }
    }
}

/// The upload becomes root's, so that nobody can change it after it was verified.
fn take_upload(paths: &Paths) -> Result<PathBuf, String> {
    let upload = paths.demarc().join("update/upload.raucb");
    let meta = std::fs::symlink_metadata(&upload).map_err(|_| "nothing was uploaded".to_owned())?;
    if !meta.is_file() || meta.nlink() != 1 || meta.len() > LARGEST {
        return Err("what was uploaded is no file that can be taken".into());
    }
    let to = local(paths);
    let words = |error: std::io::Error| format!("the upload cannot be taken: {error}");
    std::fs::rename(&upload, &to).map_err(words)?;
    // A descriptor that the uploader kept open still writes into the old file: a copy is ours alone.
    let copy = to.with_extension("copy");
    std::fs::copy(&to, &copy).map_err(words)?;
    std::fs::rename(&copy, &to).map_err(words)?;
    Ok(to)
}

/// Fetches with curl, or with the wget of busybox; goes on where it stopped. The signature of the
/// bundle is what is trusted, not the server.
fn fetch(paths: &Paths, url: &str, news: &SyncSender<News>) -> Result<PathBuf, String> {
    if !is_web_address(url) {
        return Err("this is no address".into());
    }
    let to = local(paths);
    let file = to.display().to_string();
    let (program, arguments): (&str, Vec<&str>) = if command::exists("curl") {
        let largest = "2147483648";
        let proto = "=http,https";
        (
            "curl",
            vec![
                "-fsSLk",
                "--proto",
                proto,
                "--max-filesize",
                largest,
                "--retry",
                "5",
                "-C",
                "-",
                "-o",
                &file,
                "--",
                url,
            ],
        )
    } else {
        ("wget", vec!["-q", "-c", "-T", "30", "-O", &file, url])
    };
    let mut child = Command::new(program)
        .args(&arguments)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| format!("{program} cannot be run: {error}"))?;
    let clock = Clock::start();
    let status = loop {
        if let Ok(Some(status)) = child.try_wait() {
            break status;
        }
        let octets = std::fs::metadata(&to).map_or(0, |meta| meta.len());
        let (_, free) = crate::status::disk(paths);
        if octets > LARGEST || free < SPARE {
            let _ = child.kill();
            let _ = child.wait();
            return Err("it does not fit on the data partition: bring it on a USB stick".into());
        }
        let _ = news.try_send(News::Fetched(octets));
        clock.wait(Duration::from_millis(250));
    };
    if status.success() {
        Ok(to)
    } else {
        Err(format!("it cannot be fetched: {program} ended with {status}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn last(source: UpdateSource) -> News {
        let root = tempfile::tempdir().unwrap();
        let job = Job::start(&Paths::below(root.path()), source, "1.2.0".into(), false);
        job.0.iter().last().unwrap()
    }

    #[test]
    fn only_an_older_version_is_refused_as_older() {
        let info = |version: &str| format!(r#"{{"compatible":"demarc","version":"{version}"}}"#);
        let fault = |info: &str, force| judge(info, "1.2.0", force).map_err(|(fault, _)| fault);
        assert_eq!(fault(&info("1.1.9"), false), Err(UpdateFault::Older));
        assert_eq!(fault(&info("1.1.9"), true), Ok("1.1.9".into()));
        assert_eq!(fault(&info("1.2.0"), false), Ok("1.2.0".into()));
        assert_eq!(fault("{}", false), Err(UpdateFault::NotOurs));
        assert_eq!(fault("{}", true), Err(UpdateFault::NotOurs), "force is for a version that is known");
    }

    #[test]
    fn what_cannot_be_brought_is_not_called_older() {
        for (source, words) in [
            (UpdateSource::Upload, "nothing was uploaded"),
            (UpdateSource::Url { url: "ftp://192.0.2.1/x".into() }, "no address"),
        ] {
            let News::Failed(fault, reason) = last(source) else { panic!("it was brought") };
            assert_eq!(fault, UpdateFault::NotBrought);
            assert!(reason.contains(words), "{reason}");
        }
    }
}
