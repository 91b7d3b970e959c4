//! Methods that options name.

use super::{Call, Place, Refusal};
use crate::Methods;

/// Some of the methods that are served.
#[derive(Debug)]
pub(crate) struct Selection {
    methods: Methods,
    /// By their places in `methods`.
    is_selected: Vec<bool>,
}

impl Selection {
    /// The services and methods that the option `key` lists.
    pub(crate) fn new(key: &str, names: &[String], place: &Place) -> Result<Self, Refusal> {
        let methods = place.methods.clone();
        let mut is_selected = vec![false; methods.all().len()];
        for (n, name) in names.iter().enumerate() {
            let found = methods.named(name).map_err(|message| Refusal {
                pointer: format!("/{key}/{n}"),
                message,
            })?;
            for index in found {
                is_selected[index] = true;
            }
        }
        Ok(Self {
            methods,
            is_selected,
        })
    }

    /// Whether a call is of one of them.
    pub(crate) fn has(&self, call: &Call) -> bool {
        let index = call.index_in(&self.methods);
        index.is_some_and(|index| self.is_selected[index])
    }
}
