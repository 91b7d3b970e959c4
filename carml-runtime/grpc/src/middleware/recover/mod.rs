//! `recover`: a panic in a handler ends that call with INTERNAL, and nothing else.

mod hook;
mod stack;

use std::{
    cell::Cell,
    panic::{self, AssertUnwindSafe},
};

use tonic::Status;

use super::{Middleware, Place, Refusal};
use crate::status;

thread_local! {
    /// How many polls on this thread a `recover` is around.
    static GUARDED: Cell<u32> = const { Cell::new(0) };
}

#[derive(Debug)]
pub(crate) struct Recover;

impl Middleware for Recover {
    type Options = ();
    type State = ();

    fn build(_options: &(), _place: &Place) -> Result<Self, Refusal> {
        hook::install();
        Ok(Self)
    }

    fn around<T>(&self, _state: &mut (), poll: impl FnOnce() -> T) -> Result<T, Status> {
        let _guarded = Guarded::enter();
        panic::catch_unwind(AssertUnwindSafe(poll)).map_err(|_| status::panicked())
    }
}

struct Guarded;

impl Guarded {
    fn enter() -> Self {
        GUARDED.set(GUARDED.get() + 1);
        Self
    }

    fn is_guarded() -> bool {
        GUARDED.try_with(Cell::get).unwrap_or(0) > 0
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        GUARDED.set(GUARDED.get() - 1);
    }
}
