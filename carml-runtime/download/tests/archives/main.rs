//! Archives: what is unpacked, and what is refused without a byte outside of the folder.

mod build;
mod good;
mod hostile;
mod random;
mod support;
