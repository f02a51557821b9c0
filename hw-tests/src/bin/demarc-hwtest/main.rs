//! `demarc-hwtest`: the hardware tests for a technician at a console, a serial one too: plain text, 80
//! columns, and the keys y and n.
#![forbid(unsafe_code)]

mod args;
mod cards;
mod console;
mod gateway;

use args::{Args, Order};
use clap::Parser;
use console::Console;
use demarc_hal::Driver;
use demarc_hwtest::jig::Jig;
use demarc_hwtest::replay::{Ladder, Options};
use demarc_hwtest::{Continue, Plugs, Rig, report};
use demarc_model::hardware_test::{Bench, Inventory, Length, RunRequest, RunState, Verdict};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    match work(Args::parse()) {
        Ok(code) => code,
        Err(error) => {
            eprintln!("demarc-hwtest: {error}");
            ExitCode::from(2)
        }
    }
}

fn work(args: Args) -> Result<ExitCode, String> {
    match args.order {
        Order::List => {
            for test in demarc_hwtest::list() {
                println!(
                    "{:<10} {:<20} {:>4} s, {} s quickly",
                    test.id, test.title, test.seconds.0, test.seconds.1
                );
                console::wrap(&test.about, "           ").iter().for_each(|line| println!("{line}"));
            }
            Ok(ExitCode::SUCCESS)
        }
        Order::Inventory { cards } => {
            let opened = cards::open(cards)?;
            let inventory = demarc_hwtest::inventory(&*opened.driver);
            #[derive(serde::Serialize)]
            struct Part {
                inventory: Inventory,
            }
            let text = toml::to_string_pretty(&Part { inventory });
            print!("{}", text.map_err(|error| error.to_string())?);
            Ok(ExitCode::SUCCESS)
        }
        Order::Run(run) => self::run(&run),
        Order::Replay(replay) => self::replay(&replay),
    }
}

fn run(args: &args::Run) -> Result<ExitCode, String> {
    let length = if args.quick { Length::Quick } else { Length::Thorough };
    let request = |mut bench: Bench| {
        if let Some(serial) = &args.serial {
            bench.unit.clone_from(serial);
        }
        RunRequest { tests: args.tests.clone(), spans: Vec::new(), length, bench }
    };
    let mut console = Console::new()?;
    if let Some(data) = &args.gateway {
        let bench = args.bench.as_deref().map(read_bench).transpose()?.unwrap_or_default();
        let state = gateway::run(data, &request(bench), &mut |state| console.show(state))?;
        console.end(&state);
        return reports(&state, &args.reports);
    }
    let cards::Opened { mut driver, mut time, bench } = cards::open(args.cards)?;
    let request = request(match &args.bench {
        Some(path) => read_bench(path)?,
        None => bench.unwrap_or_default(),
    });
    demarc_hwtest::check(&request, &*driver)?;
    let mut jig = request.bench.jig.as_ref().map(Jig::open).transpose()?;
    let folder = args.files.clone();
    let mut keep = |name: &str, octets: &[u8]| {
        std::fs::write(folder.join(name), octets).map_err(|error| format!("{}: {error}", folder.display()))
    };
    let mut rig = Rig {
        driver: &mut *driver as &mut dyn Driver,
        alone: true,
        time: &mut *time,
        settings: BTreeMap::new(),
        former: request.bench.inventory.clone(),
        plugs: jig.as_mut().map(|jig| jig as &mut dyn Plugs),
        keep: &mut keep,
        began_at: cards::unix_ms(),
    };
    let mut told = |state: &_| -> Continue { console.show(state) };
    let state = demarc_hwtest::run(&request, &mut rig, &mut told);
    console.end(&state);
    reports(&state, &args.reports)
}

fn replay(args: &args::Replay) -> Result<ExitCode, String> {
    let mut bench = read_bench(&args.bench)?;
    if let Some(serial) = &args.serial {
        bench.unit.clone_from(serial);
    }
    let ladders = args.ladders.iter().map(|path| {
        let text = std::fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
        Ladder::parse(&text).map_err(|error| format!("{}, {error}", path.display()))
    });
    let ladders = ladders.collect::<Result<Vec<Ladder>, String>>()?;
    for ladder in ladders.iter().filter(|ladder| !ladder.head.is_empty()) {
        println!("{}\n        wants: {}", ladder.title, ladder.head.join("; "));
    }
    let cards::Opened { mut driver, mut time, .. } = cards::open(args::Cards::Dahdi)?;
    let (at, tolerance, others) = (args.at.clone(), args.tolerance, args.others);
    let options = Options { bench, at, tolerance, others };
    let mut console = Console::new()?;
    let mut rig = Rig {
        driver: &mut *driver as &mut dyn Driver,
        alone: true,
        time: &mut *time,
        settings: BTreeMap::new(),
        former: None,
        plugs: None,
        keep: &mut |_, _| Ok(()),
        began_at: cards::unix_ms(),
    };
    let mut told = |state: &_| -> Continue { console.show(state) };
    let state = demarc_hwtest::replay::replay(&ladders, &options, &mut rig, &mut told);
    console.end(&state);
    reports(&state, &args.reports)
}

/// Writes the reports that are asked for, and says how it went.
fn reports(state: &RunState, paths: &args::Reports) -> Result<ExitCode, String> {
    let version = env!("CARGO_PKG_VERSION");
    let write = |path: &Option<std::path::PathBuf>, octets: &dyn Fn() -> Result<Vec<u8>, String>| match path {
        None => Ok(()),
        Some(path) => {
            let octets = octets()?;
            std::fs::write(path, octets).map_err(|error| format!("{}: {error}", path.display()))
        }
    };
    write(&paths.json, &|| report::json(state).map_err(|error| error.to_string()))?;
    write(&paths.html, &|| Ok(report::html(state, version).into_bytes()))?;
    write(&paths.pdf, &|| Ok(report::pdf(state, version)))?;
    let good = report::verdict(state) == Verdict::Passed;
    Ok(if good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn read_bench(path: &Path) -> Result<Bench, String> {
    let text = std::fs::read_to_string(path).map_err(|error| {
        format!(
            "{} cannot be read: {error}. Begin with a copy of hw-tests/bench.example.toml.",
            path.display()
        )
    })?;
    demarc_hwtest::bench::parse(&text).map_err(|error| format!("{}, {error}", path.display()))
}
