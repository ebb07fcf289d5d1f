//! The binary can be told to die, or to make a mistake, only where a feature was asked for by name.

/// The variables that a drill speaks through.
const SPOKEN: [(&str, bool); 2] =
    [("HIGHWATER_DIE_AT", cfg!(feature = "kill-points")), ("HIGHWATER_MISTAKE", cfg!(feature = "sabotage"))];

#[test]
fn the_binary_listens_to_a_drill_only_where_that_was_built_in() {
    let binary = std::fs::read(env!("CARGO_BIN_EXE_highwater")).expect("cargo built it");
    for (variable, built_in) in SPOKEN {
        let found =
            binary.split(|byte| *byte == b'H').any(|rest| rest.starts_with(&variable.as_bytes()[1..]));
        assert_eq!(found, built_in, "{variable}");
    }
}
