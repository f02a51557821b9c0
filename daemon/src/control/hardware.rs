//! Hardware tests for somebody in front of the unit: the gateway lends its spans as long as the asker stays.

use super::{Answer, write_line};
use demarc_api::{Gateway, Refusal};
use demarc_model::hardware_test::RunRequest;
use std::time::Duration;
use tokio::io::{AsyncBufRead, AsyncBufReadExt, AsyncWrite};

/// How often the asker is told how it stands.
const TELL: Duration = Duration::from_millis(250);

/// Runs tests, and tells how they stand until they have ended. Lines `yes` and `no` answer what they ask; no more lines
/// ends them, and everything is put back.
pub(super) async fn run(
    gateway: &dyn Gateway,
    began_ms: u64,
    request: RunRequest,
    asked: impl AsyncBufRead + Unpin,
    told: &mut (impl AsyncWrite + Unpin),
) -> std::io::Result<()> {
    if let Err(Refusal::Wrong(reason) | Refusal::NotNow(reason)) =
        gateway.start_hardware_tests(request, began_ms)
    {
        return write_line(told, &Answer::Err(reason)).await;
    }
    let mut lines = asked.lines();
    let mut every = tokio::time::interval(TELL);
    let mut there = true;
    loop {
        tokio::select! {
            line = lines.next_line(), if there => match line.as_ref().map(Option::as_deref) {
                Ok(Some(answer @ ("yes" | "no"))) => {
                    gateway.answer_hardware_test(answer == "yes");
                }
                Ok(Some(_)) => {}
                Ok(None) | Err(_) => {
                    there = false;
                    gateway.cancel_hardware_tests();
                }
            },
            _ = every.tick() => {
                let state = gateway.hardware_test_run();
                let answer = serde_json::to_value(&state).map_err(|error| error.to_string());
                if let Err(error) = write_line(told, &answer).await {
                    gateway.cancel_hardware_tests();
                    return Err(error);
                }
                if !state.running {
                    return Ok(());
                }
            }
        }
    }
}
