//! Methods that options name.

use super::{Call, Place, Refusal};
use crate::Methods;

/// Some methods.
#[derive(Debug)]
pub(crate) enum Selection {
    /// Of those that are served, by their places in all of them.
    Served(Methods, Vec<bool>),
    /// Of those that others serve, by their names or those of their services.
    Named(Vec<String>),
}

impl Selection {
    /// The services and methods that the option `key` lists.
    pub(crate) fn new(key: &str, names: &[String], place: &Place) -> Result<Self, Refusal> {
        if place.is_client() {
            return Ok(Self::Named(names.to_vec()));
        }
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
        Ok(Self::Served(methods, is_selected))
    }

    /// Whether a call is of one of them.
    pub(crate) fn has(&self, call: &Call) -> bool {
        match self {
            Self::Served(methods, is_selected) => {
                let index = call.index_in(methods);
                index.is_some_and(|index| is_selected[index])
            }
            Self::Named(names) => {
                let method = call.method();
                let service = method.rsplit_once('/').map_or("", |(service, _)| service);
                names.iter().any(|name| name == method || name == service)
            }
        }
    }
}
