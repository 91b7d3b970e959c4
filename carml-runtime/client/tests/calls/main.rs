//! Calls through real servers: which instance they go to, and how they end.

mod a6;
mod bad_days;
mod balance;
mod deadlines;
mod discovery;
mod health;
mod hedging;
mod middlewares;
mod outliers;
mod restarts;
mod retries;
mod support;
