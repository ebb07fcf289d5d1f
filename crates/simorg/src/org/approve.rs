//! What a user's approval of the connected app in a browser leaves behind.

use super::admin::Admin;
use super::error::OrgError;

impl Admin {
    /// Approves the connected app as `username` and answers the refresh token the web server flow would bring. The
    /// username-password flow brings none (REST guide: the refresh token in the authentication flow).
    ///
    /// # Errors
    /// [`OrgError::User`] when nobody has this name.
    pub fn approve(&self, username: &str) -> Result<String, OrgError> {
        let state = self.state();
        let user = state.user_id(username).ok_or(OrgError::User)?;
        Ok(state.sessions.grant_refresh(user, &state.random))
    }
}
