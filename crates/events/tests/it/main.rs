//! The queue and the way in.

mod decide;
mod erase;
mod hostile;
mod http;
mod power;
mod queue;
mod reading;
mod server;
mod summary;
mod support;
mod turned_away;
