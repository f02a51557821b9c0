//! What the guest's processor was spent on. The kernel's ticks do not tell: whatever begins with the
//! cards' own tick is over before the next one. The scheduler counts in nanoseconds.

use std::collections::BTreeMap;
use std::fs;
use std::time::Duration;

/// Time that each thread of a process has had the processor. In virtual time a nanosecond is an instruction.
#[derive(Debug)]
pub struct Spent(BTreeMap<String, (String, Duration)>);

impl Spent {
    /// So far.
    pub fn by(process: u32) -> Self {
        let tasks = fs::read_dir(format!("/proc/{process}/task")).expect("its threads").flatten();
        let figures = tasks.filter_map(|task| {
            let name = fs::read_to_string(task.path().join("comm")).ok()?.trim_end().to_owned();
            let spent = first(&fs::read_to_string(task.path().join("schedstat")).ok()?)?;
            Some((task.file_name().to_string_lossy().into_owned(), (name, Duration::from_nanos(spent))))
        });
        Self(figures.collect())
    }

    /// Since then, by the threads whose names end so. What a thread spent that has ended meanwhile is not known.
    pub fn since(&self, before: &Self, name: &str) -> Duration {
        let before = |task| before.0.get(task).map_or(Duration::ZERO, |(_, spent)| *spent);
        let named = self.0.iter().filter(|(_, (this, _))| this.ends_with(name));
        named.map(|(task, (_, spent))| *spent - before(task)).sum()
    }
}

fn first(text: &str) -> Option<u64> {
    text.split_whitespace().next()?.parse().ok()
}
