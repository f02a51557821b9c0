//! The hardware tests: which there are, and the one run that goes on or was the last.

use crate::body::{Body, Id};
use crate::problem::{Code, Problem};
use crate::state::Api;
use crate::{Refusal, ReportForm};
use axum::Json;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use demarc_model::hardware_test::{Bench, RunRequest, RunState, TestInfo};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

pub(crate) fn routes() -> OpenApiRouter<Api> {
    OpenApiRouter::new()
        .routes(routes!(list_hardware_tests))
        .routes(routes!(get_hardware_test_run, start_hardware_test_run, cancel_hardware_test_run))
        .routes(routes!(answer_hardware_test))
        .routes(routes!(read_bench))
        .routes(routes!(get_hardware_test_report))
        .routes(routes!(get_hardware_test_file))
}

/// The answer to a test's question.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct TestAnswer {
    /// Yes or no.
    yes: bool,
}

/// A `bench.toml` as text.
#[derive(Debug, Deserialize, Serialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct BenchText {
    /// The file.
    toml: String,
}

/// What tests there are, in the order in which they are run
#[utoipa::path(get, path = "/api/hardware_tests", tag = "hardware",
    responses((status = 200, body = Vec<TestInfo>)))]
async fn list_hardware_tests(State(api): State<Api>) -> Json<Vec<TestInfo>> {
    Json(api.gateway().hardware_tests())
}

/// How the run stands, or how the last one went
#[utoipa::path(get, path = "/api/hardware_tests/run", tag = "hardware",
    responses((status = 200, body = RunState)))]
async fn get_hardware_test_run(State(api): State<Api>) -> Json<RunState> {
    Json(api.gateway().hardware_test_run())
}

/// Start a run
///
/// Its spans are out of service until it ends; one that carries a call is a reason not to start
/// (409). There is one run at a time.
#[utoipa::path(post, path = "/api/hardware_tests/run", tag = "hardware", request_body = RunRequest,
    responses((status = 202, body = RunState)))]
async fn start_hardware_test_run(
    State(api): State<Api>,
    Body(request): Body<RunRequest>,
) -> Result<(StatusCode, Json<RunState>), Problem> {
    let began_ms = api.now_ms();
    match api.gateway().start_hardware_tests(request, began_ms) {
        Ok(()) => Ok((StatusCode::ACCEPTED, Json(api.gateway().hardware_test_run()))),
        Err(Refusal::Wrong(why)) => Err(Problem::field("", why)),
        Err(Refusal::NotNow(why)) => Err(Problem::new(Code::Conflict, why)),
    }
}

/// End the run; what was tested so far stays
#[utoipa::path(delete, path = "/api/hardware_tests/run", tag = "hardware",
    responses((status = 202, description = "It ends as soon as everything is put back")))]
async fn cancel_hardware_test_run(State(api): State<Api>) -> Result<StatusCode, Problem> {
    if api.gateway().cancel_hardware_tests() { Ok(StatusCode::ACCEPTED) } else { Err(no_run()) }
}

/// Answer the question that the run asks
#[utoipa::path(post, path = "/api/hardware_tests/run/answer", tag = "hardware", request_body = TestAnswer,
    responses((status = 202, description = "The run goes on")))]
async fn answer_hardware_test(
    State(api): State<Api>,
    Body(TestAnswer { yes }): Body<TestAnswer>,
) -> Result<StatusCode, Problem> {
    if api.gateway().answer_hardware_test(yes) {
        return Ok(StatusCode::ACCEPTED);
    }
    Err(Problem::new(Code::Conflict, "no test asks anything now"))
}

/// Read a `bench.toml`
#[utoipa::path(post, path = "/api/hardware_tests/bench", tag = "hardware", request_body = BenchText,
    responses((status = 200, body = Bench)))]
async fn read_bench(
    State(api): State<Api>,
    Body(BenchText { toml }): Body<BenchText>,
) -> Result<Json<Bench>, Problem> {
    api.gateway().read_bench(&toml).map(Json).map_err(|why| Problem::field("/toml", why))
}

/// The report of the last run: `report.json`, `report.html` or `report.pdf`
#[utoipa::path(get, path = "/api/hardware_tests/reports/{name}", tag = "hardware",
    params(("name" = String, Path)),
    responses((status = 200, description = "The report", content_type = "application/octet-stream")))]
async fn get_hardware_test_report(State(api): State<Api>, Id(name): Id<String>) -> Result<Response, Problem> {
    let (form, kind) = match name.as_str() {
        "report.json" => (ReportForm::Json, "application/json"),
        "report.html" => (ReportForm::Html, "text/html; charset=utf-8"),
        "report.pdf" => (ReportForm::Pdf, "application/pdf"),
        _ => return Err(Problem::new(Code::NotFound, "there are report.json, report.html and report.pdf")),
    };
    let report = api.work(move |api, _| Ok(api.gateway().hardware_test_report(form))).await?;
    let report = report.ok_or_else(no_run)?;
    let name = format!("attachment; filename=\"hardware-{name}\"");
    Ok(([(header::CONTENT_TYPE, kind.to_owned()), (header::CONTENT_DISPOSITION, name)], report)
        .into_response())
}

/// A recording that the last run made, by the name that its step gives
#[utoipa::path(get, path = "/api/hardware_tests/files/{name}", tag = "hardware",
    params(("name" = String, Path)),
    responses((status = 200, description = "The recording", content_type = "audio/wav")))]
async fn get_hardware_test_file(State(api): State<Api>, Id(name): Id<String>) -> Result<Response, Problem> {
    let file = api.gateway().hardware_test_file(&name);
    let file = file.ok_or_else(|| Problem::new(Code::NotFound, "the last run made no such file"))?;
    let headers = [(header::CONTENT_TYPE, "audio/wav"), (header::CONTENT_DISPOSITION, "attachment")];
    Ok((headers, file).into_response())
}

fn no_run() -> Problem {
    Problem::new(Code::NotFound, "no hardware test has been run")
}
