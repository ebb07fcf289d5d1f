//! What ends a cycle early. A bad record never does.

/// The cycle cannot go on. Everything committed so far stands, and the next cycle goes on from there.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// Salesforce could not be reached, or refused the call itself.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// The supporter database could not be reached, or refused the call itself.
    #[error(transparent)]
    Supporters(#[from] supporters::Error),
    /// The state could not be read or made durable.
    #[error(transparent)]
    State(#[from] state::Error),
    /// Reading or writing a spool file failed.
    #[error("{what} failed")]
    Spool {
        /// Which step.
        what: &'static str,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Something about the two sides contradicts the configuration; nothing was written.
    #[error("{problem}; {advice}")]
    Setup {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
}

impl From<salesforce::soql::InvalidName> for Fatal {
    fn from(_: salesforce::soql::InvalidName) -> Self {
        Self::Setup {
            problem: "a configured field is no Salesforce field name".to_owned(),
            advice: "correct the field names in the configuration".to_owned(),
        }
    }
}

impl Fatal {
    /// For `map_err` on file work.
    pub fn spool(what: &'static str) -> impl FnOnce(std::io::Error) -> Self {
        move |source| Self::Spool { what, source }
    }
}
