//! The queue and the way in.

mod power;
mod queue;
mod reading;
mod support;
