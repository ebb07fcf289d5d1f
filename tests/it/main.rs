//! Whole cycles against the simulated org.

mod first_contact;
