//! The benchmark: what the engine costs on this machine, measured process by process against a simulated org that runs in
//! a process of its own.

mod child;
mod figures;
mod hour;
mod http;
mod page;
mod people;
mod plain;
mod plain_pull;
mod scenario;
mod stage;
mod step;

pub use page::{answer, markdown};
pub use scenario::run;
pub use step::{Step, carry_out};
