//! Everything that survives a restart; the only crate that names sled.
