//! From the configuration to the two sides and the state.

pub mod admin;
pub mod blueprint;
pub mod budget;
pub mod delivery;
pub mod field_history;
pub mod field_map;
pub mod field_type;
pub mod intake;
pub mod known_org;
pub mod met;
pub mod never_filled;
pub mod never_ticked;
pub mod org;
pub mod settings;
pub mod sides;
pub mod state;
pub mod supporters;
