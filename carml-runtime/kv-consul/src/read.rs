//! Reads.

use std::{collections::BTreeMap, sync::Arc};

use carml_kv::{Consistency, Error, client::Call};

use crate::{
    Consul, PROVIDER,
    cluster::{Answer, Request},
    namespace::{Scope, path},
    pair::Pair,
};

/// What a scope contained at one time.
#[derive(Debug, Default)]
pub(crate) struct State {
    /// Of its last change, or later.
    pub(crate) revision: u64,
    /// By their native keys.
    pub(crate) pairs: BTreeMap<String, Pair>,
}

impl State {
    pub(crate) fn of(op: &'static str, scope: &Scope, answer: &Answer) -> Result<State, Error> {
        let pairs = pairs(op, scope, answer)?;
        Ok(State {
            revision: answer.index.unwrap_or_default(),
            pairs: pairs.map(|pair| (pair.key.clone(), pair)).collect(),
        })
    }

    /// The first entry.
    pub(crate) fn first(&self) -> Option<&Pair> {
        self.pairs.values().next()
    }
}

fn pairs<'a>(
    op: &'static str,
    scope: &'a Scope,
    answer: &Answer,
) -> Result<impl Iterator<Item = Pair> + use<'a>, Error> {
    let pairs: Vec<Pair> = match answer.status {
        404 => Vec::new(),
        _ => answer.json(op)?,
    };
    Ok(pairs.into_iter().filter(|pair| scope.contains(&pair.key)))
}

fn parameter(consistency: Consistency) -> &'static str {
    match consistency {
        Consistency::Linearizable => "consistent",
        Consistency::Stale => "stale",
    }
}

impl Consul {
    pub(crate) async fn state(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        consistency: Consistency,
    ) -> Result<Arc<State>, Error> {
        let answer = self.read(call, scope, consistency).await?;
        State::of(call.op(), scope, &answer).map(Arc::new)
    }

    async fn read(
        &self,
        call: &Call<'_>,
        scope: &Scope,
        consistency: Consistency,
    ) -> Result<Answer, Error> {
        let request = Request::read(format!("{}{}", scope.path(), parameter(consistency)));
        self.shared.cluster.call(call, &request).await
    }

    /// One key, as it is now.
    pub(crate) async fn pair(
        &self,
        call: &Call<'_>,
        native: &str,
        consistency: Consistency,
    ) -> Result<Option<Pair>, Error> {
        let scope = Scope::One(native.to_owned());
        let answer = self.read(call, &scope, consistency).await?;
        Ok(pairs(call.op(), &scope, &answer)?.next())
    }

    /// The current revision of Consul's store; checks that the namespace may be read.
    pub(crate) async fn revision(&self, call: &Call<'_>) -> Result<u64, Error> {
        let nothing = path(&self.shared.namespace.nothing());
        let request = Request::read(format!("{nothing}?consistent"));
        let answer = self.shared.cluster.call(call, &request).await?;
        let missing = || carml_kv::client::misunderstood(PROVIDER, call.op());
        answer.index.ok_or_else(missing)
    }
}
