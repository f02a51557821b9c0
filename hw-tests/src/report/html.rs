//! One page that needs nothing else.

use super::{date, heading, summary, verdict, word, written};
use demarc_model::hardware_test::{RunState, StepResult, Verdict};

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2rem auto;max-width:52rem;padding:0 1rem;\
color:#1b1f24;background:#fff}h1{font-size:1.5rem;margin:0}h2{font-size:1rem;margin:0}\
.whole{font-size:1.1rem;font-weight:600;margin:.4rem 0 1.6rem}section{border-top:1px solid #d5d9de;\
padding:.8rem 0;break-inside:avoid}.verdict{float:right;font-weight:600;font-size:.8rem;padding:.1rem .5rem;\
border-radius:.3rem;border:1px solid}.passed{color:#0b6b2e}.failed{color:#b00020}.skipped{color:#5a6270}\
p{margin:.3rem 0}.remedy{font-weight:600}ul{margin:.3rem 0;padding-left:1.2rem;color:#3b424c;font-size:.88rem}";

/// The report as a page.
pub fn html(run: &RunState, version: &str) -> String {
    let unit = if run.unit.is_empty() { "a unit without a serial number" } else { &run.unit };
    let whole = verdict(run);
    let sections: String = run.results.iter().map(section).collect();
    format!(
        "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>Hardware tests of {unit}</title>\
         <style>{STYLE}</style></head><body>\n<h1>Hardware tests of {unit}</h1>\n\
         <p>{} · Demarc {}</p>\n<p class=\"whole {}\">{}: {}</p>\n{sections}</body></html>\n",
        date(run.began_at),
        escape(version),
        class(whole),
        word(whole),
        summary(run),
        unit = escape(unit),
    )
}

fn section(result: &StepResult) -> String {
    let mut text = format!(
        "<section><span class=\"verdict {}\">{}</span><h2>{}</h2>\n<p>{}</p>\n",
        class(result.verdict),
        word(result.verdict),
        escape(&heading(result)),
        escape(&result.reason)
    );
    if !result.remedy.is_empty() {
        text += &format!("<p class=\"remedy\">{}</p>\n", escape(&result.remedy));
    }
    let lines =
        result.values.iter().map(written).chain(result.files.iter().map(|file| format!("file: {file}")));
    let lines: String = lines.map(|line| format!("<li>{}</li>", escape(&line))).collect();
    if !lines.is_empty() {
        text += &format!("<ul>{lines}</ul>\n");
    }
    text + "</section>\n"
}

const fn class(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Passed => "passed",
        Verdict::Failed => "failed",
        Verdict::Skipped => "skipped",
    }
}

fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn the_page_says_everything_and_trusts_nobody() {
        let mut run = sample();
        run.unit = "<script>alert(1)</script>".into();
        let page = html(&run, "0.1.0");
        for part in [
            "&lt;script&gt;",
            "FAILED: 1 passed, 1 failed",
            "Swap the &lt;cable&gt;",
            "2.50e-7",
            "2026-11-21",
        ] {
            assert!(page.contains(part), "{part}: {page}");
        }
        assert!(!page.contains("<script") && !page.contains("http"));
    }
}
