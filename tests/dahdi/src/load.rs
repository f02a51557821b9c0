//! How busy the guest is, in its own time.

use std::fs;

/// Ticks of the machine since it began, by what they were spent on.
#[derive(Debug, Clone, Copy)]
pub struct Load {
    all: u64,
    idle: u64,
    interrupts: u64,
}

impl Load {
    /// Now.
    pub fn now() -> Self {
        let stat = fs::read_to_string("/proc/stat").expect("/proc/stat");
        let first = stat.lines().next().unwrap_or_default();
        // cpu user nice system idle iowait irq softirq …
        let ticks: Vec<u64> = first.split_whitespace().skip(1).filter_map(|word| word.parse().ok()).collect();
        Self { all: ticks.iter().sum(), idle: ticks[3] + ticks[4], interrupts: ticks[5] + ticks[6] }
    }

    /// Shares of the time since then, in percent: idle, and in interrupts (where DAHDI does its work).
    pub fn since(self, before: Self) -> (u64, u64) {
        let all = (self.all - before.all).max(1);
        ((self.idle - before.idle) * 100 / all, (self.interrupts - before.interrupts) * 100 / all)
    }
}
