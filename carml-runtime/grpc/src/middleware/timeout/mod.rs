//! `timeout`: a deadline of the server's own.

use std::time::Duration;

use super::super::chain::Call;

/// Gives the call a deadline, unless its caller gave an earlier one.
pub(crate) fn begin(call: &mut Call, limit: Duration) {
    let ours = tokio::time::sleep(limit);
    let theirs = call.deadline.as_ref().map(|theirs| theirs.deadline());
    if theirs.is_none_or(|theirs| ours.deadline() < theirs) {
        call.deadline = Some(Box::pin(ours));
    }
}
