//! Call records: search, and export as CSV (RFC 4180).

use crate::body::{Id, Parameters};
use crate::problem::{Code, Problem, ProblemField, ProblemSource};
use crate::state::Api;
use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use demarc_model::record::CallRecord;
use demarc_model::{CallId, Cause};
use demarc_store::CallRecordFilter;
use futures_util::stream;
use serde::{Deserialize, Serialize};
use std::fmt::Write;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

const DEFAULT_LIMIT: u32 = 50;
const MAX_LIMIT: u32 = 500;
/// Records read at a time for an export.
const EXPORT_PAGE: u32 = 1000;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_call_records))
        .routes(routes!(export_call_records))
        .routes(routes!(get_call_record))
}

/// What to look for; everything that is given must hold.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
struct Search {
    /// Part of a number or name, of the caller or the called.
    text: Option<String>,
    /// Began at or after, in milliseconds since 1970 UTC.
    from_ms: Option<u64>,
    /// Began before, in milliseconds since 1970 UTC.
    to_ms: Option<u64>,
    /// Ended with this Q.850 cause, 1–127.
    #[param(minimum = 1, maximum = 127)]
    cause: Option<u8>,
    /// Was answered, or was not.
    answered: Option<bool>,
    /// Only calls older than this one: `next` of the page before.
    before: Option<u64>,
    /// How many, 1–500; 50 unless told.
    #[param(minimum = 1, maximum = 500)]
    limit: Option<u32>,
}

impl Search {
    fn filter(&self) -> Result<CallRecordFilter, Problem> {
        let cause = match self.cause.map(Cause::new) {
            Some(None) => return Err(wrong("cause", "must be 1–127")),
            cause => cause.flatten(),
        };
        Ok(CallRecordFilter {
            text: self.text.as_deref().map(bare).filter(|text| !text.is_empty()),
            from_ms: self.from_ms,
            to_ms: self.to_ms,
            cause,
            answered: self.answered,
            before: self.before.map(CallId),
        })
    }

    fn limit(&self) -> Result<u32, Problem> {
        match self.limit.unwrap_or(DEFAULT_LIMIT) {
            limit @ 1..=MAX_LIMIT => Ok(limit),
            _ => Err(wrong("limit", "must be 1–500")),
        }
    }
}

/// A page of call records, newest first.
#[derive(Debug, Serialize, ToSchema)]
struct CallRecordPage {
    /// The records.
    records: Vec<CallRecord>,
    /// Where the next page begins (`before`); none when there is none.
    next: Option<CallId>,
}

/// Search call records
#[utoipa::path(get, path = "/api/call_records", tag = "call_records", params(Search),
    responses((status = 200, body = CallRecordPage)))]
async fn list_call_records(
    State(api): State<Api>,
    Parameters(search): Parameters<Search>,
) -> Result<Json<CallRecordPage>, Problem> {
    let (filter, limit) = (search.filter()?, search.limit()?);
    // One more than asked for tells whether there is a next page.
    let mut records = api.store(move |store| store.call_records(&filter, limit + 1)).await?;
    let more = records.len() > limit as usize;
    records.truncate(limit as usize);
    let next = records.last().map(|record| record.call).filter(|_| more);
    Ok(Json(CallRecordPage { records, next }))
}

/// One call record
#[utoipa::path(get, path = "/api/call_records/{id}", tag = "call_records", params(("id" = CallId, Path)),
    responses((status = 200, body = CallRecord)))]
async fn get_call_record(State(api): State<Api>, Id(id): Id<CallId>) -> Result<Json<CallRecord>, Problem> {
    let record = api.store(move |store| store.call_record(id)).await?;
    record.map(Json).ok_or_else(|| Problem::new(Code::NotFound, format!("there is no record of call {id}")))
}

/// Call records as CSV
///
/// Everything that the search finds, newest first; `limit` does not count.
#[utoipa::path(get, path = "/api/call_records.csv", tag = "call_records", params(Search),
    responses((status = 200, body = String, content_type = "text/csv")))]
async fn export_call_records(
    State(api): State<Api>,
    Parameters(search): Parameters<Search>,
) -> Result<impl IntoResponse, Problem> {
    let filter = search.filter()?;
    let head = stream::iter([Ok::<_, std::io::Error>(Bytes::from_static(CSV_HEAD.as_bytes()))]);
    // Page by page: an export of a million records takes no more memory than one of a thousand.
    let pages = stream::try_unfold(Some(filter), move |filter| {
        let api = api.clone();
        async move {
            let Some(mut filter) = filter else { return Ok(None) };
            let page = filter.clone();
            let records = api
                .store(move |store| store.call_records(&page, EXPORT_PAGE))
                .await
                .map_err(|problem| std::io::Error::other(format!("{problem:?}")))?;
            filter.before = records.last().map(|record| record.call);
            let next = Some(filter).filter(|_| records.len() == EXPORT_PAGE as usize);
            let text: String = records.iter().map(csv_row).collect();
            Ok(Some((Bytes::from(text), next)))
        }
    });
    let headers = [
        (header::CONTENT_TYPE, "text/csv; charset=utf-8; header=present"),
        (header::CONTENT_DISPOSITION, "attachment; filename=\"call-records.csv\""),
    ];
    Ok((headers, Body::from_stream(futures_util::StreamExt::chain(head, pages))))
}

const CSV_HEAD: &str = "call,started,answered,ended,talked_s,from,caller_number,caller_name,presentation,\
                        called,to,route,emergency,cause,cause_text,reason,charge_units,\
                        charge_amount,charge_currency\r\n";

fn csv_row(record: &CallRecord) -> String {
    let talked = match (record.answered_ms, record.ended_ms) {
        (Some(answered), Some(ended)) => (ended.saturating_sub(answered) / 1000).to_string(),
        _ => String::new(),
    };
    let charge = record.charge.as_ref();
    let presentation = format!("{:?}", record.caller.presentation).to_ascii_lowercase();
    let cells = [
        record.call.to_string(),
        iso8601(record.started_ms),
        record.answered_ms.map(iso8601).unwrap_or_default(),
        record.ended_ms.map(iso8601).unwrap_or_default(),
        talked,
        record.from.clone(),
        record.caller.number.clone().unwrap_or_default(),
        record.caller.name.clone().unwrap_or_default(),
        presentation,
        record.called.clone(),
        record.to.clone(),
        record.route.clone().unwrap_or_default(),
        record.emergency.to_string(),
        record.cause.map(|cause| cause.value().to_string()).unwrap_or_default(),
        record.cause.map(|cause| cause.text().to_owned()).unwrap_or_default(),
        record.reason.clone().unwrap_or_default(),
        charge.and_then(|charge| charge.units).map(|units| units.to_string()).unwrap_or_default(),
        charge.and_then(|charge| charge.amount).map(money).unwrap_or_default(),
        charge.and_then(|charge| charge.currency.clone()).unwrap_or_default(),
    ];
    let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
    cells.join(",") + "\r\n"
}

/// Thousandths as a decimal number: 1250 is `1.250`.
fn money(thousandths: u64) -> String {
    format!("{}.{:03}", thousandths / 1000, thousandths % 1000)
}

/// Names come from strangers: a cell that a spreadsheet would take for a formula is made text.
/// Numbers such as `+442079460100` are harmless and stay.
fn csv_cell(cell: &str) -> String {
    let number = cell.strip_prefix('+').is_some_and(|rest| rest.bytes().all(|b| b.is_ascii_digit()));
    let formula = cell.starts_with(['=', '+', '-', '@', '\t', '\r']) && !number;
    let quote = cell.contains(['"', ',', '\r', '\n']) || formula;
    let text = cell.replace('"', "\"\"");
    match (quote, formula) {
        (_, true) => format!("\"'{text}\""),
        (true, false) => format!("\"{text}\""),
        (false, false) => text,
    }
}

/// `2026-03-01T12:00:00.000Z`
fn iso8601(ms: u64) -> String {
    let (days, in_day) = (ms / 86_400_000, ms % 86_400_000);
    // Days since 1970 to a date of the Gregorian calendar, in years that begin in March.
    let z = days + 719_468;
    let (era, day_of_era) = (z / 146_097, z % 146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = year_of_era + era * 400 + u64::from(month <= 2);
    let (hour, minute) = (in_day / 3_600_000, in_day / 60_000 % 60);
    let (second, ms) = (in_day / 1000 % 60, in_day % 1000);
    let mut text = String::new();
    // Writing to a String cannot fail.
    let _ = write!(text, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ms:03}Z");
    text
}

/// `020 7946 0100` is looked for as `02079460100`; a name keeps its spaces.
fn bare(text: &str) -> String {
    let text = text.trim();
    let number = text.chars().all(|c| c.is_ascii_digit() || " +()-*#".contains(c));
    if number { text.chars().filter(|c| !" ()-".contains(*c)).collect() } else { text.to_owned() }
}

fn wrong(field: &str, message: &str) -> Problem {
    let (field, message) = (field.to_owned(), message.to_owned());
    Problem::invalid(vec![ProblemField { field, message, source: ProblemSource::Query }])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        assert_eq!(iso8601(0), "1970-01-01T00:00:00.000Z");
        assert_eq!(iso8601(951_782_400_000), "2000-02-29T00:00:00.000Z");
        assert_eq!(iso8601(1_772_323_199_999), "2026-02-28T23:59:59.999Z");
        assert_eq!(iso8601(1_772_323_200_000), "2026-03-01T00:00:00.000Z");
    }

    #[test]
    fn money_has_three_decimals() {
        assert_eq!([0, 7, 1250].map(money), ["0.000", "0.007", "1.250"]);
    }

    #[test]
    fn cells_are_quoted_and_formulas_are_text() {
        assert_eq!(csv_cell("Smith, \"Bob\""), "\"Smith, \"\"Bob\"\"\"");
        assert_eq!(csv_cell("+442079460100"), "+442079460100");
        assert_eq!(csv_cell("=cmd()"), "\"'=cmd()\"");
        assert_eq!(csv_cell("+1+cmd"), "\"'+1+cmd\"");
        assert_eq!(csv_cell("-1"), "\"'-1\"");
    }

    #[test]
    fn numbers_lose_their_spaces_and_names_do_not() {
        assert_eq!(bare(" +44 (20) 7946-0100 "), "+442079460100");
        assert_eq!(bare("Phone 201"), "Phone 201");
    }
}
