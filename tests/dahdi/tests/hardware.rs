//! The technician's tests on the real kernel: the whole suite passes over the cross-connected spans, and the
//! right test fails, with the right remedy, when the bench says something that is not so. Ladders are
//! replayed from the far ends of the ports of a gateway that runs beside them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use demarc_dahdi_tests::lab::{Boot, program};
use serde_json::Value;
use std::fmt::Write;
use std::path::Path;

/// The E1 pair as a crossover cable, two timeslots of the T1 pair as pairs of wires.
fn bench(a_side: &str, fxo: [&str; 2]) -> String {
    let mut text = format!("unit = \"the laboratory\"\n[[span]]\na = 1\nb = 2\na_side = \"{a_side}\"\n");
    for (fxs, fxo) in ["3/1", "3/2"].iter().zip(fxo) {
        write!(text, "[[pair]]\nfxs = \"{fxs}\"\nfxo = \"{fxo}\"\n").unwrap();
    }
    text
}

fn results(folder: &Path, name: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(name)).unwrap();
    let state: Value = serde_json::from_str(&text).unwrap();
    state["results"].as_array().unwrap().clone()
}

/// The first step failed, and says these things.
fn failed(steps: &[Value], reason: &str, remedy: &str) {
    let step = &steps[0];
    assert_eq!(step["verdict"], "failed", "{step}");
    assert!(step["reason"].as_str().unwrap().contains(reason), "{step}");
    assert!(step["remedy"].as_str().unwrap().contains(remedy), "{step}");
}

#[test]
fn the_suite_passes_and_a_wrong_bench_does_not() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: String| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let right = file("right.toml", bench("network", ["4/1", "4/2"]));
    let swapped = file("swapped.toml", bench("network", ["4/2", "4/1"]));
    let sides = file("sides.toml", bench("user", ["4/1", "4/2"]));
    let run = "/lab/demarc-hwtest run --quick --files /out --bench /lab";
    let script = format!(
        "{run}/right.toml --json /out/right.json --html /out/right.html --pdf /out/right.pdf; right=$?
         {run}/swapped.toml --json /out/swapped.json fxs; swapped=$?
         {run}/sides.toml --json /out/sides.json dchannel; sides=$?
         test $right = 0 -a $swapped = 1 -a $sides = 1"
    );
    let boot = Boot::new("e1x2,t1x2").with(&program("demarc-hwtest")).option(&["--timeout", "900"]);
    let left = boot.with(&right).with(&swapped).with(&sides).run("sh", &["-c", &script]);
    left.check();

    let out = left.out.path();
    let steps = results(out, "right.json");
    let tests: std::collections::BTreeSet<&str> =
        steps.iter().map(|step| step["test"].as_str().unwrap()).collect();
    assert_eq!(tests.len(), 17, "{tests:?}");
    for step in &steps {
        // A plug is the only thing that the kernel's own cables have not.
        let wanted = if step["test"] == "plug" { "skipped" } else { "passed" };
        assert_eq!(step["verdict"], wanted, "{step:#}");
    }
    assert!(
        std::fs::read_to_string(out.join("right.html")).unwrap().contains("Hardware tests of the laboratory")
    );
    assert!(std::fs::read(out.join("right.pdf")).unwrap().starts_with(b"%PDF"));
    failed(&results(out, "swapped.json"), "FXS 3/1 rings FXO 4/1 instead of FXO 4/2", "Swap the pairs");
    failed(&results(out, "sides.json"), "Wrong side", "to network");
}

#[test]
fn ladders_are_replayed_from_the_far_ends_of_a_gateway() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    // Spans 2 and 3 are the gateway's, 1 and 4 ours.
    let pair = |fxs, fxo| format!("[[pair]]\nfxs = \"{fxs}\"\nfxo = \"{fxo}\"\n");
    let pairs = [("1/1", "2/1"), ("1/2", "2/2"), ("3/1", "4/1"), ("3/2", "4/2")];
    let bench = file("replay.toml", &pairs.map(|(fxs, fxo)| pair(fxs, fxo)).concat());
    let wrong = file(
        "not-so.ladder",
        "# Busy tone where there is dial tone.\n\n  0.000 → line 3/1 OffHook\n  \
         0.000 ← media 3/1 hears 400 Hz 375,375ms\n  1.000 → line 3/1 OnHook\n",
    );
    let mut boot = Boot::new("t1x2,t1x2").with_gateway().with(&program("demarc-hwtest"));
    let ladders = [
        "fxs/lifted-and-put-down",
        "fxs/wrong-number",
        "fxs/analog-to-analog",
        "fxs_second_call/hold-of-a-service",
        "fxs/out-by-a-line",
    ];
    for name in ladders {
        boot = boot.with(&Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../ladders/{name}.ladder")));
    }
    let left = boot.with(&bench).with(&wrong).run(env!("CARGO_BIN_EXE_in-guest"), &["gateway-replay"]);
    left.check();
    let steps = results(left.out.path(), "replay.json");
    assert_eq!(steps.len(), ladders.len());
    for step in &steps {
        assert_eq!(step["verdict"], "passed", "{step:#}");
    }
}
