//! A call on its way through the steps of a chain.

use std::{
    panic::{AssertUnwindSafe, catch_unwind, resume_unwind},
    sync::Arc,
    task::Context,
};

use http::Request;
use tonic::{Code, Status, body::Body};
use tracing::Span;

use carml_config::chain::Side;

use super::{
    Visit,
    generated::{CAPACITY, State, Step},
};
use crate::middleware::{Call, Middleware};

/// A call that has not ended. Dropped early, it ends as CANCELLED: its client disconnected.
pub(super) struct Active {
    steps: Arc<[Step]>,
    /// How many steps the call has arrived at; the others do not take part.
    arrived: usize,
    slots: [Slot; CAPACITY],
    progress: Progress,
    /// The span in which the chain was called.
    around: Span,
}

/// What a call keeps at one step.
#[derive(Default)]
struct Slot {
    state: State,
    /// The middleware knows of the call's end.
    ended: bool,
    /// The status with which the call ends here when it is polled again.
    pending: Option<Status>,
}

/// A call, and the code with which it has ended, as seen from where its answer is.
pub(super) struct Progress {
    pub(super) call: Call,
    pub(super) code: Option<Code>,
}

impl Progress {
    /// The call has ended with this code, unless its client ended it before.
    pub(super) fn end(&mut self, code: Code) {
        let code = if self.call.is_cancelled() {
            Code::Cancelled
        } else {
            code
        };
        self.code = Some(code);
    }
}

/// What a poll of the call gives: the head of its response, or a frame of its body.
pub(super) trait Outcome: Sized {
    /// The end of the call with this status.
    fn end(status: &Status) -> Self;

    /// The call waits.
    fn is_pending(&self) -> bool;

    /// What a middleware makes of it. An error ends the call.
    fn pass<M: Middleware>(
        self,
        step: At<'_, M>,
        pending: &mut Option<Status>,
    ) -> Result<Self, Status>;
}

/// A middleware, and the call at it.
pub(super) struct At<'a, M: Middleware> {
    pub(super) middleware: &'a M,
    pub(super) state: &'a mut M::State,
    pub(super) call: &'a mut Call,
}

impl Active {
    /// A call that has not arrived at a step.
    pub(super) fn new(steps: &Arc<[Step]>, call: Call, around: Span) -> Self {
        Self {
            steps: Arc::clone(steps),
            arrived: 0,
            slots: Default::default(),
            progress: Progress { call, code: None },
            around,
        }
    }

    /// The call begins, for these steps too, which are inside custom layers.
    pub(super) fn begin<'a>(
        &mut self,
        nested: impl Iterator<Item = &'a Arc<[Step]>>,
        request: &Request<Body>,
    ) {
        let call = &mut self.progress.call;
        for step in self
            .steps
            .iter()
            .chain(nested.flat_map(|steps| steps.iter()))
        {
            step.visit(&mut step.state(), Begin { call, request });
        }
    }

    pub(super) fn call(&mut self) -> &mut Call {
        &mut self.progress.call
    }

    /// Takes the call through the steps inward. An error is the answer of one that refused it.
    pub(super) fn arrive(&mut self, request: &mut Request<Body>) -> Result<(), Status> {
        for (step, slot) in self.steps.iter().zip(&mut self.slots) {
            slot.state = step.state();
            let arrival = Arrival {
                call: &mut self.progress.call,
                request,
            };
            step.visit(&mut slot.state, arrival)?;
            self.arrived += 1;
        }
        Ok(())
    }

    /// Polls what is inside the steps, and takes the outcome through them outward.
    ///
    /// A panic that no middleware catches ends the call with INTERNAL, and continues to unwind.
    pub(super) fn poll<T: Outcome>(
        &mut self,
        cx: &mut Context<'_>,
        inner: impl FnOnce(&mut Progress, &mut Context<'_>) -> T,
    ) -> T {
        let steps = &self.steps[..self.arrived];
        let (slots, progress) = (&mut self.slots[..], &mut self.progress);
        // What a handler calls belongs to its call; a client's call has nothing inside.
        let is_handled = progress.call.side == Side::Server;
        let mut context = std::mem::take(&mut progress.call.context);
        let polled = AssertUnwindSafe(|| {
            let poll = || outward(steps, slots, progress, cx, inner);
            match is_handled {
                true => context.enter(poll),
                false => poll(),
            }
        });
        let polled = catch_unwind(polled);
        self.progress.call.context = context;
        polled.unwrap_or_else(|panic| {
            self.end(Code::Internal);
            resume_unwind(panic)
        })
    }

    /// The code of the call's end, once it has ended.
    pub(super) fn code(&self) -> Option<Code> {
        self.progress.code
    }

    /// Ends the call at every step that does not know of its end.
    fn end(&mut self, code: Code) {
        let steps = &self.steps[..self.arrived];
        end(steps, &mut self.slots, &mut self.progress.call, code);
    }
}

impl Drop for Active {
    fn drop(&mut self) {
        if self.slots[..self.arrived].iter().all(|slot| slot.ended) {
            return;
        }
        self.around.clone().in_scope(|| self.end(Code::Cancelled));
    }
}

struct Begin<'a> {
    call: &'a mut Call,
    request: &'a Request<Body>,
}

impl Visit for Begin<'_> {
    type Output = ();

    #[inline]
    fn visit<M: Middleware>(self, middleware: &M, _state: &mut M::State) {
        middleware.begin(self.call, self.request);
    }
}

struct Arrival<'a> {
    call: &'a mut Call,
    request: &'a mut Request<Body>,
}

impl Visit for Arrival<'_> {
    type Output = Result<(), Status>;

    #[inline]
    fn visit<M: Middleware>(self, middleware: &M, state: &mut M::State) -> Self::Output {
        middleware.arrive(self.call, state, self.request)
    }
}

fn outward<T: Outcome>(
    steps: &[Step],
    slots: &mut [Slot],
    progress: &mut Progress,
    cx: &mut Context<'_>,
    inner: impl FnOnce(&mut Progress, &mut Context<'_>) -> T,
) -> T {
    let (Some((step, steps)), Some((slot, slots))) = (steps.split_first(), slots.split_first_mut())
    else {
        return inner(progress, cx);
    };
    let Slot {
        state,
        ended,
        pending,
    } = slot;
    let poll = Poll {
        ended,
        pending,
        steps,
        slots,
        progress,
        cx,
        inner,
    };
    step.visit(state, poll)
}

/// One poll, at one step.
struct Poll<'a, 'c, F> {
    ended: &'a mut bool,
    pending: &'a mut Option<Status>,
    steps: &'a [Step],
    slots: &'a mut [Slot],
    progress: &'a mut Progress,
    cx: &'a mut Context<'c>,
    inner: F,
}

impl<T, F> Visit for Poll<'_, '_, F>
where
    T: Outcome,
    F: FnOnce(&mut Progress, &mut Context<'_>) -> T,
{
    type Output = T;

    fn visit<M: Middleware>(self, middleware: &M, state: &mut M::State) -> T {
        let Self {
            ended,
            pending,
            steps,
            slots,
            progress,
            cx,
            inner,
        } = self;
        let outcome = match pending.take() {
            Some(status) => Err(status),
            None => middleware
                .around(state, || outward(steps, slots, progress, cx, inner))
                .and_then(|outcome| {
                    let call = &mut progress.call;
                    if outcome.is_pending() {
                        return middleware.wake(call, state, cx).map_or(Ok(outcome), Err);
                    }
                    let at = At {
                        middleware,
                        state,
                        call,
                    };
                    outcome.pass(at, pending)
                }),
        };
        let outcome = outcome.unwrap_or_else(|status| {
            end(steps, slots, &mut progress.call, status.code());
            progress.code = Some(status.code());
            T::end(&status)
        });
        if let Some(code) = progress.code
            && !std::mem::replace(ended, true)
        {
            middleware.end(&mut progress.call, state, code);
        }
        outcome
    }
}

/// Ends the call at the steps that do not know of its end, the innermost first.
fn end(steps: &[Step], slots: &mut [Slot], call: &mut Call, code: Code) {
    let (Some((step, steps)), Some((slot, slots))) = (steps.split_first(), slots.split_first_mut())
    else {
        return;
    };
    step.visit(
        &mut slot.state,
        End {
            ended: &mut slot.ended,
            steps,
            slots,
            call,
            code,
        },
    );
}

struct End<'a> {
    ended: &'a mut bool,
    steps: &'a [Step],
    slots: &'a mut [Slot],
    call: &'a mut Call,
    code: Code,
}

impl Visit for End<'_> {
    type Output = ();

    fn visit<M: Middleware>(self, middleware: &M, state: &mut M::State) {
        let Self {
            ended,
            steps,
            slots,
            call,
            code,
        } = self;
        // A panic in here has no call left to end.
        let _ = middleware.around(state, || end(steps, slots, call, code));
        if !std::mem::replace(ended, true) {
            middleware.end(call, state, code);
        }
    }
}
