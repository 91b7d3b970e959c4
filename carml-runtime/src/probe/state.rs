//! What several tries say about an endpoint.

use std::fmt;

/// So many failures in a row make an endpoint down. One success makes it up.
const FAILURES: u32 = 3;

/// Whether an endpoint is up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum State {
    /// There was no success yet, and fewer failures than make it down.
    #[default]
    Unknown,
    Up,
    Down,
}

/// What is known of an endpoint.
#[derive(Clone, Debug, Default)]
pub(crate) struct Known {
    pub(crate) state: State,
    /// Why the last try failed, if it did.
    pub(crate) error: Option<String>,
    failures: u32,
}

impl Known {
    /// Adds the result of a try, and returns whether it changed the state.
    pub(super) fn add(&mut self, result: Result<(), String>) -> bool {
        self.error = result.err();
        self.failures = match self.error {
            None => 0,
            Some(_) => self.failures.saturating_add(1),
        };
        let state = match self.failures {
            0 => State::Up,
            FAILURES.. => State::Down,
            _ => self.state,
        };
        std::mem::replace(&mut self.state, state) != state
    }
}

impl fmt::Display for Known {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.state {
            State::Unknown if self.error.is_none() => return f.write_str("not probed yet"),
            State::Unknown => "not up yet",
            State::Up => "up",
            State::Down => "down",
        })?;
        match &self.error {
            Some(error) => write!(f, ": {error}"),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn three_failures_in_a_row_are_down_and_one_success_is_up() {
        let mut known = Known::default();
        let mut add = |is_up: bool| {
            let result = if is_up { Ok(()) } else { Err("no".to_owned()) };
            (known.add(result), known.state)
        };
        assert_eq!(add(false), (false, State::Unknown));
        assert_eq!(add(true), (true, State::Up));
        assert_eq!(add(false), (false, State::Up));
        assert_eq!(add(false), (false, State::Up));
        assert_eq!(add(true), (false, State::Up), "they were not in a row");
        assert_eq!(add(false), (false, State::Up));
        assert_eq!(add(false), (false, State::Up));
        assert_eq!(add(false), (true, State::Down));
        assert_eq!(add(false), (false, State::Down));
        assert_eq!(add(true), (true, State::Up));
    }
}
