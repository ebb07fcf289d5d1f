//! The admin page's listener, with real sockets and held time.

mod connections;
mod forms;
mod gate;
mod signing_in;
mod site;
