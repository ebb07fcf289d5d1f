//! The benchmark: what the engine costs on this machine, measured process by process against a simulated org that runs in
//! a process of its own.

mod child;
mod figures;
mod growth;
mod hour;
mod http;
mod page;
mod people;
mod plain;
mod plain_pull;
mod python;
mod scenario;
mod sqlite_alone;
mod stage;
mod step;

pub use growth::picture;
pub use page::{answer, markdown};
pub use scenario::{Choices, run};
pub use step::{Step, carry_out};
