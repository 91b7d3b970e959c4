//! `retry`: where a call becomes attempts. The chain is cut here: what makes the attempts is
//! between its two parts.

use super::{Middleware, Place, Refusal};

#[derive(Debug)]
pub(crate) struct Retry;

impl Middleware for Retry {
    type Options = ();
    type State = ();

    fn build(_options: &(), _place: &Place) -> Result<Self, Refusal> {
        Ok(Self)
    }
}
