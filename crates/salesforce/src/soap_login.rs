//! SOAP `login()`: what is sent, and what comes back. Legacy: up to API v64.0 (Help 005132110).

use model::{OrgId, UserId};
use quick_xml::Reader;
use quick_xml::events::{BytesRef, Event};
use secrecy::{ExposeSecret as _, SecretString};

use crate::config::ApiVersion;
use crate::error::{Error, ErrorKind};
use crate::login::Account;

/// The last API version that has the call.
const LAST_VERSION: u16 = 64;
/// Largest request Salesforce takes (limits sheet: 10 KB).
const MOST_BYTES: usize = 10_240;
/// How deep an answer may be nested; a real one is five deep.
const MOST_DEPTH: usize = 32;

/// Where the call goes, whatever newer version the other calls use.
pub(crate) fn path(version: ApiVersion) -> String {
    format!("/services/Soap/u/{}.0", version.major().min(LAST_VERSION))
}

/// The request.
pub(crate) fn request(username: &str, password: &SecretString) -> Result<String, Error> {
    let (username, password) = (escaped(username)?, escaped(password.expose_secret())?);
    let request = format!(
        "<?xml version=\"1.0\" encoding=\"utf-8\"?><env:Envelope \
         xmlns:env=\"http://schemas.xmlsoap.org/soap/envelope/\" xmlns:urn=\"urn:partner.soap.sforce.com\">\
         <env:Header><urn:CallOptions><urn:client>highwater</urn:client></urn:CallOptions></env:Header>\
         <env:Body><urn:login><urn:username>{username}</urn:username><urn:password>{password}</urn:password>\
         </urn:login></env:Body></env:Envelope>"
    );
    if request.len() > MOST_BYTES {
        return Err(Error::new(ErrorKind::Configuration, "user name and password are too long for SOAP"));
    }
    Ok(request)
}

/// A text as XML content that every parser reads back the same.
fn escaped(text: &str) -> Result<String, Error> {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            // Written plainly, these would be read as other white space.
            '\t' | '\n' | '\r' => out.push_str(&format!("&#{};", u32::from(c))),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {
                let why = "user name or password hold a character that XML cannot carry";
                return Err(Error::new(ErrorKind::Configuration, why));
            }
            c => out.push(c),
        }
    }
    Ok(out)
}

/// What came back.
#[derive(Default)]
pub(crate) struct SoapAnswer {
    session: Option<String>,
    server: Option<String>,
    org: Option<String>,
    user: Option<String>,
    name: Option<String>,
    expired: Option<String>,
    fault_code: Option<String>,
    exception_code: Option<String>,
    fault_text: Option<String>,
}

impl SoapAnswer {
    /// Code and text of a refusal, where it is one. `sf:INVALID_LOGIN` and `INVALID_LOGIN` are the same code.
    pub(crate) fn fault(&self) -> Option<(&str, &str)> {
        let code = self.exception_code.as_deref().or(self.fault_code.as_deref())?;
        let code = code.rsplit(':').next().unwrap_or(code);
        Some((code, self.fault_text.as_deref().unwrap_or_default()))
    }

    /// An expired password still gets an answer, with a session that no call accepts.
    pub(crate) fn password_expired(&self) -> bool {
        self.expired.as_deref().is_some_and(|text| matches!(text, "true" | "1"))
    }

    /// Session id and server address.
    pub(crate) fn session(self) -> Option<(SecretString, String)> {
        Some((self.session?.into(), self.server?))
    }

    /// Whose session it is.
    pub(crate) fn account(&self) -> Account {
        Account {
            org: self.org.as_deref().and_then(|id| OrgId::parse(id).ok()),
            user: self.user.as_deref().and_then(|id| UserId::parse(id).ok()),
            username: self.name.clone(),
        }
    }

    /// The place for the text of an element, by the names of the elements around it.
    fn place(&mut self, path: &[String]) -> Option<&mut Option<String>> {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        Some(match path.as_slice() {
            ["Envelope", "Body", "loginResponse", "result", rest @ ..] => match rest {
                ["sessionId"] => &mut self.session,
                ["serverUrl"] => &mut self.server,
                ["userId"] => &mut self.user,
                ["passwordExpired"] => &mut self.expired,
                ["userInfo", "organizationId"] => &mut self.org,
                ["userInfo", "userName"] => &mut self.name,
                _ => return None,
            },
            ["Envelope", "Body", "Fault", "faultcode"] => &mut self.fault_code,
            ["Envelope", "Body", "Fault", "faultstring"] => &mut self.fault_text,
            ["Envelope", "Body", "Fault", "detail", _, "exceptionCode"] => &mut self.exception_code,
            _ => return None,
        })
    }
}

/// Reads an answer. Total: any bytes give an answer or an error.
pub(crate) fn parse(bytes: &[u8]) -> Result<SoapAnswer, Error> {
    let text = std::str::from_utf8(bytes).map_err(|_| bad("not UTF-8 text"))?;
    let text = text.trim_start_matches('\u{feff}');
    if text.trim_start().get(..5).is_some_and(|start| start.eq_ignore_ascii_case("<html")) {
        return Err(bad("HTML instead of SOAP"));
    }
    let mut reader = Reader::from_str(text);
    let mut answer = SoapAnswer::default();
    let mut path: Vec<String> = Vec::new();
    loop {
        match reader.read_event().map_err(|error| unreadable(&error))? {
            Event::Start(element) => {
                path.push(element.local_name().as_ref().to_owned());
                if path.len() > MOST_DEPTH {
                    return Err(bad("XML nested too deep"));
                }
                if let Some(place) = answer.place(&path) {
                    // An element that comes twice could be read one way here and another way elsewhere.
                    if place.replace(String::new()).is_some() {
                        return Err(bad("an element that comes twice"));
                    }
                }
            }
            Event::End(_) => drop(path.pop()),
            Event::Text(text) => append(&mut answer, &path, &text.xml10_content()),
            Event::CData(text) => append(&mut answer, &path, &text.xml10_content()),
            Event::GeneralRef(name) => append(&mut answer, &path, &resolved(&name)?),
            Event::DocType(_) => return Err(bad("a document type declaration")),
            Event::Eof if path.is_empty() => return Ok(answer),
            Event::Eof => return Err(early_end()),
            Event::Empty(_) | Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn append(answer: &mut SoapAnswer, path: &[String], text: &str) {
    if let Some(Some(so_far)) = answer.place(path) {
        so_far.push_str(text);
    }
}

/// The five names XML knows, and numbers; nothing a document could define.
fn resolved(reference: &BytesRef<'_>) -> Result<String, Error> {
    let unknown = || bad("an unknown entity");
    match reference.resolve_char_ref().map_err(|_| unknown())? {
        Some(c) => Ok(c.to_string()),
        None => {
            let name = reference.xml10_content();
            let known = quick_xml::escape::resolve_xml_entity(&name).ok_or_else(unknown)?;
            Ok(known.to_owned())
        }
    }
}

/// A mark that begins and never ends is how an answer that broke off looks.
fn unreadable(error: &quick_xml::Error) -> Error {
    if matches!(error, quick_xml::Error::Syntax(_)) { early_end() } else { bad("not well-formed XML") }
}

fn early_end() -> Error {
    Error::new(ErrorKind::Incomplete, "XML ends early")
}

fn bad(why: &'static str) -> Error {
    Error::new(ErrorKind::Contract, why)
}

#[cfg(test)]
#[path = "soap_login_tests.rs"]
mod tests;
