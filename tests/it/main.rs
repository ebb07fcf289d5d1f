//! Whole cycles against the simulated org.
