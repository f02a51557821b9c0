//! How well media hear: keys (ITU-T Q.24), talk-off, caller identity, tones in speech.
//!
//! `cargo run --release -p demarc-media --example figures`
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/lab/mod.rs"]
mod lab;

fn main() {
    println!("Keys of 40 to 100 ms, ITU-T Q.24, in each law:");
    for figure in lab::keys::q24() {
        println!("  {figure}");
    }
    println!("Talk-off, speech of asterisk-core-sounds:");
    let speech = lab::speech::minutes(60);
    for gain_db in [-6.0, 0.0, 6.0] {
        println!(
            "  60 minutes at {gain_db:+} dB: {} false keys",
            lab::keys::talk_off(&speech, gain_db).len()
        );
    }
    println!("Caller identity, 100 calls a form, at −30 dBm0, with 20 dB of signal over noise:");
    for figure in lab::identity::figures(-30.0, 20.0) {
        println!("  {figure}");
    }
    println!("Tones in 10 minutes of speech:");
    let mut total = 0;
    for country in demarc_model::Country::ALL {
        let heard = lab::tones::in_speech(country, &speech[..10 * 60 * 8000]);
        total += heard.len();
        if !heard.is_empty() {
            println!("  {country:?}: {heard:?}");
        }
    }
    println!("  {total} false tones in {} countries", demarc_model::Country::ALL.len());
}
