//! Whether a call that failed is tried again, and when: gRFC A6.

use std::{sync::Arc, time::Duration};

use http::HeaderMap;
use tonic::Code;

use super::throttle::Throttle;
use crate::settings;

const PUSHBACK: &str = "grpc-retry-pushback-ms";
const JITTER: std::ops::Range<f64> = 0.8..1.2;

/// What a server says of a retry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Pushback {
    None,
    /// After exactly this time.
    After(Duration),
    /// Not at all: a negative number, or what is not a number.
    Never,
}

impl Pushback {
    pub(super) fn of(headers: &HeaderMap) -> Self {
        let mut values = headers.get_all(PUSHBACK).iter();
        let Some(value) = values.next() else {
            return Self::None;
        };
        let millis = value
            .to_str()
            .ok()
            .and_then(|text| text.parse::<u32>().ok());
        match (millis, values.next()) {
            (Some(millis), None) => Self::After(Duration::from_millis(millis.into())),
            _ => Self::Never,
        }
    }
}

/// The retries of one call.
#[derive(Debug)]
pub(super) struct Retries<'a> {
    policy: Option<&'a settings::Retry>,
    throttle: Option<Arc<Throttle>>,
    attempts: u32,
    /// Attempts since the beginning, or since the server said when.
    backoffs: i32,
}

impl<'a> Retries<'a> {
    pub(super) fn new(
        policy: Option<&'a settings::Retry>,
        throttle: Option<Arc<Throttle>>,
    ) -> Self {
        Self {
            policy,
            throttle,
            attempts: 0,
            backoffs: 0,
        }
    }

    /// How many attempts there were before the one that begins: `grpc-previous-rpc-attempts`.
    pub(super) fn before(&self) -> u32 {
        self.attempts
    }

    /// The pause before the next attempt, if there is one. `is_committed`: the answer has begun, or
    /// the request is no longer kept.
    pub(super) fn next(
        &mut self,
        code: Code,
        pushback: Pushback,
        is_committed: bool,
    ) -> Option<Duration> {
        let policy = self.policy?;
        if code == Code::Ok || is_committed {
            return None;
        }
        let is_failure = policy.codes.contains(&code) || pushback == Pushback::Never;
        if !is_failure {
            return None;
        }
        let is_throttled = self
            .throttle
            .as_ref()
            .is_some_and(|tokens| !tokens.failure());
        if pushback == Pushback::Never || !policy.codes.contains(&code) || is_throttled {
            return None;
        }
        if self.attempts + 1 >= policy.max_attempts {
            return None;
        }
        self.attempts += 1;
        if let Pushback::After(pause) = pushback {
            self.backoffs = 0;
            return Some(pause);
        }
        let factor = policy.multiplier.powi(self.backoffs);
        self.backoffs += 1;
        let seconds = policy.initial_backoff.as_secs_f64() * factor;
        let longest = policy.max_backoff.as_secs_f64();
        let pause = seconds.min(longest) * rand::random_range(JITTER);
        Some(Duration::try_from_secs_f64(pause).unwrap_or(policy.max_backoff))
    }
}

#[cfg(test)]
mod tests {
    use carml_config::model::RetryThrottling;

    use super::*;

    fn policy() -> settings::Retry {
        settings::Retry {
            max_attempts: 4,
            initial_backoff: Duration::from_millis(100),
            max_backoff: Duration::from_millis(300),
            multiplier: 2.0,
            codes: vec![Code::Unavailable, Code::ResourceExhausted],
        }
    }

    fn throttle(tokens: u64) -> Arc<Throttle> {
        Arc::new(Throttle::new(&RetryThrottling {
            max_tokens: tokens,
            token_ratio: 0.1,
        }))
    }

    fn is_about(pause: Option<Duration>, millis: u64) -> bool {
        let millis = Duration::from_millis(millis);
        pause.is_some_and(|pause| (millis.mul_f64(0.8)..=millis.mul_f64(1.2)).contains(&pause))
    }

    /// The table of gRFC A6: which failure is retried.
    #[test]
    fn a_failure_is_retried_if_its_code_pushback_tokens_and_commitment_allow_it() {
        let after = Pushback::After(Duration::from_millis(7));
        // Code, pushback, committed, tokens at the start; retried, and tokens that it took.
        let cases = [
            (Code::Unavailable, Pushback::None, false, 10, true),
            (Code::ResourceExhausted, Pushback::None, false, 10, true),
            (Code::Internal, Pushback::None, false, 10, false),
            (Code::Ok, Pushback::None, false, 10, false),
            (Code::Unavailable, after, false, 10, true),
            // The server's word counts only for codes of the policy.
            (Code::Internal, after, false, 10, false),
            (Code::Unavailable, Pushback::Never, false, 10, false),
            (Code::Unavailable, Pushback::None, true, 10, false),
            (Code::Unavailable, after, true, 10, false),
            // One of two tokens is left, which is not more than half.
            (Code::Unavailable, Pushback::None, false, 2, false),
            (Code::Unavailable, after, false, 2, false),
            (Code::Unavailable, Pushback::None, false, 3, true),
        ];
        let policy = policy();
        for (code, pushback, committed, tokens, expected) in cases {
            let mut retries = Retries::new(Some(&policy), Some(throttle(tokens)));
            let next = retries.next(code, pushback, committed);
            let case = (code, pushback, committed, tokens);
            assert_eq!(next.is_some(), expected, "{case:?}");
        }
    }

    #[test]
    fn tokens_are_taken_by_failures_that_count_and_by_no_others() {
        let policy = policy();
        for (code, pushback, counts) in [
            (Code::Unavailable, Pushback::None, true),
            (Code::Unavailable, Pushback::Never, true),
            (Code::Internal, Pushback::Never, true),
            (Code::Internal, Pushback::None, false),
            (Code::Ok, Pushback::None, false),
        ] {
            // A second one would be the last before half.
            let tokens = throttle(4);
            let mut retries = Retries::new(Some(&policy), Some(Arc::clone(&tokens)));
            retries.next(code, pushback, false);
            assert_eq!(!tokens.failure(), counts, "{code:?} {pushback:?}");
        }
    }

    #[test]
    fn pauses_grow_to_the_longest_and_begin_again_after_pushback() {
        let policy = settings::Retry {
            max_attempts: 9,
            ..policy()
        };
        let mut retries = Retries::new(Some(&policy), None);
        let mut next = |pushback| retries.next(Code::Unavailable, pushback, false);
        assert!(is_about(next(Pushback::None), 100));
        assert!(is_about(next(Pushback::None), 200));
        assert!(is_about(next(Pushback::None), 300));
        assert!(is_about(next(Pushback::None), 300));
        let exactly = Duration::from_millis(1234);
        assert_eq!(next(Pushback::After(exactly)), Some(exactly));
        assert!(is_about(next(Pushback::None), 100));
    }

    #[test]
    fn there_are_no_more_attempts_than_the_policy_has() {
        let policy = policy();
        let mut retries = Retries::new(Some(&policy), None);
        for attempt in 1..=3 {
            let next = retries.next(Code::Unavailable, Pushback::None, false);
            assert!(next.is_some());
            assert_eq!(retries.before(), attempt);
        }
        let next = retries.next(Code::Unavailable, Pushback::None, false);
        assert_eq!(next, None);
        let mut none = Retries::new(None, None);
        assert_eq!(none.next(Code::Unavailable, Pushback::None, false), None);
    }

    #[test]
    fn pushback_is_one_number_that_is_not_negative() {
        let of = |values: &[&str]| {
            let mut headers = HeaderMap::new();
            for value in values {
                headers.append(PUSHBACK, value.parse().expect("a header"));
            }
            Pushback::of(&headers)
        };
        assert_eq!(of(&[]), Pushback::None);
        assert_eq!(of(&["0"]), Pushback::After(Duration::ZERO));
        assert_eq!(of(&["25"]), Pushback::After(Duration::from_millis(25)));
        for never in [&["-1"][..], &[""], &["x"], &["1.5"], &["1", "2"]] {
            assert_eq!(of(never), Pushback::Never, "{never:?}");
        }
    }
}
