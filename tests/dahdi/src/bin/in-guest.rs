//! What the laboratory's guest runs: `in-guest SUITE [PART OF A NAME]`.
use demarc_dahdi_tests::check::Checks;
use demarc_dahdi_tests::isdn;
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let suite = arguments.next().unwrap_or_default();
    let mut checks = Checks::new(arguments.next());
    match suite.as_str() {
        "isdn" => isdn::interop::run(&mut checks),
        _ => {
            eprintln!("no such suite: {suite}");
            return ExitCode::from(2);
        }
    }
    if checks.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
