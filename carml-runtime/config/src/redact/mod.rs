//! Which parts of a config a report may show.

mod knowledge;
mod lexical;
mod loose_keys;
mod policy;

use crate::schema::Schema;
pub(crate) use knowledge::Knowledge;
pub(crate) use policy::ConfigPolicy;

/// Whether a key that is given outside of a file can be shown: each part of it is a name, and not the name of a secret
/// with its value.
pub(crate) fn is_name(schema: &Schema, pointer: &str) -> bool {
    let knowledge = Knowledge::of(schema);
    let mut steps = pointer.split('/').skip(1);
    steps.all(|step| {
        let key = carml_diagnostic::unescape_key(step);
        knowledge.is_known_name(&key) || !key.contains(' ') && knowledge.is_name(&key)
    })
}
