//! Questions, on a terminal only.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::failure::Failure;

/// The longest answer that is taken.
const MOST_BYTES: u64 = 4_096;

/// Asks, or takes the proposal.
#[derive(Debug, Clone, Copy)]
pub struct Asker {
    interactive: bool,
}

impl Asker {
    /// Asks only where somebody can answer, and was not told to take what is proposed.
    #[must_use]
    pub fn new(take_proposals: bool) -> Self {
        let terminal = io::stdin().is_terminal() && io::stderr().is_terminal();
        Self { interactive: terminal && !take_proposals }
    }

    /// The answer, or the proposal where there is nobody to ask or nothing is answered.
    ///
    /// # Errors
    /// When the terminal cannot be read.
    pub fn ask(self, question: &str, proposal: &str) -> Result<String, Failure> {
        if !self.interactive {
            return Ok(proposal.to_owned());
        }
        let failed = |source| Failure::Output { what: "the question".to_owned(), source };
        let mut out = io::stderr().lock();
        write!(out, "{question} [{proposal}]: ").and_then(|()| out.flush()).map_err(failed)?;
        let mut answer = String::new();
        io::Read::take(io::stdin().lock(), MOST_BYTES).read_line(&mut answer).map_err(failed)?;
        let answer = answer.trim();
        Ok(if answer.is_empty() { proposal.to_owned() } else { answer.to_owned() })
    }
}
