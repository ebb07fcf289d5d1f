//! Where supporters come from and go back to: a trait and its SQLite adapter.
