//! The highwater binary: arguments, configuration, wiring, output, exit codes.

fn main() {}
