//! Calls through real servers: which instance they go to, and how they end.

mod bad_days;
mod balance;
mod deadlines;
mod discovery;
mod restarts;
mod retries;
mod support;
