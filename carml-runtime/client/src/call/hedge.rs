//! Attempts that do not wait for each other: the hedging of gRFC A6.

use std::{
    future::{Future, poll_fn},
    pin::Pin,
    task::Poll,
    time::Duration,
};

use carml_grpc::code;
use http::Response;
use tokio::time::{Instant, Sleep, sleep};
use tonic::body::Body;

use super::{
    attempt::Reached,
    engine::{Call, failure},
    retry::Pushback,
};
use crate::settings::Hedging;

type Attempt<'a> = Pin<Box<dyn Future<Output = (Response<Body>, Reached)> + Send + 'a>>;

/// What comes first.
enum Event {
    Ended(Response<Body>, Reached),
    /// The next attempt is due.
    Due,
}

/// The first answer that ends the call. The other attempts are cancelled with it.
pub(super) async fn run(call: &Call<'_>, policy: &Hedging) -> Response<Body> {
    let mut attempts: Vec<Attempt<'_>> = Vec::new();
    let mut begun = 0;
    // None when there are no more attempts.
    let mut next = Some(Box::pin(sleep(Duration::ZERO)));
    let mut last = None;
    loop {
        if attempts.is_empty()
            && next.is_none()
            && let Some(last) = last
        {
            return last;
        }
        match first(&mut attempts, &mut next).await {
            Event::Due if begun > 0 && !call.may_send_more() => next = None,
            Event::Due => {
                attempts.push(Box::pin(call.attempt(begun)));
                if let (1.., Some(counters)) = (begun, &call.counters) {
                    counters.hedged();
                }
                begun += 1;
                schedule(&mut next, begun < policy.max_attempts, policy.delay);
            }
            Event::Ended(answer, reached) => {
                let is_superseded = reached == Reached::Request && !call.source.can_repeat();
                if is_superseded && !attempts.is_empty() {
                    continue;
                }
                let Some(code) = failure(&answer).filter(|_| reached != Reached::Request) else {
                    call.source.commit();
                    return answer;
                };
                let pushback = Pushback::of(answer.headers());
                let is_fatal = !policy.non_fatal_codes.contains(&code);
                let is_counted = !is_fatal || pushback == Pushback::Never;
                let may_go_on =
                    !is_counted || call.throttle().is_none_or(|tokens| tokens.failure());
                if is_fatal {
                    return answer;
                }
                tracing::debug!(
                    grpc.target = call.target_name(),
                    code = code::name(code),
                    "an attempt failed"
                );
                let pause = match pushback {
                    Pushback::None => Some(Duration::ZERO),
                    Pushback::After(pause) => Some(pause),
                    Pushback::Never => None,
                };
                let pause = pause.filter(|_| may_go_on && call.source.can_repeat());
                schedule(&mut next, pause.is_some(), pause.unwrap_or_default());
                last = Some(answer);
            }
        }
    }
}

/// Sets the time of the next attempt, if there is one.
fn schedule(next: &mut Option<Pin<Box<Sleep>>>, is_more: bool, after: Duration) {
    match next {
        Some(timer) if is_more => timer.as_mut().reset(Instant::now() + after),
        _ => *next = None,
    }
}

/// The first attempt that ends, or the time of the next one.
async fn first(attempts: &mut Vec<Attempt<'_>>, next: &mut Option<Pin<Box<Sleep>>>) -> Event {
    poll_fn(|cx| {
        for at in 0..attempts.len() {
            if let Poll::Ready((answer, reached)) = attempts[at].as_mut().poll(cx) {
                drop(attempts.swap_remove(at));
                return Poll::Ready(Event::Ended(answer, reached));
            }
        }
        match next {
            Some(timer) => timer.as_mut().poll(cx).map(|()| Event::Due),
            None => Poll::Pending,
        }
    })
    .await
}
