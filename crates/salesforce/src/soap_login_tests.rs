use super::*;

const HEAD: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\"?><soapenv:Envelope \
                    xmlns:soapenv=\"http://schemas.xmlsoap.org/soap/envelope/\" \
                    xmlns=\"urn:partner.soap.sforce.com\"><soapenv:Body>";
const FOOT: &str = "</soapenv:Body></soapenv:Envelope>";

fn result(inner: &str) -> String {
    format!("{HEAD}<loginResponse><result>{inner}</result></loginResponse>{FOOT}")
}

fn refused(text: &str) -> ErrorKind {
    parse(text.as_bytes()).err().map_or_else(|| panic!("accepted: {text}"), |error| error.kind())
}

#[test]
fn the_call_goes_to_a_version_that_has_it() {
    assert_eq!(path("66.0".parse().unwrap()), "/services/Soap/u/64.0");
    assert_eq!(path("60.0".parse().unwrap()), "/services/Soap/u/60.0");
}

#[test]
fn session_server_and_account_are_read() {
    let text = result(
        "<metadataServerUrl>https://x</metadataServerUrl><passwordExpired>false</passwordExpired>\
         <serverUrl>https://example.my.salesforce.com/services/Soap/u/64.0/00D5f000000IZ3Z</serverUrl>\
         <sessionId>00D!a&amp;b&#33;</sessionId><userId>0055f000001abcdAAA</userId>\
         <userInfo><organizationId>00D5f000000IZ3ZEAW</organizationId><userId>0055f000001abcdAAA</userId>\
         <userName>sync@example.org</userName></userInfo>",
    );
    let answer = parse(text.as_bytes()).unwrap();
    assert!(answer.fault().is_none() && !answer.password_expired());
    let account = answer.account();
    assert_eq!(account.org.unwrap().to_string(), "00D5f000000IZ3ZEAW");
    assert!(account.user.is_some());
    assert_eq!(account.username.as_deref(), Some("sync@example.org"));
    let (session, server) = answer.session().unwrap();
    assert_eq!(session.expose_secret(), "00D!a&b!");
    assert!(server.starts_with("https://example.my.salesforce.com/"));
}

#[test]
fn a_fault_is_read_by_its_exception_code() {
    let text = format!(
        "{HEAD}<soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode><faultstring>INVALID_LOGIN: Invalid \
         username</faultstring><detail><sf:LoginFault xmlns:sf=\"urn\"><sf:exceptionCode>PASSWORD_LOCKOUT\
         </sf:exceptionCode></sf:LoginFault></detail></soapenv:Fault>{FOOT}"
    );
    assert_eq!(parse(text.as_bytes()).unwrap().fault().unwrap().0, "PASSWORD_LOCKOUT");
    let plain = format!("{HEAD}<soapenv:Fault><faultcode>sf:INVALID_LOGIN</faultcode></soapenv:Fault>{FOOT}");
    assert_eq!(parse(plain.as_bytes()).unwrap().fault(), Some(("INVALID_LOGIN", "")));
}

#[test]
fn what_is_no_answer_of_an_org_is_refused() {
    let whole = result("<sessionId>a</sessionId>");
    assert_eq!(refused(whole.strip_suffix("</soapenv:Envelope>").unwrap()), ErrorKind::Incomplete);
    assert_eq!(refused(&whole[..whole.len() - 4]), ErrorKind::Incomplete);
    for bad in [
        "<html><body>maintenance</body></html>",
        "<!DOCTYPE x [<!ENTITY e \"expanded\">]><soapenv:Envelope/>",
        &result("<sessionId>&e;</sessionId>"),
        &result("<sessionId>a</sessionId><sessionId>b</sessionId>"),
        &format!("{HEAD}</wrong>"),
        &"<a>".repeat(40),
    ] {
        assert_eq!(refused(bad), ErrorKind::Contract, "{bad}");
    }
    // Elements elsewhere than an org puts them count for nothing.
    let text = format!("{HEAD}<other><sessionId>a</sessionId><serverUrl>b</serverUrl></other>{FOOT}");
    assert!(parse(text.as_bytes()).unwrap().session().is_none());
    assert!(parse(b"").unwrap().session().is_none());
}

#[test]
fn a_secret_that_xml_cannot_carry_is_named_and_not_quoted() {
    for bad in ["canary\0", "canary\u{1b}", "canary\u{ffff}", &"canary".repeat(2_000)] {
        let error = request("user@example.org", &bad.into()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Configuration);
        assert!(!format!("{error} {error:?}").contains("canary"));
    }
}

proptest::proptest! {
    #[test]
    fn any_name_and_password_arrive_as_they_are(name in "[^\\p{Cc}\u{fffe}\u{ffff}]{0,40}", word in "([^\\p{Cc}\u{fffe}\u{ffff}]|[\t\r\n]){0,40}") {
        let sent = request(&name, &word.clone().into()).unwrap();
        // The same parser, told that the request's elements are an answer's.
        let as_answer = sent
            .replace("urn:login>", "loginResponse>")
            .replace("<urn:username>", "<result><sessionId>").replace("</urn:username>", "</sessionId>")
            .replace("<urn:password>", "<serverUrl>").replace("</urn:password>", "</serverUrl></result>");
        let (session, server) = parse(as_answer.as_bytes()).unwrap().session().unwrap();
        proptest::prop_assert_eq!(session.expose_secret(), name.as_str());
        proptest::prop_assert_eq!(server, word);
    }

    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_text_like_xml_is_survived(text in "[<>/!?&;#x\\[\\]a-cA-C=\"' -]{0,80}") {
        let _ = parse(format!("{HEAD}{text}").as_bytes());
        let _ = parse(text.as_bytes());
    }
}
