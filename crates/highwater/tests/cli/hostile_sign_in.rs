//! What answers the sign-in is not to be trusted: addresses, sizes, pace and redirects, each refused before a secret leaves.

use std::io::Write;
use std::time::Duration;

use simorg::{Fault, Op};

use crate::endpoint::{Endpoint, json, pass_on};
use crate::stage::Stage;

/// The access token that must not go anywhere.
const TOKEN: &str = "00D5f000000IZ3Z!AQcanary";

/// What a token endpoint could name as the org's address. Only hosts of Salesforce's over https and on port 443 are any, and
/// this machine for the simulated org.
fn addresses() -> Vec<String> {
    let huge = format!("https://{}.salesforce.com", "x".repeat(4_000));
    let long_label = format!("https://{}.salesforce.com", "x".repeat(64));
    [
        "",
        " https://example.my.salesforce.com",
        "example.my.salesforce.com",
        "//example.my.salesforce.com",
        "http://example.my.salesforce.com",
        "HTTPS://example.my.salesforce.com",
        "ftp://example.my.salesforce.com",
        "javascript:alert(1)",
        "file:///etc/passwd",
        "https://example.my.salesforce.com.evil.example",
        "https://evilsalesforce.com",
        "https://salesforce.com",
        "https://evil.example/example.my.salesforce.com",
        "https://evil.example?.my.salesforce.com",
        "https://evil.example#.my.salesforce.com",
        "https://evil.example\\.my.salesforce.com",
        "https://evil.example\\@example.my.salesforce.com",
        "https://example.my.salesforce.com@evil.example",
        "https://user@example.my.salesforce.com",
        "https://user:word@example.my.salesforce.com",
        "https://example.my.salesforce.com:8443",
        "https://example.my.salesforce.com:80",
        "https://example.my.salesforce.com:",
        "https://example.my.salesforce.com.",
        "https://.salesforce.com",
        "https://a..salesforce.com",
        "https://-.salesforce.com",
        "https://xn--slesforce-22a.com",
        "https://xn--e1aybc.my.salesforce.com",
        "https://s\u{430}lesforce.com",
        "https://example.my.s\u{430}lesforce.com",
        "https://example\u{3002}my\u{3002}salesforce\u{3002}com",
        "https://example\u{ff0e}my.salesforce.com",
        "https://example%2emy.salesforce.com",
        "https://evil.example%23.salesforce.com",
        "https://evil.example%00.salesforce.com",
        "https://evil.example\t.salesforce.com",
        "https://evil.example\r\nHost: x.salesforce.com",
        "https://evil.example\u{0}.salesforce.com",
        "https://127.0.0.1",
        "https://10.0.0.1",
        "https://169.254.169.254/latest/meta-data",
        "https://metadata.google.internal",
        "https://[::1]",
        "https://[::ffff:169.254.169.254]",
        "https://[fd00:ec2::254]",
        "https://2130706433",
        "https://0x7f000001",
        "https://localhost",
        "http://10.0.0.1",
        "http://127.1",
        "http://0x7f.0.0.1",
        "http://127.0.0.1.evil.example",
        "http://localhost@evil.example",
        "http://[::ffff:127.0.0.1]",
        "http://0.0.0.0",
    ]
    .map(str::to_owned)
    .into_iter()
    .chain([huge, long_label])
    .collect()
}

/// A sign-in whose answer names this address as the org's.
fn token_for(address: &str) -> String {
    serde_json::json!({ "access_token": TOKEN, "instance_url": address, "token_type": "Bearer" }).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_token_never_leaves_for_an_address_that_is_not_the_orgs() {
    let stage = Stage::set().await;
    let addresses = addresses();
    assert!(addresses.len() >= 30);
    for address in addresses {
        let answer = token_for(&address);
        let desk = Endpoint::plain(move |_, to| json(&answer, to));
        stage.write("hostile.toml", &stage.read("highwater.toml").replace(stage.org.url(), &desk.url()));
        let said = stage.refuses("sync -c hostile.toml", 2, "HW0211").await;
        assert!(!said.contains("canary") && !said.contains("evil"), "{address}: {said}");
        // THEN the sign-in is the only request that left
        let requests = desk.requests();
        assert_eq!(requests.len(), 1, "{address}");
        assert!(!requests[0].contains(TOKEN), "{address}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_soap_server_address_is_no_more_trusted() {
    let stage = Stage::set().await;
    stage.secret("password", "word");
    stage.reconfigure(
        "client_id = \"3MVG9simulated.client.id\"\nclient_secret_env = \"HIGHWATER_SF_SECRET\"",
        "grant = \"soap_login\"\nusername = \"a@example.org\"\npassword_file = \"password\"\nallow_legacy_login = true",
    );
    for (address, exit, code) in [
        ("https://evil.example/services/Soap/u/64.0", 2, "HW0211"),
        ("https://example.my.salesforce.com.evil.example/", 2, "HW0211"),
        ("https://example.my.salesforce.com&#64;evil.example/", 2, "HW0211"),
        ("http://169.254.169.254/", 2, "HW0211"),
        ("<serverUrl>https://example.my.salesforce.com</serverUrl>", 2, "HW0211"),
        ("https://example.my.salesforce.com</serverUrl><serverUrl>https://evil.example", 5, "HW0210"),
        ("&evil;", 5, "HW0210"),
    ] {
        let body = format!(
            "<e:Envelope xmlns:e=\"x\"><e:Body><loginResponse><result><serverUrl>{address}</serverUrl>\
             <sessionId>{TOKEN}</sessionId></result></loginResponse></e:Body></e:Envelope>"
        );
        let desk = Endpoint::plain(move |_, to| json(&body, to));
        stage.write("hostile.toml", &stage.read("highwater.toml").replace(stage.org.url(), &desk.url()));
        stage.refuses("sync -c hostile.toml", exit, code).await;
        assert!(desk.requests().iter().all(|request| request.starts_with("POST /services/Soap/u/64.0")));
    }
}

/// Everything a server can do to a sign-in but answer it.
#[tokio::test(flavor = "multi_thread")]
async fn an_endpoint_that_does_not_answer_as_documented_is_unreachable() {
    let stage = Stage::set().await;
    stage.reconfigure("retry_seconds = 2", "retry_seconds = 2\nsign_in_seconds = 1");
    type Answer = fn(&[u8], &mut dyn Write) -> std::io::Result<()>;
    let html: Answer = |_, to| json("<!DOCTYPE html><html>Log in</html>", to);
    let nothing: Answer = |_, to| json("", to);
    let cut: Answer = |_, to| json("{\"access_token\":\"00D!", to);
    let other: Answer = |_, to| json("{\"token\":1}", to);
    let list: Answer = |_, to| json("[]", to);
    let huge: Answer = |_, to| json(&format!("{{\"access_token\":\"{}\"}}", "x".repeat(20 << 20)), to);
    let broken: Answer = |_, to| write!(to, "HTTP/1.1 200 OK\r\ncontent-length: 900\r\n\r\n{{\"access");
    let endless_head: Answer = |_, to| {
        write!(to, "HTTP/1.1 200 OK\r\n")?;
        (0..100_000).try_for_each(|n| write!(to, "x-{n}: {}\r\n", "y".repeat(1_000)))
    };
    let slow: Answer = |_, to| {
        write!(to, "HTTP/1.1 200 OK\r\ncontent-length: 5000\r\n\r\n{{")?;
        (0..5_000).try_for_each(|_| {
            std::thread::sleep(Duration::from_millis(100));
            to.write_all(b" ")?;
            to.flush()
        })
    };
    let silent: Answer = |_, _| {
        std::thread::sleep(Duration::from_secs(20));
        Ok(())
    };
    let no_http: Answer = |_, to| write!(to, "220 mail.example.org ESMTP\r\n");
    for (name, answer, code) in [
        ("html", html, "HW0210"),
        ("nothing", nothing, "HW0210"),
        ("cut JSON", cut, "HW0210"),
        ("other JSON", other, "HW0210"),
        ("a list", list, "HW0210"),
        ("huge", huge, "HW0210"),
        ("broken off", broken, "HW0210"),
        ("endless head", endless_head, "HW0201"),
        ("slow", slow, "HW0210"),
        ("silent", silent, "HW0201"),
        ("no HTTP", no_http, "HW0201"),
    ] {
        let desk = Endpoint::plain(answer);
        stage.write("hostile.toml", &stage.read("highwater.toml").replace(stage.org.url(), &desk.url()));
        let before = stage.both_sides().await;
        let refused = stage.run("sync -c hostile.toml").await;
        let said = crate::stage::err(&refused);
        assert_eq!(refused.status.code(), Some(5), "{name}: {said}");
        assert!(said.contains(&format!("error[{code}]")), "{name}: {said}");
        assert_eq!(stage.both_sides().await, before, "{name}");
        let only_sign_ins = desk.requests().iter().all(|one| one.starts_with("POST /services/oauth2/token "));
        assert!(only_sign_ins, "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn no_redirect_of_any_call_is_followed_with_the_token() {
    // GIVEN somebody who waits for tokens, and the kinds of calls that a first load makes
    let trap = Endpoint::plain(|_, to| json("{}", to));
    let stage = Stage::set().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let calls = stage.org.calls();
    let made: Vec<Op> = Op::ALL.iter().copied().filter(|op| calls.of(*op) > 0).collect();
    assert!(made.len() >= 8, "{made:?}");
    for op in made {
        // WHEN one of them is redirected
        let stage = Stage::set().await;
        stage.org.fault(op, Fault::Redirect { to: format!("{}/services/data", trap.url()) });
        let refused = stage.run("backfill").await;
        // THEN nobody goes there, and the command says so; a query job that has served and cannot be deleted is the
        // org's to expire (Bulk guide: after seven days), and no reason to call a whole load failed
        let said = crate::stage::err(&refused);
        let (code, words) = if op == Op::QueryJobDelete {
            (Some(0), "is left to the org")
        } else {
            (Some(2), "error[HW0211]")
        };
        assert_eq!(refused.status.code(), code, "{op:?}: {said}");
        assert!(said.contains(words), "{op:?}: {said}");
    }
    assert_eq!(trap.requests(), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_desk_that_passes_everything_on_works() {
    // The control of this file: the same server, honest.
    let stage = Stage::set().await;
    let org = stage.org.url().to_owned();
    let desk = Endpoint::plain(move |request, to| pass_on(request, &org, to));
    stage.reconfigure(stage.org.url(), &desk.url());
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    assert_eq!(desk.requests().len(), 1, "the org names its own address, and the rest goes there");
}
