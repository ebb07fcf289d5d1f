//! Who is signed in. In memory only: a restart signs everybody out.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use model::{Clock, Stamp};

use super::token::Token;

/// Sessions at a time; a further one ends the one that was idle the longest.
const MOST: usize = 32;
/// A session that is not used for so long ends (ASVS 7.3.1).
const IDLE: Duration = Duration::from_secs(30 * 60);
/// No session lives longer (ASVS 7.3.2).
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

struct Session {
    token: Token,
    began: Stamp,
    used: Stamp,
}

impl Session {
    /// A clock that was set back ends no session, and does not lengthen one by more than it went back.
    fn is_over(&self, now: Stamp) -> bool {
        now.since(self.used) >= IDLE || now.since(self.began) >= LONGEST
    }
}

/// Under the digest of the session's name: looking it up takes a time that tells nothing about the name.
pub(super) struct Sessions {
    kept: Mutex<HashMap<Vec<u8>, Session>>,
    clock: Clock,
}

impl Sessions {
    pub(super) fn new(clock: Clock) -> Self {
        Self { kept: Mutex::new(HashMap::new()), clock }
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Vec<u8>, Session>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a session under a new name; `None`: the system gives no randomness.
    pub(super) fn begin(&self) -> Option<Token> {
        let (name, token) = (Token::random()?, Token::random()?);
        let now = self.clock.now();
        let mut kept = self.kept();
        kept.retain(|_, session| !session.is_over(now));
        if kept.len() >= MOST {
            let idle = kept.iter().min_by_key(|(_, session)| session.used).map(|(key, _)| key.clone());
            if let Some(idle) = idle {
                kept.remove(&idle);
            }
        }
        kept.insert(key(&name), Session { token, began: now, used: now });
        Some(name)
    }

    /// The anti-forgery token of a session that goes on.
    pub(super) fn token(&self, name: &Token) -> Option<Token> {
        let (key, now) = (key(name), self.clock.now());
        let mut kept = self.kept();
        let session = kept.get_mut(&key)?;
        if session.is_over(now) {
            kept.remove(&key);
            return None;
        }
        session.used = now;
        Some(session.token.clone())
    }

    /// Ends a session.
    pub(super) fn end(&self, name: &Token) {
        self.kept().remove(&key(name));
    }
}

fn key(name: &Token) -> Vec<u8> {
    digest(&SHA256, name.digits().as_bytes()).as_ref().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sessions() -> (Sessions, Clock) {
        let clock = Clock::held(Stamp::from_seconds(1_000_000));
        (Sessions::new(clock.clone()), clock)
    }

    #[test]
    fn a_session_ends_when_it_is_idle_or_old_or_ended() {
        let (sessions, clock) = sessions();
        let name = sessions.begin().unwrap();
        clock.advance(IDLE - Duration::from_secs(1));
        assert!(sessions.token(&name).is_some());
        clock.advance(IDLE);
        assert!(sessions.token(&name).is_none(), "idle");
        let name = sessions.begin().unwrap();
        for _ in 0..(LONGEST.as_secs() / 60 - 1) {
            clock.advance(Duration::from_secs(60));
            assert!(sessions.token(&name).is_some());
        }
        clock.advance(Duration::from_secs(60));
        assert!(sessions.token(&name).is_none(), "old");
        let name = sessions.begin().unwrap();
        sessions.end(&name);
        assert!(sessions.token(&name).is_none(), "ended");
        assert!(sessions.token(&Token::random().unwrap()).is_none(), "never begun");
    }

    #[test]
    fn there_are_never_more_than_so_many() {
        let (sessions, clock) = sessions();
        let mut names: Vec<Token> = Vec::new();
        for _ in 0..=MOST {
            names.push(sessions.begin().unwrap());
            clock.advance(Duration::from_secs(1));
        }
        assert_eq!(sessions.kept().len(), MOST);
        assert!(sessions.token(&names[0]).is_none(), "the one that was idle the longest");
        assert!(names[1..].iter().all(|name| sessions.token(name).is_some()));
        let (one, other) = (sessions.token(&names[1]).unwrap(), sessions.token(&names[2]).unwrap());
        assert!(!one.is(other.digits()), "each session has a token of its own");
    }
}
