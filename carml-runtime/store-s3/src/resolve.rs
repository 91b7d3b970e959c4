//! What became of a write without a clear answer: the service is asked.

use carml_store::{Applied, Error, ErrorKind, Mode, Put};
use opendal_core::Operator;

use crate::{
    error::{Context, failure},
    read::unquoted,
    transport::Cause,
    write::PUT,
};

/// The result of a put whose request failed.
pub(crate) async fn resolve(
    operator: &Operator,
    key: &str,
    mode: &Mode,
    id: &str,
    error: opendal_core::Error,
) -> Result<Put, Error> {
    let context = Context::new("put", key);
    let Some(failure) = failure(&error) else {
        return Err(context.error(error));
    };
    // Only these write an object; an upload without its end leaves none.
    let writes = matches!(failure.op, "PutObject" | "CompleteMultipartUpload");
    let status = match &failure.cause {
        Cause::Status(refusal) => refusal.status,
        _ => 0,
    };
    let is_ambiguous = writes && failure.is_ambiguous;
    // An upload that is gone may be the one that was completed.
    let may_be_done = is_ambiguous || (writes && matches!(status, 404 | 409 | 412));
    if may_be_done {
        match operator.stat(key).await {
            Ok(found) if is_of(&found, id) => {
                let etag = found.etag().map(unquoted).unwrap_or_default();
                return Ok(Put::new(etag, found.content_length()));
            }
            Ok(_) => {}
            Err(asked) if is_missing(&asked) => {}
            Err(asked) => {
                let message = format!(
                    "{failure}; whether the object was written could not be asked either: {asked}"
                );
                return Err(Error::new(ErrorKind::Indeterminate, "put", message)
                    .with_what(key)
                    .with_source(error));
            }
        }
    }
    let refused = match mode {
        Mode::Create if status == 412 => {
            Some((ErrorKind::AlreadyExists, "the object exists already"))
        }
        Mode::Match(_) if matches!(status, 404 | 412) && writes => Some((
            ErrorKind::Conflict,
            "the object does not have the expected ETag",
        )),
        _ => None,
    };
    let result = match refused {
        Some((kind, message)) => Error::new(kind, "put", message).with_what(key),
        None if is_ambiguous => {
            let message = format!("{failure}; the object does not have this write, so far");
            Error::new(ErrorKind::Indeterminate, "put", message).with_what(key)
        }
        None => context.failure(failure),
    };
    let applied = match is_ambiguous {
        true => Applied::Maybe,
        false => Applied::No,
    };
    Err(result.with_applied(applied).with_source(error))
}

/// Whether an object is of this put.
fn is_of(found: &opendal_core::Metadata, id: &str) -> bool {
    let put = found.user_metadata().and_then(|metadata| metadata.get(PUT));
    put == Some(id)
}

fn is_missing(error: &opendal_core::Error) -> bool {
    failure(error).is_some_and(
        |failure| matches!(&failure.cause, Cause::Status(refusal) if refusal.status == 404),
    )
}
