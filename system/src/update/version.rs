//! Which of two versions is older (Semantic Versioning §11). Sans-IO.

use std::cmp::Ordering;

/// Is `candidate` older than `running`?
pub fn is_older(candidate: &str, running: &str) -> bool {
    compare(candidate, running) == Ordering::Less
}

fn compare(a: &str, b: &str) -> Ordering {
    let split = |version: &str| {
        let version = version.trim().trim_start_matches('v').split('+').next().unwrap_or_default().to_owned();
        match version.split_once('-') {
            Some((numbers, pre)) => (numbers.to_owned(), Some(pre.to_owned())),
            None => (version, None),
        }
    };
    let ((a, a_pre), (b, b_pre)) = (split(a), split(b));
    parts(&a, &b).then_with(|| match (a_pre, b_pre) {
        (None, None) => Ordering::Equal,
        // What comes before a release is older than it.
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(a), Some(b)) => parts(&a, &b),
    })
}

/// Part by part; a missing one is 0, so that 1.2 is 1.2.0.
fn parts(a: &str, b: &str) -> Ordering {
    let (a, b): (Vec<_>, Vec<_>) = (a.split('.').collect(), b.split('.').collect());
    for i in 0..a.len().max(b.len()) {
        let (a, b) = (a.get(i).copied().unwrap_or("0"), b.get(i).copied().unwrap_or("0"));
        let order = match (a.parse::<u64>(), b.parse::<u64>()) {
            (Ok(a), Ok(b)) => a.cmp(&b),
            (Ok(_), Err(_)) => Ordering::Less,
            (Err(_), Ok(_)) => Ordering::Greater,
            (Err(_), Err(_)) => a.cmp(b),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn older_newer_same() {
        for (old, new) in [
            ("0.9.9", "0.10.0"),
            ("1.2", "1.2.1"),
            ("1.0.0-rc.2", "1.0.0"),
            ("1.0.0-rc.2", "1.0.0-rc.10"),
            ("v1.0", "2.0"),
        ] {
            assert!(is_older(old, new) && !is_older(new, old), "{old} {new}");
        }
        for (a, b) in [("1.2", "1.2.0"), ("1.2.0+a", "1.2.0+b"), ("1.2.3", "1.2.3")] {
            assert!(!is_older(a, b) && !is_older(b, a), "{a} {b}");
        }
    }
}
