//! The service under test, in both styles that `#[carml_service]` takes.
#![allow(missing_docs)]

carml_runtime::include_generated!();

pub mod interop;
pub mod tally;

use std::{sync::Mutex, time::Duration};

use carml_runtime::{
    carml_service,
    kv::{Backend, Kv},
};
use futures_core::Stream;
use futures_util::StreamExt as _;
use proto::carml::test::v1::{Echo, EchoServer, Line};
use tonic::{Request, Response, Status, Streaming};

/// A line of text with a count.
pub fn line(text: &str, count: u32) -> Line {
    Line {
        text: text.to_owned(),
        count,
        ..Line::default()
    }
}

/// A request that is answered after this time.
pub fn slow(wait_ms: u32) -> Line {
    Line {
        wait_ms,
        ..line("slow", 0)
    }
}

/// How many bytes the process has allocated and not freed, if its allocator counts.
pub fn live_bytes() -> usize {
    let stats = stats_alloc::INSTRUMENTED_SYSTEM.stats();
    stats.bytes_allocated.wrapping_sub(stats.bytes_deallocated)
}

/// How the requests of `Join` ended, as its handler saw them, with their joined text.
pub static ENDS: Mutex<Vec<(String, Result<(), tonic::Code>)>> = Mutex::new(Vec::new());

/// A store without any call.
struct Nothing;

impl Backend for Nothing {
    fn provider(&self) -> &'static str {
        "nothing"
    }
}

/// Answers with what it receives.
#[derive(Clone, Copy, Debug, Default)]
pub struct Parrot;

#[carml_service]
impl Echo for Parrot {
    // Plain.
    async fn say(&self, line: Line) -> Result<Line, Status> {
        tokio::time::sleep(Duration::from_millis(line.wait_ms.into())).await;
        match line.text.as_str() {
            "panic" => panic!("the handler panics on request"),
            "block" => {
                // Blocks its thread, as no handler should.
                std::thread::sleep(Duration::from_secs(line.count.into()));
                Ok(line)
            }
            "grow" => Ok(Line {
                text: "x".repeat(line.count as usize),
                ..Line::default()
            }),
            "live bytes" => Ok(Line {
                count: u32::try_from(live_bytes()).unwrap_or(u32::MAX),
                ..Line::default()
            }),
            text if text.starts_with("fail ") => Err(failure(text)),
            "leak" => {
                let mut status = Status::permission_denied("a token is in the metadata");
                let token = "secret".parse().expect("ASCII");
                status.metadata_mut().insert("x-token", token);
                Err(status)
            }
            "store" => {
                let kv = Kv::new(Nothing, Duration::from_secs(1));
                kv.get(&"key".parse()?).await?;
                Ok(line)
            }
            "" => Err(Status::invalid_argument("the text is empty")),
            _ => Ok(line),
        }
    }

    async fn repeat(
        &self,
        line: Line,
    ) -> Result<impl Stream<Item = Result<Line, Status>> + Send + use<>, Status> {
        let count = line.count;
        let failure = line.text.starts_with("fail ").then(|| failure(&line.text));
        // One at a time: a panic loses what waits in tonic's buffer.
        let numbers = futures_util::stream::iter(0..count).then(async |n| {
            tokio::task::yield_now().await;
            n
        });
        Ok(numbers
            .map(move |n| {
                assert!(
                    line.text != "panic" || n == 0,
                    "the stream panics on request"
                );
                let mut answer = Line {
                    count: n,
                    ..line.clone()
                };
                if line.text == "grow" {
                    answer.text = "x".repeat(1_000 * n as usize);
                }
                Ok(answer)
            })
            .chain(futures_util::stream::iter(failure.map(Err))))
    }

    // As tonic has it.
    async fn join(&self, request: Request<Streaming<Line>>) -> Result<Response<Line>, Status> {
        let ignores = ignores_errors(&request);
        let mut lines = request.into_inner();
        let mut text = String::new();
        let end = loop {
            match lines.message().await {
                Ok(Some(line)) => {
                    text.push_str(&line.text);
                    if line.wait_ms > 0 {
                        tokio::time::sleep(Duration::from_millis(line.wait_ms.into())).await;
                    }
                }
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        let seen = end.as_ref().copied().map_err(Status::code);
        if let Ok(mut ends) = ENDS.lock() {
            ends.push((text.clone(), seen));
        }
        if let Err(error) = end
            && !ignores
        {
            return Err(error);
        }
        Ok(Response::new(Line {
            text,
            ..Line::default()
        }))
    }

    async fn chat(
        &self,
        request: Request<Streaming<Line>>,
    ) -> Result<Response<impl Stream<Item = Result<Line, Status>> + Send + use<>>, Status> {
        let ignores = ignores_errors(&request);
        let mut lines = request.into_inner();
        if !ignores {
            return Ok(Response::new(lines.left_stream()));
        }
        // Read in another task than the one that answers.
        let (sender, answers) = tokio::sync::mpsc::channel(1);
        tokio::spawn(async move {
            while let Some(Ok(line)) = lines.next().await {
                let _ = sender.send(Ok(line)).await;
            }
        });
        let answers = tokio_stream::wrappers::ReceiverStream::new(answers);
        Ok(Response::new(answers.right_stream()))
    }
}

/// An error with what follows `fail ` as its text, and with details.
fn failure(text: &str) -> Status {
    let text = text.trim_start_matches("fail ");
    Status::with_details(tonic::Code::FailedPrecondition, text, vec![7; 5_000].into())
}

/// Whether the handler is asked to ignore errors of its request stream.
fn ignores_errors<T>(request: &Request<T>) -> bool {
    request.metadata().contains_key("ignore-errors")
}
