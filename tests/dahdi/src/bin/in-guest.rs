//! What the laboratory's guest runs: `in-guest SUITE[,SUITE…] [PART OF A NAME]`, or `in-guest outside`.
use demarc_dahdi_tests::check::Checks;
use demarc_dahdi_tests::{analog, bulk, conformance, gateway, isdn, r2, trouble};
use std::process::ExitCode;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let suites = arguments.next().unwrap_or_default();
    let mut checks = Checks::new(arguments.next());
    type Suite = fn(&mut Checks);
    const SUITES: [(&str, Suite); 14] = [
        ("conformance", conformance::run),
        ("interop", isdn::interop::run),
        ("pri", isdn::calls::run),
        ("r2", r2::run),
        ("analog", analog::run),
        ("bulk", bulk::run),
        ("trouble", trouble::run),
        ("plug-in", gateway::plug_in::run),
        ("gateway-isdn", gateway::isdn::run),
        ("gateway-analog", gateway::analog::run),
        ("gateway-telephone", gateway::telephone::run),
        ("gateway-replay", gateway::replay::run),
        ("gateway-load", gateway::load::run),
        ("gateway-delay", gateway::delay::run),
    ];
    if suites == "outside" {
        gateway::outside::serve();
        return ExitCode::SUCCESS;
    }
    for suite in suites.split(',') {
        let Some((_, run)) = SUITES.iter().find(|(name, _)| *name == suite) else {
            eprintln!("no such suite: {suite}");
            return ExitCode::from(2);
        };
        run(&mut checks);
    }
    if checks.finish() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
