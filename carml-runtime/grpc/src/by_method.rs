//! What is kept for each method that a client calls.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock},
};

/// Methods beyond these share one value: a client that passes names on makes no more of them.
const MAX: usize = 1000;

/// What the methods are called that share one value.
const OTHERS: &str = "_OTHER";

/// A value for each method, made when the method is first called.
#[derive(Debug, Default)]
pub struct ByMethod<T> {
    known: RwLock<HashMap<String, Arc<T>>>,
    others: Arc<T>,
}

impl<T: Default> ByMethod<T> {
    /// That of `package.Service/Method`.
    pub fn of(&self, method: &str) -> Arc<T> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(value) = known.get(method) {
            return Arc::clone(value);
        }
        drop(known);
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX && !known.contains_key(method) {
            return Arc::clone(&self.others);
        }
        Arc::clone(known.entry(method.to_owned()).or_default())
    }

    /// All of them, by their names in order.
    pub fn all(&self) -> Vec<(String, Arc<T>)> {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        let each = known
            .iter()
            .map(|(name, value)| (name.clone(), Arc::clone(value)));
        let mut all: Vec<_> = each.collect();
        all.sort_by(|one, other| one.0.cmp(&other.0));
        if known.len() >= MAX {
            all.push((OTHERS.to_owned(), Arc::clone(&self.others)));
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_beyond_the_limit_share_a_value() {
        let values = ByMethod::<()>::default();
        let first = values.of("a.B/C0");
        for n in 1..MAX {
            values.of(&format!("a.B/C{n}"));
        }
        assert!(Arc::ptr_eq(&first, &values.of("a.B/C0")));
        assert!(Arc::ptr_eq(&values.of("x"), &values.of("y")));
        assert_eq!(values.all().len(), MAX + 1);
    }
}
