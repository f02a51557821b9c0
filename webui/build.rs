//! A release binary carries the web UI inside, so it is built anew when the UI was. A debug binary
//! reads the files from disk and needs no rebuild.

fn main() {
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    println!("cargo:rerun-if-changed={}", if release { "dist" } else { "build.rs" });
}
