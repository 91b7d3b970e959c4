//! Which parts of a config a report may show.

mod knowledge;
mod lexical;
mod names;
mod policy;

use knowledge::Knowledge;
pub(crate) use names::variable_sounds_secret;
pub(crate) use policy::ConfigPolicy;
