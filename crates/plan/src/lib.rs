//! What a cycle would write, per record and field, and why: reads both sides fresh and decides.
