//! Access and refresh tokens.

use crate::id::RecordId;
use crate::random::Random;
use crate::settings::AuthSettings;
use crate::value::Stamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Most tokens kept; the oldest go first, so that a client in a loop cannot fill the memory.
const MOST: usize = 10_000;

#[derive(Debug)]
struct Session {
    user: RecordId,
    used: Stamp,
    calls: u64,
}

#[derive(Debug, Default)]
struct Inner {
    access: HashMap<String, Session>,
    refresh: HashMap<String, RecordId>,
}

/// All live sessions.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<Inner>);

impl Sessions {
    /// Starts a session and answers its access token, which begins with the org id.
    pub(crate) fn start(&self, org: RecordId, user: RecordId, now: Stamp, random: &Random) -> String {
        let token = format!("{}!AQ{}", org.short(), letters(random, 80));
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if inner.access.len() >= MOST {
            let oldest = inner.access.iter().min_by_key(|(_, session)| session.used).map(|(t, _)| t.clone());
            oldest.and_then(|token| inner.access.remove(&token));
        }
        inner.access.insert(token.clone(), Session { user, used: now, calls: 0 });
        token
    }

    /// Makes a refresh token for a user.
    pub(crate) fn grant_refresh(&self, user: RecordId, random: &Random) -> String {
        let token = format!("5Aep861{}", letters(random, 80));
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.refresh.insert(token.clone(), user);
        token
    }

    /// The user of a refresh token.
    pub(crate) fn refresh_user(&self, token: &str) -> Option<RecordId> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).refresh.get(token).copied()
    }

    /// The user of an access token, whose time starts anew. A token too old or used too often is forgotten.
    pub(crate) fn use_token(&self, token: &str, now: Stamp, auth: &AuthSettings) -> Option<RecordId> {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = inner.access.get_mut(token)?;
        let life = i64::try_from(auth.session_seconds).unwrap_or(i64::MAX).saturating_mul(1000);
        let idle = now.0.saturating_sub(session.used.0);
        if idle > life || auth.expire_after_calls.is_some_and(|most| session.calls >= most) {
            inner.access.remove(token);
            return None;
        }
        session.used = now;
        session.calls += 1;
        Some(session.user)
    }

    /// Ends a session or a refresh grant. Answers whether there was one.
    pub(crate) fn revoke(&self, token: &str) -> bool {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let access = inner.access.remove(token).is_some();
        inner.refresh.remove(token).is_some() || access
    }

    /// Ends every session; refresh grants stay.
    pub(crate) fn end_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).access.clear();
    }
}

fn letters(random: &Random, count: usize) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._";
    (0..count)
        .map(|_| LETTERS.get(random.below(LETTERS.len())).map_or('A', |letter| char::from(*letter)))
        .collect()
}
