//! The checks, by what they are about.
#![allow(missing_docs)]

pub mod close;
pub mod compare_and_set;
pub mod concurrency;
pub mod elections;
pub mod keys;
pub mod leases;
pub mod lists;
pub mod locks;
pub mod table;
pub mod transactions;
pub mod watches;
