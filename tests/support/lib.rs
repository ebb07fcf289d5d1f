//! The harness: one org, one supporter database, one state directory, one clock.
