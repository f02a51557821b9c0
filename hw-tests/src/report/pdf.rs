//! The report on paper: A4, in Helvetica, which every reader of PDF has.

use super::{date, heading, summary, verdict, word, written};
use demarc_model::hardware_test::{RunState, Verdict};
use pdf_writer::{Content, Finish, Name, Pdf, Rect, Ref, Str, TextStr};

const WIDTH: f32 = 595.0;
const HEIGHT: f32 = 842.0;
const MARGIN: f32 = 56.0;
/// Pages at most: a run of thousands of steps is read as JSON.
const PAGES: usize = 400;

/// A line of text and how it looks.
struct Row {
    text: String,
    size: f32,
    bold: bool,
    /// Red, green, blue.
    colour: [f32; 3],
    /// Space above it.
    above: f32,
    indent: f32,
}

const INK: [f32; 3] = [0.11, 0.12, 0.14];
const GREY: [f32; 3] = [0.35, 0.38, 0.44];

const fn colour(verdict: Verdict) -> [f32; 3] {
    match verdict {
        Verdict::Passed => [0.04, 0.42, 0.18],
        Verdict::Failed => [0.69, 0.0, 0.13],
        Verdict::Skipped => GREY,
    }
}

/// The report as a PDF.
pub fn pdf(run: &RunState, version: &str) -> Vec<u8> {
    let pages = pages(&rows(run, version));
    let mut pdf = Pdf::new();
    let mut next = 0;
    let mut fresh = || {
        next += 1;
        Ref::new(next)
    };
    let (catalog, tree, regular, bold, info) = (fresh(), fresh(), fresh(), fresh(), fresh());
    let ids: Vec<(Ref, Ref)> = pages.iter().map(|_| (fresh(), fresh())).collect();
    pdf.catalog(catalog).pages(tree);
    let title = format!("Hardware tests of {}", run.unit);
    pdf.document_info(info).title(TextStr(&title)).producer(TextStr("Demarc"));
    let count = i32::try_from(ids.len()).unwrap_or(i32::MAX);
    pdf.pages(tree).kids(ids.iter().map(|(page, _)| *page)).count(count);
    for (font, name) in [(regular, "Helvetica"), (bold, "Helvetica-Bold")] {
        let mut font = pdf.type1_font(font);
        font.base_font(Name(name.as_bytes()));
        font.encoding_predefined(Name(b"WinAnsiEncoding"));
    }
    for ((page_id, content_id), content) in ids.iter().zip(pages) {
        let mut page = pdf.page(*page_id);
        page.media_box(Rect::new(0.0, 0.0, WIDTH, HEIGHT)).parent(tree).contents(*content_id);
        page.resources().fonts().pair(Name(b"R"), regular).pair(Name(b"B"), bold);
        page.finish();
        pdf.stream(*content_id, &content);
    }
    pdf.finish()
}

fn rows(run: &RunState, version: &str) -> Vec<Row> {
    let unit = if run.unit.is_empty() { "a unit without a serial number" } else { &run.unit };
    let mut rows = Vec::new();
    let mut row = |text: &str, size: f32, bold: bool, colour: [f32; 3], above: f32, indent: f32| {
        let mut above = above;
        for text in wrapped(text, size, bold, WIDTH - 2.0 * MARGIN - indent) {
            rows.push(Row { text, size, bold, colour, above, indent });
            above = 0.0;
        }
    };
    row(&format!("Hardware tests of {unit}"), 17.0, true, INK, 0.0, 0.0);
    row(&format!("{} - Demarc {version}", date(run.began_at)), 10.0, false, GREY, 4.0, 0.0);
    let whole = verdict(run);
    row(&format!("{}: {}", word(whole), summary(run)), 12.0, true, colour(whole), 8.0, 0.0);
    for result in &run.results {
        row(
            &format!("{}  {}", word(result.verdict), heading(result)),
            11.0,
            true,
            colour(result.verdict),
            14.0,
            0.0,
        );
        row(&result.reason, 10.0, false, INK, 2.0, 0.0);
        if !result.remedy.is_empty() {
            row(&result.remedy, 10.0, true, INK, 1.0, 0.0);
        }
        for value in &result.values {
            row(&written(value), 9.0, false, GREY, 1.0, 12.0);
        }
        for file in &result.files {
            row(&format!("file: {file}"), 9.0, false, GREY, 1.0, 12.0);
        }
    }
    rows
}

/// Rows laid out on pages.
fn pages(rows: &[Row]) -> Vec<Vec<u8>> {
    let mut pages = Vec::new();
    let (mut content, mut y) = (Content::new(), HEIGHT - MARGIN);
    for row in rows {
        let height = row.size * 1.3 + row.above;
        if y - height < MARGIN {
            pages.push(std::mem::replace(&mut content, Content::new()).finish().to_vec());
            y = HEIGHT - MARGIN;
            if pages.len() >= PAGES {
                return pages;
            }
        }
        y -= height;
        let [red, green, blue] = row.colour;
        content.begin_text();
        content.set_font(Name(if row.bold { b"B" } else { b"R" }), row.size);
        content.set_fill_rgb(red, green, blue);
        content.next_line(MARGIN + row.indent, y);
        content.show(Str(&win_ansi(&row.text)));
        content.end_text();
    }
    pages.push(content.finish().to_vec());
    pages
}

/// Letters as the font knows them; others become a question mark.
fn win_ansi(text: &str) -> Vec<u8> {
    let letter = |letter: char| match letter {
        ' '..='~' => u8::try_from(letter).unwrap_or(b'?'),
        '\u{2013}' | '\u{2014}' => b'-',
        '\u{2018}' | '\u{2019}' => b'\'',
        '\u{A1}'..='\u{FF}' => u8::try_from(u32::from(letter)).unwrap_or(b'?'),
        _ => b'?',
    };
    text.chars().map(letter).collect()
}

/// How wide a letter is, in thousandths of its size: rounded up from Helvetica's metrics.
const fn width(letter: char, bold: bool) -> f32 {
    let regular = match letter {
        'i' | 'j' | 'l' | '\'' | '|' => 230.0,
        ' ' | '!' | ',' | '.' | '/' | ':' | ';' | 'I' | 'f' | 't' | '[' | ']' => 280.0,
        '(' | ')' | '-' | 'r' | '"' => 360.0,
        'c' | 'k' | 's' | 'v' | 'x' | 'y' | 'z' | 'J' => 500.0,
        'm' | 'M' | 'w' | 'W' | '@' | '%' => 950.0,
        'A'..='Z' => 740.0,
        _ => 560.0,
    };
    if bold { regular + 55.0 } else { regular }
}

/// Lines no wider than this.
fn wrapped(text: &str, size: f32, bold: bool, most: f32) -> Vec<String> {
    let wide = |text: &str| text.chars().map(|letter| width(letter, bold)).sum::<f32>() * size / 1000.0;
    let mut lines = vec![String::new()];
    for word in text.split_whitespace() {
        let Some(line) = lines.last_mut() else { continue };
        if line.is_empty() {
            word.clone_into(line);
        } else if wide(line) + wide(word) + width(' ', bold) * size / 1000.0 <= most {
            line.push(' ');
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::tests::sample;
    use super::*;

    #[test]
    fn a_report_is_a_pdf_with_its_words() {
        let file = pdf(&sample(), "0.1.0");
        let text = String::from_utf8_lossy(&file);
        assert!(text.starts_with("%PDF-1.7") && text.trim_end().ends_with("%%EOF"));
        for part in ["Hardware tests of DM-000123", "FAILED", "2.50e-7", "/Helvetica-Bold", "/Count 1"] {
            assert!(text.contains(part), "{part}");
        }
    }

    #[test]
    fn long_runs_take_more_pages_and_long_lines_are_wrapped() {
        let mut run = sample();
        let long = "a cable that is much longer than anybody would think ".repeat(6);
        run.results.iter_mut().for_each(|result| result.reason.clone_from(&long));
        run.results = std::iter::repeat_n(run.results.clone(), 20).flatten().collect();
        let file = pdf(&run, "0.1.0");
        let text = String::from_utf8_lossy(&file);
        assert!(!text.contains("/Count 1\n") && text.contains("/Count "));
        for line in wrapped(&long, 10.0, false, 400.0) {
            assert!(line.len() < 110, "{line}");
        }
    }
}
