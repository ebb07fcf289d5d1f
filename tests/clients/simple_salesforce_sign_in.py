"""How simple-salesforce gets in, stays in, and is kept out."""

import requests
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceAuthenticationFailed

from org import PUBLIC_HOST


def judge(checks, control):
    about, settings = control.get("/"), control.get("/settings")
    user, person = settings["users"][:2]
    key, secret = about["client_id"], about["client_secret"]
    org_id = about["org_id"]

    def user_of(sf):
        return sf.oauth2("userinfo")["preferred_username"]

    def by_soap(password, version, who=user):
        return Salesforce(
            username=who["username"],
            password=password,
            security_token=who["security_token"],
            version=version,
        )

    @checks.check("sign_in.client_credentials", "the My Domain host gives a session of the run-as user")
    def _():
        sf = Salesforce(domain="exampleorg.my", consumer_key=key, consumer_secret=secret, version="66.0")
        checks.same(sf.sf_instance, PUBLIC_HOST)
        checks.true(sf.session_id.startswith(org_id[:15] + "!"), sf.session_id[:18])
        checks.same(user_of(sf), user["username"])

    @checks.check("sign_in.soap", "user name, password and security token give a session")
    def _():
        sf = by_soap(user["password"], "64.0")
        checks.same(sf.auth_type, "password")
        checks.same(sf.sf_instance, PUBLIC_HOST)
        checks.same(user_of(sf), user["username"])

    @checks.check("sign_in.soap", "characters that XML escapes arrive as they are")
    def _():
        checks.true("&" in person["password"] and "<" in person["password"])
        checks.same(user_of(by_soap(person["password"], "64.0", person)), person["username"])

    @checks.check("sign_in.soap", "version 65.0 has no login() any more")
    def _():
        error = checks.raises(SalesforceAuthenticationFailed, lambda: by_soap(user["password"], "65.0"))
        checks.same(error.code, "UNSUPPORTED_API_VERSION")

    @checks.check("sign_in.password", "the OAuth flow takes the token behind the password")
    def _():
        sf = Salesforce(
            username=user["username"],
            password=user["password"] + user["security_token"],
            consumer_key=key,
            consumer_secret=secret,
            version="66.0",
        )
        checks.same(user_of(sf), user["username"])

    @checks.check("sign_in.jwt", "an assertion signed with the app's key gives a session of its subject")
    def _():
        sf = Salesforce(
            username=person["username"],
            consumer_key=key,
            privatekey=about["jwt_private_key_pem"],
            version="66.0",
        )
        checks.same(user_of(sf), person["username"])

    @checks.check("sign_in.refused", "SOAP: a wrong password")
    def _():
        error = checks.raises(SalesforceAuthenticationFailed, lambda: by_soap("wrong", "64.0"))
        checks.same(error.code, "INVALID_LOGIN")
        checks.true("security token" in str(error), str(error))

    @checks.check("sign_in.refused", "client credentials: a wrong secret")
    def _():
        error = checks.raises(
            SalesforceAuthenticationFailed,
            lambda: Salesforce(domain="exampleorg.my", consumer_key=key, consumer_secret="wrong"),
        )
        checks.same(error.code, "invalid_client")

    @checks.check("sign_in.refused", "JWT: an audience of somewhere else")
    def _():
        error = checks.raises(
            SalesforceAuthenticationFailed,
            lambda: Salesforce(
                username=user["username"],
                consumer_key=key,
                privatekey=about["jwt_private_key_pem"],
                domain="elsewhere.my",
            ),
        )
        checks.same(error.code, "invalid_grant")
        checks.true("Audience validation failed" in str(error), str(error))

    @checks.check("sign_in.refused", "a maintenance page in HTML is no token")
    def _():
        control.post("/fault", {"op": "token", "fault": {"html": {"status": 503}}})
        error = checks.raises(
            SalesforceAuthenticationFailed,
            lambda: Salesforce(domain="exampleorg.my", consumer_key=key, consumer_secret=secret),
        )
        checks.same(error.code, 503)

    @checks.check("session.renewed", "401 INVALID_SESSION_ID leads to one new sign-in and the same call again")
    def _():
        sf = Salesforce(domain="exampleorg.my", consumer_key=key, consumer_secret=secret, version="66.0")
        before = sf.session_id
        control.delete("/sessions")
        checks.same(sf.query("SELECT COUNT() FROM Contact")["totalSize"], len(control.records("Contact")))
        checks.true(sf.session_id != before, "the same session")

    @checks.check("identity", "userinfo tells user and org")
    def _():
        sf = by_soap(user["password"], "64.0")
        me = sf.oauth2("userinfo")
        checks.same(me["organization_id"], org_id)
        checks.same(me["email"], user["email"])
        checks.same(me["user_id"], next(
            id for id, row in control.records("User").items() if row["Username"] == user["username"]
        ))

    @checks.check("versions", "the list of versions needs no session; a retired one is answered 410")
    def _():
        sf = by_soap(user["password"], "64.0")
        base = f"https://{sf.sf_instance}/services/data/"
        listed = requests.get(base, timeout=60).json()
        checks.same(listed[-1]["version"], "%d.0" % settings["api"]["ceiling"])
        checks.same({"label", "url", "version"}, set(listed[0]))
        old = requests.get(base + "v29.0/limits", headers=sf.headers, timeout=60)
        checks.same(old.status_code, 410)
