//! The External Client App, as far as it can be written down: who may sign in and the secret are set in the org.

use crate::blueprint::{Blueprint, SignIn};
use crate::element::Element;

/// API name of the app.
pub(crate) const APP: &str = "Highwater";

/// API name of its OAuth settings.
pub(crate) const OAUTH: &str = "Highwater_oauth";

/// What must be replaced before the app is deployed.
pub(crate) const PLACEHOLDER: &str = "replace-me@example.org";

/// The app itself (Metadata API: "ExternalClientApplication").
pub(crate) fn app() -> String {
    Element::new("ExternalClientApplication")
        .text("contactEmail", PLACEHOLDER)
        .text("description", "highwater: keeps the supporter database and Contacts in step.")
        .text("distributionState", "Local")
        .flag("isProtected", false)
        .text("label", "Highwater")
        .file()
}

/// Its OAuth settings (Metadata API: "ExtlClntAppOauthSettings"). The consumer key and secret belong to
/// `ExtlClntAppGlobalOauthSettings`, which must not be kept in files.
pub(crate) fn oauth(wish: &Blueprint) -> String {
    let scopes = match wish.sign_in {
        SignIn::ClientCredentials => "Api",
        SignIn::OtherGrant => "Api, RefreshToken",
    };
    Element::new("ExtlClntAppOauthSettings")
        .text("commaSeparatedOauthScopes", scopes)
        .text("externalClientApplication", APP)
        .flag("isFirstPartyAppEnabled", false)
        .text("label", OAUTH)
        .file()
}
