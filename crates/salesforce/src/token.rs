//! The access token's life: fetched when first needed, replaced once when refused, one fetch at a time, in memory only.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use model::OrgId;
use secrecy::SecretString;
use tokio::sync::Mutex;
use url::Url;

use crate::error::{Error, ErrorKind};
use crate::login::{Account, SignedIn};

/// A session with the org.
pub(crate) struct Session {
    pub(crate) token: SecretString,
    /// Where its calls go: scheme, host and port, trusted.
    pub(crate) instance: Url,
    /// Whose it is.
    pub(crate) account: Account,
    /// Counts the sessions, so that a refused one can be told from its successor.
    pub(crate) generation: u64,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Session({}, #{})", self.instance, self.generation)
    }
}

#[derive(Default)]
struct State {
    session: Option<Arc<Session>>,
    failure: Option<Error>,
    generation: u64,
    /// The org of the first session that named one.
    org: Option<OrgId>,
}

impl State {
    /// A later session must belong to the org of the first: a cycle never goes on in another org.
    fn admit(&mut self, signed_in: SignedIn) -> Result<Arc<Session>, Error> {
        let SignedIn { token, instance, account } = signed_in;
        if let (Some(before), Some(now)) = (self.org, account.org)
            && before != now
        {
            return Err(Error::new(ErrorKind::WrongOrg, "a renewed session belongs to another org"));
        }
        self.org = self.org.or(account.org);
        self.generation += 1;
        Ok(Arc::new(Session { token, instance, account, generation: self.generation }))
    }
}

/// The one session of an org, shared by all calls.
#[derive(Default)]
pub(crate) struct Sessions {
    state: Mutex<State>,
    ended: AtomicU64,
}

impl Sessions {
    /// The present session; another one than `refused` when that is given. However many callers come at once with the
    /// same refused session, one fetch is made, and all get its session or its failure.
    pub(crate) async fn get(
        &self,
        refused: Option<u64>,
        fetch: impl Future<Output = Result<SignedIn, Error>>,
    ) -> Result<Arc<Session>, Error> {
        let ended_before = self.ended.load(Ordering::SeqCst);
        let mut state = self.state.lock().await;
        if let Some(session) = &state.session
            && Some(session.generation) != refused
        {
            return Ok(Arc::clone(session));
        }
        if let Some(failure) = &state.failure
            && self.ended.load(Ordering::SeqCst) != ended_before
        {
            // Tried and failed while this caller waited: a refused secret is not offered a hundred times.
            return Err(failure.clone());
        }
        state.session = None;
        state.failure = None;
        let fetched = fetch.await;
        self.ended.fetch_add(1, Ordering::SeqCst);
        match fetched.and_then(|signed_in| state.admit(signed_in)) {
            Ok(session) => {
                state.session = Some(Arc::clone(&session));
                Ok(session)
            }
            Err(error) => {
                state.failure = Some(error.clone());
                Err(error)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn session_of(org: Option<&str>) -> SignedIn {
        SignedIn {
            token: "t".into(),
            instance: Url::parse("https://x.salesforce.com/").expect("an address"),
            account: Account { org: org.and_then(|id| OrgId::parse(id).ok()), ..Account::default() },
        }
    }

    #[tokio::test]
    async fn a_session_of_another_org_never_takes_the_place_of_the_first() {
        let sessions = Sessions::default();
        let here = || async { Ok(session_of(Some("00D5f000000IZ3ZEAW"))) };
        sessions.get(None, here()).await.unwrap();
        // An answer that does not say is compared later, by the cycle.
        sessions.get(Some(1), async { Ok(session_of(None)) }).await.unwrap();
        let other = async { Ok(session_of(Some("00D5f000000IZ3YEAW"))) };
        let refused = sessions.get(Some(2), other).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::WrongOrg);
        assert_eq!(sessions.get(None, here()).await.unwrap().generation, 3);
    }

    async fn storm(sessions: &Arc<Sessions>, refused: Option<u64>, succeed: bool) -> (u64, usize) {
        let fetched = Arc::new(AtomicU64::new(0));
        let calls = (0..100).map(|_| {
            let (sessions, fetched) = (Arc::clone(sessions), Arc::clone(&fetched));
            tokio::spawn(async move {
                sessions
                    .get(refused, async {
                        fetched.fetch_add(1, Ordering::SeqCst);
                        tokio::task::yield_now().await;
                        if succeed {
                            Ok(session_of(None))
                        } else {
                            Err(Error::of_kind(ErrorKind::NotAuthorised))
                        }
                    })
                    .await
                    .is_ok()
            })
        });
        let mut well = 0;
        for call in calls.collect::<Vec<_>>() {
            well += usize::from(call.await.unwrap());
        }
        (fetched.load(Ordering::SeqCst), well)
    }

    #[tokio::test]
    async fn a_hundred_callers_make_one_fetch() {
        let sessions = Arc::new(Sessions::default());
        assert_eq!(storm(&sessions, None, true).await, (1, 100));
        assert_eq!(
            storm(&sessions, Some(1), true).await,
            (1, 100),
            "all were refused with the first session"
        );
        assert_eq!(storm(&sessions, Some(1), true).await, (0, 100), "the second session is there already");
        assert_eq!(storm(&sessions, Some(2), false).await, (1, 0), "one failure is everybody's failure");
        assert_eq!(storm(&sessions, None, true).await, (1, 100), "and it is not for ever");
    }
}
