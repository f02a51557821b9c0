//! The findings about one subject, and which of them have changed.

use demarc_model::country::Confidence;
use demarc_model::{Finding, Grade, Setting, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// A page for each setting.
#[derive(Debug)]
pub(crate) struct Notebook {
    subject: Subject,
    pinned: BTreeSet<Setting>,
    pages: BTreeMap<Setting, Finding>,
    changed: BTreeSet<Setting>,
}

impl Notebook {
    pub(crate) fn new(subject: Subject) -> Self {
        Self { subject, pinned: BTreeSet::new(), pages: BTreeMap::new(), changed: BTreeSet::new() }
    }

    /// What the admin has pinned from now on.
    pub(crate) fn pin(&mut self, pinned: BTreeSet<Setting>) {
        for (setting, page) in &mut self.pages {
            let is = pinned.contains(setting);
            if page.pinned != is {
                page.pinned = is;
                self.changed.insert(*setting);
            }
        }
        self.pinned = pinned;
    }

    pub(crate) fn is_pinned(&self, setting: Setting) -> bool {
        self.pinned.contains(&setting)
    }

    /// Writes down what is known of a setting now, and one more thing that was seen.
    pub(crate) fn note(
        &mut self,
        setting: Setting,
        value: Option<String>,
        (grade, confidence): (Grade, Confidence),
        seen: impl Into<String>,
    ) {
        let page = self.pages.entry(setting).or_insert_with(|| Finding {
            subject: self.subject,
            setting,
            value: None,
            grade: Grade::Country,
            evidence: Vec::new(),
            confidence: Confidence::Low,
            pinned: self.pinned.contains(&setting),
        });
        let seen = seen.into();
        let known = page.evidence.contains(&seen);
        if known && (&page.value, page.grade, page.confidence) == (&value, grade, confidence) {
            return;
        }
        (page.value, page.grade, page.confidence) = (value, grade, confidence);
        if !known {
            if page.evidence.len() >= Finding::SENTENCES {
                page.evidence.remove(0);
            }
            page.evidence.push(seen);
        }
        self.changed.insert(setting);
    }

    /// Adds what was seen, whatever it says about the value.
    pub(crate) fn remark(&mut self, setting: Setting, seen: impl Into<String>) {
        let page = self.pages.get(&setting);
        let value = page.and_then(|page| page.value.clone());
        let how = page.map_or((Grade::Country, Confidence::Low), |page| (page.grade, page.confidence));
        self.note(setting, value, how, seen);
    }

    /// How the value of a setting was found out, if it was.
    pub(crate) fn grade(&self, setting: Setting) -> Option<Grade> {
        self.pages.get(&setting).map(|page| page.grade)
    }

    /// The next finding that has changed.
    pub(crate) fn poll(&mut self) -> Option<Finding> {
        let setting = self.changed.pop_first()?;
        self.pages.get(&setting).cloned()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &Finding> {
        self.pages.values()
    }
}
