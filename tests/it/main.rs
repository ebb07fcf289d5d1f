//! Whole cycles against the simulated org.

mod architecture;
mod consent;
mod crash_and_resume;
mod duplicates;
mod families;
mod first_contact;
mod links;
mod pull_cycle;
mod resync;
mod rows;
mod watermarks;
