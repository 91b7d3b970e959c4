//! Locks that were released, until the servers know it.

use std::collections::BTreeSet;

use tokio::sync::watch;

use crate::{Condition, Error, ErrorKind, Txn};

/// The tokens of locks that this client released, until the servers know it.
#[derive(Debug, Default)]
pub struct Released(watch::Sender<BTreeSet<u64>>);

impl Released {
    /// A lock is being released.
    pub fn begin(&self, token: Option<u64>) {
        self.0.send_modify(|all| all.extend(token));
    }

    /// The servers know it.
    pub fn end(&self, token: Option<u64>) {
        let remove = |all: &mut BTreeSet<u64>| token.is_some_and(|token| all.remove(&token));
        self.0.send_if_modified(remove);
    }

    /// A released lock is lost at once, although the servers learn of it a moment later.
    ///
    /// # Errors
    ///
    /// `LockLost` if a transaction requires one.
    pub fn check(&self, provider: &'static str, op: &'static str, txn: &Txn) -> Result<(), Error> {
        let released = self.0.borrow();
        for condition in &txn.conditions {
            if let Condition::Held(key, token) = condition
                && released.contains(token)
            {
                let why = format!("the lock with the token {token} was released");
                return Err(Error::new(ErrorKind::LockLost, op, why)
                    .with_backend(provider)
                    .with_key(key.as_str()));
            }
        }
        Ok(())
    }

    /// Takes a free lock: what this client released may be what is in the way, and is waited for.
    ///
    /// # Errors
    ///
    /// Those of `take`.
    pub async fn retry<T, F>(&self, take: impl Fn() -> F) -> Result<Option<T>, Error>
    where
        F: Future<Output = Result<Option<T>, Error>>,
    {
        let mut released = self.0.subscribe();
        let before = released.borrow_and_update().clone();
        let taken = take().await?;
        if taken.is_some() || before.is_empty() {
            return Ok(taken);
        }
        drop(released.wait_for(|now| now.is_disjoint(&before)).await);
        take().await
    }
}
