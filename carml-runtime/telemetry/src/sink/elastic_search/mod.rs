//! The hook `elastic_search`: Elasticsearch or OpenSearch, by the bulk API.

mod document;

use std::time::Duration;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use carml_config::model::{self, AppSection};
use http::{HeaderValue, StatusCode};
use serde_json::Value;

use self::document::Documents;
use super::run::{Failure, Refused, Sink};
use crate::{
    Error,
    http::{Client, excerpt},
    queue::Batch,
};

/// The default port of the bulk API.
const PORT: u16 = 9200;

/// The largest request.
const MAX_LINES: usize = 1000;
const MAX_BYTES: usize = 5 << 20;

pub(super) struct ElasticSearch {
    client: Client,
    path: String,
    documents: Documents,
    /// A smaller limit than the default, after an answer that a request was too large.
    max_lines: usize,
}

impl ElasticSearch {
    pub(super) fn new(app: &AppSection, settings: &model::ElasticSearch) -> Result<Self, Error> {
        let name = crate::app_name(app);
        let authorization =
            authorization(settings).map_err(|error| Error::new(ElasticSearch::NAME, error))?;
        Ok(Self {
            client: Client::new(
                Self::NAME,
                &settings.endpoints,
                PORT,
                settings.ca_cert.as_ref(),
                authorization,
            )?,
            path: format!("/{}/_bulk", index(&name)),
            documents: Documents::new(name, app.version.clone()),
            max_lines: MAX_LINES,
        })
    }

    /// The lines of one request, and how many there are.
    fn request(&self, batch: &Batch) -> (Vec<u8>, usize) {
        let mut body = Vec::new();
        let mut count = 0;
        for line in batch.lines().take(self.max_lines) {
            let start = body.len();
            body.extend_from_slice(b"{\"create\":{}}\n");
            self.documents.write(&mut body, line);
            body.push(b'\n');
            if body.len() > MAX_BYTES && count > 0 {
                body.truncate(start);
                break;
            }
            count += 1;
        }
        (body, count)
    }
}

impl Sink for ElasticSearch {
    const NAME: &'static str = "the log hook `elastic_search`";
    const LINGER: Duration = Duration::from_secs(1);

    async fn send(&mut self, batch: &mut Batch, refused: &mut Refused) -> Result<(), Failure> {
        while !batch.is_empty() {
            let (body, count) = self.request(batch);
            let answer = self
                .client
                .post(&self.path, "application/x-ndjson", &body)
                .await;
            let (status, answer) = answer.map_err(Failure::new)?;
            match status {
                status if status.is_success() => {
                    self.max_lines = (self.max_lines * 2).min(MAX_LINES);
                    items(batch, count, &answer, refused)?;
                }
                StatusCode::PAYLOAD_TOO_LARGE if count > 1 => self.max_lines = count / 2,
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                    return Err(Failure::lasting(format!("{status}: {}", excerpt(&answer))));
                }
                StatusCode::TOO_MANY_REQUESTS => {
                    return Err(Failure::new(format!("{status}: {}", excerpt(&answer))));
                }
                status if status.is_client_error() => {
                    batch.remove_first(count);
                    refused.add(count, || format!("{status}: {}", excerpt(&answer)));
                }
                status => return Err(Failure::new(format!("{status}: {}", excerpt(&answer)))),
            }
        }
        Ok(())
    }
}

/// Looks at the result of each line: those that may be accepted later stay in the batch.
fn items(
    batch: &mut Batch,
    count: usize,
    answer: &[u8],
    refused: &mut Refused,
) -> Result<(), Failure> {
    let answer: Value = serde_json::from_slice(answer)
        .map_err(|error| Failure::new(format!("the answer cannot be read: {error}")))?;
    if answer.get("errors") == Some(&Value::Bool(false)) {
        batch.remove_first(count);
        return Ok(());
    }
    let items = answer.get("items").and_then(Value::as_array);
    let items = items.filter(|items| items.len() == count).ok_or_else(|| {
        Failure::new("the answer does not have a result for each line: is this the bulk API?")
    })?;
    let mut later = Batch::default();
    let mut reason_of_later = None;
    for (line, item) in batch.lines().zip(items) {
        let result = item.get("create").unwrap_or(item);
        let reason = || match result.get("error") {
            Some(error) => excerpt(error.to_string().as_bytes()),
            None => excerpt(result.to_string().as_bytes()),
        };
        match result.get("status").and_then(Value::as_u64).unwrap_or(500) {
            // The same line was accepted before, by an answer that was lost.
            200..400 | 409 => {}
            429 | 500.. => {
                later.push(line);
                reason_of_later.get_or_insert_with(reason);
            }
            _ => refused.add(1, reason),
        }
    }
    for line in batch.lines().skip(count) {
        later.push(line);
    }
    *batch = later;
    reason_of_later.map_or(Ok(()), |reason| Err(Failure::new(reason)))
}

/// A data stream's name, if a template matches it; a plain index otherwise.
fn index(app: &str) -> String {
    let name: String = app
        .to_lowercase()
        .chars()
        .map(|c| {
            if c.is_ascii_alphanumeric() || c == '.' || c == '_' {
                c
            } else {
                '_'
            }
        })
        .collect();
    format!("logs-{name}-default")
}

fn authorization(settings: &model::ElasticSearch) -> Result<Option<HeaderValue>, String> {
    let (Some(username), Some(password)) = (&settings.username, &settings.password) else {
        return Ok(None);
    };
    let credentials = STANDARD.encode(format!("{username}:{}", password.expose()));
    let mut header = HeaderValue::try_from(format!("Basic {credentials}"))
        .map_err(|_| "the user and password cannot be a header".to_owned())?;
    header.set_sensitive(true);
    Ok(Some(header))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn batch(lines: &[&str]) -> Batch {
        let mut batch = Batch::default();
        for line in lines {
            batch.push(line.as_bytes());
        }
        batch
    }

    #[test]
    fn each_line_has_a_result_of_its_own() {
        let mut refused = Refused::default();
        let mut lines = batch(&["created", "busy", "wrong", "again", "unsent"]);
        let answer = serde_json::json!({ "errors": true, "items": [
            { "create": { "status": 201 } },
            { "create": { "status": 429, "error": { "type": "rejected_execution_exception" } } },
            { "create": { "status": 400, "error": { "type": "mapper_parsing_exception" } } },
            { "create": { "status": 409 } },
        ] });
        let outcome = items(&mut lines, 4, answer.to_string().as_bytes(), &mut refused);
        assert!(outcome.is_err(), "one line is to be sent later");
        assert_eq!(lines.lines().collect::<Vec<_>>(), [&b"busy"[..], b"unsent"]);
        assert_eq!(refused.count(), 1);

        let mut refused = Refused::default();
        let mut lines = batch(&["busy"]);
        let answer = br#"{"errors":true,"items":[{"create":{"status":503}}]}"#;
        assert!(items(&mut lines, 1, answer, &mut refused).is_err());
        assert_eq!(lines.len(), 1);
    }

    #[test]
    fn an_answer_that_is_not_the_bulk_apis_loses_nothing() {
        for answer in ["", "<html>", "{}", r#"{"errors":true,"items":[]}"#, "[1,2]"] {
            let mut lines = batch(&["one"]);
            let outcome = items(&mut lines, 1, answer.as_bytes(), &mut Refused::default());
            assert!(outcome.is_err(), "{answer}");
            assert_eq!(lines.len(), 1, "{answer}");
        }
    }

    #[test]
    fn an_index_has_the_name_of_the_app() {
        assert_eq!(index("My-App x"), "logs-my_app_x-default");
    }
}
