//! The demo: a simulated org and a small supporter database on this machine, one full story, and its own examination.

mod apply;
pub mod bundled;
pub mod database;
mod folder;
mod hour;
mod org;
pub mod people;
mod random;
mod score;
pub mod simulated;
mod story;
mod telling;
#[cfg(test)]
mod tests;
mod verify;
mod world;

pub use story::{Choices, run};
pub use world::World;
