//! Provider `memory`: the whole suite.

use carml_test_store::{InMemory, conformance};

conformance!(InMemory);
