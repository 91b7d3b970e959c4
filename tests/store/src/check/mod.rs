//! The checks.

pub mod capabilities;
pub mod lists;
pub mod objects;
pub mod reads;
pub mod writes;
