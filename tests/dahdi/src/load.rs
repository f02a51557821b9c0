//! What the guest's processor was spent on. The kernel's ticks do not tell: whatever begins with the
//! cards' own tick is over before the next one. The scheduler counts in nanoseconds.

use std::fs;
use std::time::Duration;

/// Time that a process has had the processor, all its threads together. In virtual time a nanosecond
/// is an instruction.
pub fn spent(process: u32) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("its threads").flatten();
    let texts = tasks.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    Duration::from_nanos(texts.filter_map(|text| first(&text)).sum())
}

/// As [`spent`], of one thread by its name.
pub fn spent_by(process: u32, thread: &str) -> Duration {
    let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("its threads").flatten();
    let named = tasks.filter(|task| {
        fs::read_to_string(task.path().join("comm")).is_ok_and(|name| name.trim_end().ends_with(thread))
    });
    let texts = named.filter_map(|task| fs::read_to_string(task.path().join("schedstat")).ok());
    Duration::from_nanos(texts.filter_map(|text| first(&text)).sum())
}

fn first(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
