//! Whole cycles against the simulated org.

mod architecture;
mod cases;
mod columns;
mod consent;
mod crash_and_resume;
mod duplicates;
mod families;
mod first_contact;
mod forgetting;
mod identity;
mod kill_points;
mod links;
mod map_change;
mod one_way;
mod postgres;
mod pull_cycle;
mod resync;
mod rows;
mod security;
mod stopping;
mod watermarks;
mod ways_in;
mod why;
