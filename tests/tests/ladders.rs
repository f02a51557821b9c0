//! Every ladder in `tests/ladders` is played, and must come out as it is written.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::PathBuf;

#[test]
fn every_ladder_comes_out_as_it_is_written() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("ladders");
    let mut files: Vec<_> = walk(&folder);
    files.sort();
    let mut wrong = Vec::new();
    for file in &files {
        let text = std::fs::read_to_string(file).unwrap();
        let played = std::panic::catch_unwind(|| demarc_tests::ladder::play(&text));
        let name = file.strip_prefix(&folder).unwrap().display().to_string();
        match played {
            Err(_) => wrong.push(format!("{name}: see above")),
            Ok(played) if played != text => {
                if std::env::var_os("UPDATE_LADDERS").is_some() {
                    std::fs::write(file, played).unwrap();
                } else {
                    wrong.push(format!("{name}:\n{}", difference(&text, &played)));
                }
            }
            Ok(_) => {}
        }
    }
    assert!(files.len() >= 60, "there are only {} ladders", files.len());
    assert!(wrong.is_empty(), "{} of {} ladders\n\n{}", wrong.len(), files.len(), wrong.join("\n\n"));
}

fn walk(folder: &PathBuf) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries
        .flat_map(|path| if path.is_dir() { walk(&path) } else { vec![path] })
        .filter(|path| path.extension().is_some_and(|kind| kind == "ladder"))
        .collect()
}

fn difference(expected: &str, played: &str) -> String {
    similar::TextDiff::from_lines(expected, played).unified_diff().context_radius(3).to_string()
}
