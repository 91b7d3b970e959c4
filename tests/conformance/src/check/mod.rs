//! The checks, by what they are about.
#![allow(missing_docs)]

pub mod compare;
pub mod crowds;
pub mod elections;
pub mod end;
pub mod keys;
pub mod leases;
pub mod lists;
pub mod locks;
pub mod table;
pub mod transactions;
pub mod watches;
