//! What the laboratory's guest runs: `in-guest SUITE [PART OF A NAME]`.
use demarc_dahdi_tests::check::Checks;
use demarc_dahdi_tests::{analog, bulk, conformance, isdn, r2, trouble};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let suite = arguments.next().unwrap_or_default();
    let mut checks = Checks::new(arguments.next());
    type Suite = fn(&mut Checks);
    const SUITES: [(&str, Suite); 7] = [
        ("conformance", conformance::run),
        ("interop", isdn::interop::run),
        ("pri", isdn::calls::run),
        ("r2", r2::run),
        ("analog", analog::run),
        ("bulk", bulk::run),
        ("trouble", trouble::run),
    ];
    match suite.as_str() {
        "all" => SUITES.iter().for_each(|(_, run)| run(&mut checks)),
        name if SUITES.iter().any(|(own, _)| *own == name) => {
            SUITES.iter().filter(|(own, _)| *own == name).for_each(|(_, run)| run(&mut checks));
        }
        _ => {
            eprintln!("no such suite: {suite}");
            return ExitCode::from(2);
        }
    }
    if checks.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
