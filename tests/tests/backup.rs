//! `demarc backup` and `demarc restore` with real daemons.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_tests::real::{Demarcd, wait_for};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Output, Stdio};
use std::time::Duration;

const PASSPHRASE: &str = "four quiet green lamps";

/// Runs a command without a terminal: its exit code, what it printed, and what it complained of.
fn run(command: Command, stdin: &str) -> (i32, String, String) {
    // A session of its own has no terminal, whoever runs the tests.
    let arguments: Vec<_> = command.get_args().map(ToOwned::to_owned).collect();
    let mut child = Command::new("setsid")
        .arg("--wait")
        .arg(command.get_program())
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("setsid");
    // One that wants none may have ended.
    let _ = child.stdin.take().unwrap().write_all(stdin.as_bytes());
    said(child.wait_with_output().unwrap())
}

fn said(output: Output) -> (i32, String, String) {
    let text = |octets: &[u8]| String::from_utf8(octets.to_vec()).unwrap();
    (output.status.code().unwrap(), text(&output.stdout), text(&output.stderr))
}

/// A unit with another name, whose E1 is span 7 and whose first line has a place that no card has.
fn old_unit() -> Demarcd {
    let mut old = Demarcd::start();
    let (_, mut config) = old.api("GET", "/api/config?secrets=true", None);
    config["system"]["name"] = json!("Harbour Office");
    config["spans"][0]["id"] = json!(7);
    for trunk in config["trunks"].as_array_mut().unwrap() {
        if trunk["kind"]["type"] == "pri" {
            trunk["kind"]["spans"] = json!([7]);
        }
    }
    config["lines"][0]["channel"] = json!({"span": 2, "slot": 9});
    let (status, answer) = old.change("PUT", "/api/config", Some(&config));
    assert_eq!(status, 200, "{answer}");
    old
}

fn state(unit: &mut Demarcd) -> (Value, Value) {
    let (_, config) = unit.api("GET", "/api/config?secrets=true", None);
    let (_, revisions) = unit.api("GET", "/api/revisions", None);
    (config, revisions[0].clone())
}

fn secret(folder: &Path) -> String {
    let path = folder.join("passphrase");
    std::fs::write(&path, format!("{PASSPHRASE}\n")).unwrap();
    path.display().to_string()
}

#[test]
fn a_backup_is_looked_into_and_restored_on_another_unit() {
    let folder = tempfile::tempdir().unwrap();
    let (at, passphrase) = (folder.path().display().to_string(), secret(folder.path()));
    let old = old_unit();
    let learned = r#"{"1": [{"dial_tone": {"after_ms": 300}}]}"#;
    // What a line was seen to do before this start.
    let (data, _) = old.stop();
    std::fs::write(data.path().join("learned.json"), learned).unwrap();
    let mut old = Demarcd::start_on(data);

    // Into a folder, under its own name, for nobody else; and not over what is there.
    let backup = ["backup", &at, "--passphrase-file", &passphrase];
    let (code, out, err) = run(old.command(&backup), "");
    assert_eq!((code, out.as_str()), (0, ""), "{err}");
    let found = std::fs::read_dir(folder.path()).unwrap().flatten().map(|entry| entry.path());
    let file = found.into_iter().find(|path| path.extension().is_some_and(|e| e == "demarc")).unwrap();
    assert!(file.file_name().unwrap().to_str().unwrap().starts_with("harbour-office-"), "{file:?}");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.starts_with("{\"demarc_backup\":1,") && !text.contains("Harbour"), "sealed");
    let (code, _, err) = run(old.command(&backup), "");
    assert!(code == 1 && err.contains("is there already"), "{code} {err}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), text);
    let over = [&backup[..], &["--overwrite"]].concat();
    assert_eq!(run(old.command(&over), "").0, 0);
    assert_ne!(std::fs::read_to_string(&file).unwrap(), text, "sealed anew");
    // To standard output, with the passphrase from standard input.
    let (code, text, err) = run(old.command(&["backup", "--passphrase-file", "-"]), PASSPHRASE);
    assert!(code == 0 && text.starts_with("{\"demarc_backup\":1,"), "{err}");
    for said in [old.log(), err] {
        assert!(!said.contains(PASSPHRASE), "{said}");
    }

    let mut new = Demarcd::start();
    let before = state(&mut new);
    let file = file.display().to_string();
    let restore = ["restore", &file, "--passphrase-file", &passphrase];
    let with = |more: &[&'static str]| [&restore[..], more].concat();
    let (code, out, err) = run(new.command(&with(&["--dry-run"])), "");
    assert_eq!((code, err.as_str()), (0, ""));
    for words in [
        "A backup of Harbour Office (",
        "What was learnt of 1 line is in it, too.",
        "\n  span 1      E1      ",
        "\n  span 7      to span 1      the next free one   span ",
        "\n  port 2/9    to port 2/1",
        "keeps its own network settings",
    ] {
        assert!(out.contains(words), "{words:?} is not in:\n{out}");
    }
    // Nobody is there to say yes, and nobody has said it before.
    let (code, _, err) = run(new.command(&restore), "y\n");
    assert!(code == 3 && err.contains("--yes") && err.contains("nothing was changed"), "{code} {err}");
    assert_eq!(state(&mut new), before);

    let moved = with(&["--yes", "--map", "2/2=2/4", "--map", "2/4=none"]);
    let (code, out, err) = run(new.command(&moved), "");
    assert_eq!(code, 0, "{err}");
    assert!(out.contains("\n  port 2/2    to port 2/4    as you say"), "{out}");
    assert!(out.contains("stays in the configuration, switched off:\n  line \""), "{out}");
    let (config, revision) = state(&mut new);
    assert_eq!(revision["summary"], "restored a backup of Harbour Office");
    assert_eq!(revision["author"], "demarc");
    assert_eq!(config["system"]["name"], "Harbour Office");
    assert_eq!(config["spans"][0]["id"], 1);
    let channel = |n: usize| config["lines"][n]["channel"].clone();
    assert_eq!([channel(0), channel(1)], [json!({"span": 2, "slot": 1}), json!({"span": 2, "slot": 4})]);
    assert!(channel(3)["span"].as_u64().unwrap() > 60_000);
    assert_eq!(config["devices"], state(&mut old).0["devices"], "with their passwords");
    // What was learnt is kept for the next start, too.
    let learned: Value = serde_json::from_str(learned).unwrap();
    wait_for("what was learnt", Duration::from_secs(60), || {
        let text = std::fs::read_to_string(new.data().path().join("learned.json")).ok()?;
        (serde_json::from_str::<Value>(&text).ok()? == learned).then_some(())
    });
}

#[test]
fn what_cannot_be_done_is_said_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let passphrase = secret(folder.path());
    let path = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path.display().to_string()
    };
    let mut unit = Demarcd::start();
    let (code, good, err) = run(unit.command(&["backup", "--passphrase-file", &passphrase]), "");
    assert_eq!(code, 0, "{err}");
    let before = state(&mut unit);
    let (file, wrong) = (path("good", &good), path("wrong", "four quiet green lamp\n"));
    let (cut, foreign) = (path("cut", &good[..good.len() / 2]), path("foreign", "[general]\n"));
    let (short, empty) = (path("short", "eleven char\n"), path("empty", "\n"));
    let huge = path("huge", &" ".repeat(13 << 20));
    let nowhere = folder.path().join("no/such/folder").display().to_string();
    for (arguments, code, words) in [
        (vec!["backup", "--passphrase-file", &short], 1, "12–256 characters"),
        (vec!["backup", "--passphrase-file", &empty], 1, "is empty"),
        (vec!["backup", "--passphrase-file", &nowhere], 1, "cannot be read"),
        (vec!["backup", &nowhere, "--passphrase-file", &passphrase], 1, "cannot be written"),
        (vec!["backup"], 1, "no terminal to ask for the passphrase"),
        (vec!["backup", "--passphrase", PASSPHRASE], 2, "unexpected argument"),
        (vec!["restore", &file, "--yes"], 1, "no terminal to ask for the passphrase"),
        (
            vec!["restore", &file, "--yes", "--passphrase-file", &wrong],
            1,
            "not the passphrase of this backup",
        ),
        (vec!["restore", &cut, "--yes", "--passphrase-file", &passphrase], 1, "end of the file is missing"),
        (vec!["restore", &foreign, "--yes", "--passphrase-file", &passphrase], 1, "no backup of a gateway"),
        (vec!["restore", &huge, "--yes", "--passphrase-file", &passphrase], 1, "no backup is so large"),
        (vec!["restore", &nowhere, "--yes", "--passphrase-file", &passphrase], 1, "cannot be read"),
        (
            vec!["restore", "-", "--yes", "--passphrase-file", "-"],
            1,
            "cannot be the backup and the passphrase",
        ),
        (vec!["restore", &file, "--yes", "--dry-run"], 2, "cannot be used with"),
        (vec!["restore", &file, "--map", "2/1"], 2, "2/1=4/2"),
        (
            vec!["restore", &file, "--yes", "--map", "9=1", "--passphrase-file", &passphrase],
            1,
            "nothing at span 9",
        ),
        (
            vec!["restore", &file, "--yes", "--map", "2/1=3/1", "--passphrase-file", &passphrase],
            1,
            "port 3/1 is of another kind",
        ),
    ] {
        let (ended, out, err) = run(unit.command(&arguments), "");
        assert_eq!(ended, code, "{arguments:?}: {err}");
        assert!(err.contains(words) && out.is_empty(), "{arguments:?}: {out}{err}");
    }
    let mut lonely = Command::new(unit.command(&[]).get_program());
    lonely.arg("--data").arg(folder.path()).args(["backup", "--passphrase-file", &passphrase]);
    let (code, _, err) = run(lonely, "");
    assert!(code == 1 && err.contains("no daemon answers"), "{code} {err}");
    assert_eq!(state(&mut unit), before);
    // From standard input, and onto the unit that made it: nothing to do is done, too.
    let (code, _, err) =
        run(unit.command(&["restore", "-", "--yes", "--passphrase-file", &passphrase]), &good);
    assert_eq!(code, 0, "{err}");
    assert_eq!(state(&mut unit), before);
    assert!(!unit.log().contains("lamp"), "{}", unit.log());
}

/// Types at a terminal of its own, each line when its question is there; what stands on the screen, and the exit code.
fn at_a_terminal(command: &Command, lines: &[(&str, &str)]) -> (i32, String) {
    let quoted = |word: &std::ffi::OsStr| format!("'{}'", word.to_str().unwrap());
    let words: Vec<_> =
        std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect();
    let mut child = Command::new("script")
        .args(["-qefc", &words.join(" "), "/dev/null"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("script");
    let (mut keys, mut screen) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut shown = Vec::new();
    let mut octet = [0];
    for (question, line) in lines {
        let from = shown.len();
        while !String::from_utf8_lossy(&shown[from..]).contains(question) {
            let ended = screen.read(&mut octet).unwrap() == 0;
            assert!(!ended, "{question:?} is not asked: {}", String::from_utf8_lossy(&shown));
            shown.push(octet[0]);
        }
        keys.write_all(line.as_bytes()).unwrap();
    }
    screen.read_to_end(&mut shown).unwrap();
    drop(keys);
    (child.wait().unwrap().code().unwrap(), String::from_utf8(shown).unwrap())
}

#[test]
fn a_passphrase_is_asked_for_and_not_shown() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("unit.demarc").display().to_string();
    let typed = format!("{PASSPHRASE}\n");
    let mut unit = Demarcd::start();
    let backup = unit.command(&["backup", &file]);
    let (code, shown) = at_a_terminal(&backup, &[("Passphrase: ", &typed), ("once more: ", "another one\n")]);
    assert!(code == 1 && shown.contains("the two differ"), "{shown}");
    let (code, shown) = at_a_terminal(&backup, &[("Passphrase: ", "four quiet\u{3}")]);
    assert!(code == 1 && shown.contains("given up"), "{shown}");
    assert!(!Path::new(&file).exists());
    let (code, shown) = at_a_terminal(&backup, &[("Passphrase: ", &typed), ("once more: ", &typed)]);
    assert!(code == 0 && !shown.contains("quiet"), "{shown}");

    let before = state(&mut unit);
    let mut config = before.0.clone();
    config["system"]["name"] = json!("Elsewhere");
    assert_eq!(unit.change("PUT", "/api/config", Some(&config)).0, 200);
    let restore = unit.command(&["restore", &file]);
    let answer = |answer| [("Passphrase: ", typed.as_str()), ("[y/N] ", answer)];
    let (code, shown) = at_a_terminal(&restore, &answer("\n"));
    assert!(code == 3 && shown.contains("nothing was changed") && !shown.contains("quiet"), "{shown}");
    assert_eq!(state(&mut unit).0["system"]["name"], "Elsewhere");
    let (code, shown) = at_a_terminal(&restore, &answer("y\n"));
    assert_eq!(code, 0, "{shown}");
    assert_eq!(state(&mut unit).0, before.0);
}
