//! SOAP `login()`, for old integrations: up to v64.0 only (Help 005132110), and `logout()`.

use super::grants::by_password;
use crate::org::OrgState;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use std::collections::HashMap;
use std::sync::Arc;

/// Largest accepted request (limits sheet: 10 KB).
const BODY_BYTES: usize = 10_240;
/// The last version with `login()`.
const LAST_VERSION: u32 = 64;

/// `POST /services/Soap/u/64.0` (partner) or `/c/` (enterprise).
pub(crate) async fn login(
    State(org): State<Arc<OrgState>>,
    Path(path): Path<HashMap<String, String>>,
    body: Bytes,
) -> Response {
    let kind = path.get("kind").map_or("", String::as_str);
    let version = path.get("version").map_or("", String::as_str);
    let number: u32 = version.split('.').next().and_then(|number| number.parse().ok()).unwrap_or_default();
    let text = String::from_utf8_lossy(&body);
    let leaving = element(&text, "logout").is_some();
    let settings = org.settings();
    let last = if leaving { settings.api.ceiling } else { LAST_VERSION };
    if !matches!(kind, "u" | "c") || !(31..=last).contains(&number) {
        return fault("UNSUPPORTED_API_VERSION", "Invalid Api version specified on URL");
    }
    if leaving {
        return logout(&org, &text);
    }
    if body.len() > BODY_BYTES || !text.contains("login") {
        return fault("INVALID_OPERATION", "only login() of at most 10 KB and logout() are served");
    }
    let wanted = || Some((element(&text, "username")?, element(&text, "password")?));
    let user = wanted().and_then(|(name, password)| by_password(&settings, &name, &password));
    let user = user.filter(|user| user.active).and_then(|user| Some((org.user_id(&user.username)?, user)));
    let Some((id, user)) = user else {
        let text = "Invalid username, password, security token; or user locked out.";
        return fault("INVALID_LOGIN", text);
    };
    let org_id = org.org_id();
    // An expired password still answers 200, with a session no call accepts.
    let session = if user.password_expired {
        format!("{}!restricted", org_id.short())
    } else {
        org.sessions.start(org_id, id, org.clock.now(), &org.random)
    };
    let server = |letter: &str| format!("{}/services/Soap/{letter}/{version}/{}", org.url(), org_id.short());
    let body = format!(
        "<loginResponse><result><metadataServerUrl>{}</metadataServerUrl>\
         <passwordExpired>{}</passwordExpired><sandbox>false</sandbox><serverUrl>{}</serverUrl>\
         <sessionId>{session}</sessionId><userId>{id}</userId><userInfo>\
         <organizationId>{org_id}</organizationId><userFullName>{}</userFullName><userId>{id}</userId>\
         <userName>{}</userName></userInfo></result></loginResponse>",
        server("m"),
        user.password_expired,
        server(kind),
        escape(&format!("{} {}", user.first_name, user.last_name)),
        escape(&user.username),
    );
    envelope(
        StatusCode::OK,
        &format!("urn:{}.soap.sforce.com", if kind == "u" { "partner" } else { "enterprise" }),
        &body,
    )
}

/// Ends the session of the `SessionHeader` (SOAP guide: logout()).
fn logout(org: &OrgState, text: &str) -> Response {
    if element(text, "sessionId").is_some_and(|session| org.sessions.revoke(&session)) {
        envelope(StatusCode::OK, "urn:partner.soap.sforce.com", "<logoutResponse/>")
    } else {
        fault("INVALID_SESSION_ID", "Invalid Session ID found in SessionHeader: Illegal Session")
    }
}

fn envelope(status: StatusCode, namespace: &str, body: &str) -> Response {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
         xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns=\"{namespace}\" \
         xmlns:sf=\"urn:fault.partner.soap.sforce.com\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\"><soapenv:Body>{body}</soapenv:Body>\
         </soapenv:Envelope>"
    );
    (status, [(header::CONTENT_TYPE, "text/xml; charset=utf-8")], text).into_response()
}

fn fault(code: &str, text: &str) -> Response {
    let body = format!(
        "<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{code}: {text}</faultstring><detail>\
         <sf:LoginFault xsi:type=\"sf:LoginFault\"><sf:exceptionCode>{code}</sf:exceptionCode>\
         <sf:exceptionMessage>{text}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    );
    envelope(StatusCode::INTERNAL_SERVER_ERROR, "urn:partner.soap.sforce.com", &body)
}

/// Text of the first element of this local name, whatever its prefix. Enough for the two plain elements of
/// `login()`; no general XML is read here.
fn element(text: &str, name: &str) -> Option<String> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once('<') {
        let (tag, content) = after.split_once('>')?;
        let full = tag.split_whitespace().next().unwrap_or_default();
        if full.trim_end_matches('/').rsplit(':').next() == Some(name) && !full.starts_with('/') {
            return Some(unescape(content.split_once('<')?.0));
        }
        rest = content;
    }
    None
}

/// Named and numeric references become their characters (XML 1.0, 4.1); what is none stays as it is.
fn unescape(text: &str) -> String {
    let mut plain = String::new();
    let mut rest = text.trim();
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let reference = after.split_once(';').and_then(|(name, rest)| Some((character(name)?, rest)));
        rest = match reference {
            Some((character, rest)) => {
                plain.push(character);
                rest
            }
            None => {
                plain.push('&');
                after
            }
        };
    }
    plain + rest
}

/// The character of a reference, named between `&` and `;`.
fn character(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "amp" => Some('&'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix('x') {
                Some(hex) => u32::from_str_radix(hex, 16),
                None => number.parse(),
            };
            char::from_u32(code.ok()?)
        }
    }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::{element, escape, unescape};
    use proptest::prelude::*;

    #[test]
    fn an_element_is_found_by_its_local_name_and_unescaped() {
        let text =
            "<n1:login xmlns:n1=\"urn\"><n1:username>a@b.org</n1:username><password>a&lt;b&amp;</password>";
        assert_eq!(element(text, "username").as_deref(), Some("a@b.org"));
        assert_eq!(element(text, "password").as_deref(), Some("a<b&"));
        assert_eq!(element(text, "nothing"), None);
    }

    #[test]
    fn references_are_read_once_and_what_is_none_stays() {
        assert_eq!(unescape("o&#x27;neil &#38; s&apos;&amp;lt;"), "o'neil & s'&lt;");
        assert_eq!(unescape("a & b &none; &#xD800; &#; &"), "a & b &none; &#xD800; &#; &");
    }

    proptest! {
        #[test]
        fn what_was_escaped_reads_back(text in "[<>&'a-z;#x0-9]{0,40}") {
            prop_assert_eq!(unescape(&escape(&text)), text);
        }

        #[test]
        fn any_text_has_an_element_or_not(text in "[<>/:a-z&; ]{0,80}") {
            let _ = element(&text, "a");
        }
    }
}
