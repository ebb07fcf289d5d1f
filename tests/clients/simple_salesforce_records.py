"""simple-salesforce reads, writes, describes and queries through REST."""

import datetime
import urllib.parse

from simple_salesforce.exceptions import (
    SalesforceMalformedRequest,
    SalesforceMoreThanOneRecord,
    SalesforceResourceNotFound,
)

from org import PUBLIC_HOST


def judge(checks, control, sf):
    describes(checks, control, sf)
    one_record(checks, control, sf)
    refusals(checks, control, sf)
    queries(checks, control, sf)
    the_org(checks, control, sf)


def describes(checks, control, sf):
    @checks.check("describe.global", "every object has a name, a key prefix and its URLs")
    def _():
        found = {one["name"]: one for one in sf.describe()["sobjects"]}
        checks.true({"Contact", "Lead", "Account", "User"} <= set(found), sorted(found))
        checks.same(found["Contact"]["keyPrefix"], "003")
        checks.same(found["Contact"]["urls"]["describe"], "/services/data/v66.0/sobjects/Contact/describe")

    @checks.check("describe.object", "fields say what a sync must know")
    def _():
        fields = {field["name"]: field for field in sf.Contact.describe()["fields"]}
        required = [
            name for name, f in fields.items() if f["createable"] and not f["nillable"] and not f["defaultedOnCreate"]
        ]
        checks.same(required, ["LastName"])
        key = fields["EN_Supporter_Id__c"]
        checks.same((key["externalId"], key["unique"], key["length"]), (True, True, 50))
        checks.same(fields["Email"]["idLookup"], True)
        checks.same(fields["SystemModstamp"]["updateable"], False)

    @checks.check("describe.object", "a field hidden from the user is not there")
    def _():
        control.patch("/settings", {"hidden_fields": ["Contact.Email_Opt_In__c"]})
        try:
            hidden = {field["name"] for field in sf.Contact.describe()["fields"]}
        finally:
            control.patch("/settings", {"hidden_fields": []})
        shown = {field["name"] for field in sf.Contact.describe()["fields"]}
        checks.same(shown - hidden, {"Email_Opt_In__c"})

    @checks.check("describe.object", "the short form lists recent records")
    def _():
        checks.same(sf.Contact.metadata()["objectDescribe"]["name"], "Contact")


def one_record(checks, control, sf):
    made = {}

    @checks.check("record.create", "a Contact gets an id of 18 characters and is stored as sent")
    def _():
        answer = sf.Contact.create(
            {"FirstName": "Zoë", "LastName": "O'Hara", "Email": "zoe@example.org", "EN_Supporter_Id__c": "70 / 1?"}
        )
        checks.same((answer["success"], answer["errors"]), (True, []))
        made["id"] = answer["id"]
        stored = control.records("Contact")[answer["id"]]
        checks.same((stored["FirstName"], stored["LastName"]), ("Zoë", "O'Hara"))
        checks.same(len(answer["id"]), 18)

    @checks.check("record.read", "by id, all fields, with type and URL")
    def _():
        row = sf.Contact.get(made["id"])
        checks.same(row["attributes"]["url"], f"/services/data/v66.0/sobjects/Contact/{made['id']}")
        checks.same((row["Name"], row["Email"]), ("Zoë O'Hara", "zoe@example.org"))
        checks.true(row["SystemModstamp"].endswith(".000+0000"), row["SystemModstamp"])

    @checks.check("record.read", "by external id, whose characters are escaped in the path")
    def _():
        path = "sobjects/Contact/EN_Supporter_Id__c/" + urllib.parse.quote("70 / 1?", safe="")
        checks.same(sf.restful(path)["Id"], made["id"])

    @checks.check("record.update", "204 without a body; null clears, what is left out stays")
    def _():
        checks.same(sf.Contact.update(made["id"], {"FirstName": None, "Phone": "+44 20 7946 0000"}), 204)
        stored = control.records("Contact")[made["id"]]
        wanted = (None, "+44 20 7946 0000", "zoe@example.org")
        checks.same((stored["FirstName"], stored["Phone"], stored["Email"]), wanted)

    @checks.check("record.upsert", "creates (201) and then updates (200) by external id")
    def _():
        target = "EN_Supporter_Id__c/7002"
        first = sf.Contact.upsert(target, {"LastName": "Okafor"}, raw_response=True)
        again = sf.Contact.upsert(target, {"LastName": "Okafor-Lund"}, raw_response=True)
        checks.same((first.status_code, again.status_code), (201, 200))
        checks.same((first.json()["created"], again.json()["created"]), (True, False))
        checks.same(first.json()["id"], again.json()["id"])
        checks.same(control.records("Contact")[again.json()["id"]]["LastName"], "Okafor-Lund")

    @checks.check("record.delete", "204, then the record is gone and deleting again is refused")
    def _():
        checks.same(sf.Contact.delete(made["id"]), 204)
        checks.true(made["id"] not in control.records("Contact"))
        error = checks.raises(SalesforceResourceNotFound, lambda: sf.Contact.delete(made["id"]))
        checks.same(error.content[0]["errorCode"], "ENTITY_IS_DELETED")


def refusals(checks, control, sf):
    def refused(kind, work):
        error = checks.raises(kind, work)
        return error.status, error.content[0]["errorCode"], error.content[0].get("fields")

    @checks.check("record.refused", "a missing required field is named")
    def _():
        seen = refused(SalesforceMalformedRequest, lambda: sf.Contact.create({"FirstName": "Ann"}))
        checks.same(seen, (400, "REQUIRED_FIELD_MISSING", ["LastName"]))

    @checks.check("record.refused", "a field that is none")
    def _():
        error = checks.raises(
            SalesforceMalformedRequest, lambda: sf.Contact.create({"LastName": "Lee", "Nonsense__c": "x"})
        )
        checks.same(error.content[0]["errorCode"], "INVALID_FIELD")
        checks.true("Nonsense__c" in error.content[0]["message"], error.content)

    @checks.check("record.refused", "text too long, an address that is none")
    def _():
        long = refused(SalesforceMalformedRequest, lambda: sf.Contact.create({"LastName": "x" * 81}))
        checks.same(long, (400, "STRING_TOO_LONG", ["LastName"]))
        email = refused(SalesforceMalformedRequest, lambda: sf.Contact.create({"LastName": "Lee", "Email": "no"}))
        checks.same(email, (400, "INVALID_EMAIL_ADDRESS", ["Email"]))

    @checks.check("record.refused", "an id and an object that do not exist")
    def _():
        missing = checks.raises(SalesforceResourceNotFound, lambda: sf.Contact.get("0035f00000zzzzzAAA"))
        checks.same((missing.status, missing.content[0]["errorCode"]), (404, "NOT_FOUND"))
        nothing = checks.raises(SalesforceResourceNotFound, lambda: sf.Nothing__c.describe())
        checks.same((nothing.status, nothing.content[0]["errorCode"]), (404, "NOT_FOUND"))

    @checks.check("record.refused", "an external id that two records share: 300 and both")
    def _():
        rows = [{"Name": "Twin", "EN_Account_Id__c": "T1"}, {"Name": "Twin again", "EN_Account_Id__c": "T1"}]
        ids = control.post("/seed", {"object": "Account", "rows": rows})["ids"]
        error = checks.raises(
            SalesforceMoreThanOneRecord, lambda: sf.Account.get_by_custom_id("EN_Account_Id__c", "T1")
        )
        checks.same({url.rsplit("/", 1)[1] for url in error.content}, set(ids))

    @checks.check("record.refused", "a record that another transaction holds")
    def _():
        id = control.post("/seed", {"object": "Contact", "rows": [{"LastName": "Held"}]})["ids"][0]
        control.post("/lock", {"id": id, "seconds": 60})
        seen = refused(SalesforceMalformedRequest, lambda: sf.Contact.update(id, {"Phone": "1"}))
        checks.same(seen[:2], (400, "UNABLE_TO_LOCK_ROW"))
        control.delete("/lock")
        checks.same(sf.Contact.update(id, {"Phone": "1"}), 204)

    @checks.check("record.duplicate", "a duplicate is refused with what it matched, and allowed with the header")
    def _():
        person = {"FirstName": "Maria", "LastName": "Lindqvist", "Email": "maria.lindqvist@example.org"}
        first = sf.Contact.create(person)["id"]
        error = checks.raises(SalesforceMalformedRequest, lambda: sf.Contact.create(person))
        told = error.content[0]
        checks.same((error.status, told["errorCode"]), (400, "DUPLICATES_DETECTED"))
        matches = told["duplicateResut"]["matchResults"][0]["matchRecords"]
        checks.same([match["record"]["Id"] for match in matches], [first])
        header = {"Sforce-Duplicate-Rule-Header": "allowSave=true"}
        second = sf.Contact.create(person, headers=header)["id"]
        checks.true(second != first and second in control.records("Contact"), second)


def queries(checks, control, sf):
    rows = [
        {"FirstName": f"N{n}", "LastName": f"Page{n:04}", "Title": "paged", "Email": f"page{n}@example.org"}
        for n in range(450)
    ]
    ids = control.post("/seed", {"object": "Contact", "rows": rows})["ids"]
    paged = "SELECT Id, LastName FROM Contact WHERE Title = 'paged' ORDER BY LastName"

    @checks.check("query.rows", "filters, order and a parent's field")
    def _():
        account = control.post("/seed", {"object": "Account", "rows": [{"Name": "Lee household"}]})["ids"][0]
        control.post("/seed", {"object": "Contact", "rows": [
            {"LastName": "Lee", "Email": "b@lee.example", "AccountId": account},
            {"LastName": "Lee", "Email": "A@lee.example", "AccountId": account},
        ]})
        found = sf.query(
            "SELECT Email, Account.Name FROM Contact WHERE LastName = 'lee' AND Email LIKE '%@lee.example' "
            "ORDER BY Email DESC LIMIT 5"
        )
        checks.same([row["Email"] for row in found["records"]], ["b@lee.example", "A@lee.example"])
        checks.same({row["Account"]["Name"] for row in found["records"]}, {"Lee household"})
        checks.same((found["totalSize"], found["done"]), (2, True))

    @checks.check("query.rows", "two levels up, a semi-join, relative dates")
    def _():
        account = control.post("/seed", {"object": "Account", "rows": [{"Name": "Berg household"}]})["ids"][0]
        berg = control.post("/seed", {"object": "Contact", "rows": [{"LastName": "Berg", "AccountId": account}]})["ids"]
        found = sf.query(
            "SELECT Id, Account.Owner.Username FROM Contact WHERE CreatedDate >= LAST_N_DAYS:2 AND CreatedDate >= YESTERDAY "
            "AND AccountId IN (SELECT Id FROM Account WHERE Name = 'Berg household')"
        )["records"]
        checks.same([row["Id"] for row in found], berg)
        owner = control.records("Account")[account]["OwnerId"]
        checks.same(found[0]["Account"]["Owner"]["Username"], control.records("User")[owner]["Username"])

    @checks.check("query.pages", "query_all follows every page and loses nobody")
    def _():
        header = {"Sforce-Query-Options": "batchSize=200"}
        control.delete("/calls")
        found = sf.query_all(paged, headers=header)["records"]
        checks.same([row["Id"] for row in found], ids)
        checks.same(control.get("/calls")["by_op"].get("query_more"), 2)

    @checks.check("query.pages", "query_more by path and by cursor")
    def _():
        first = sf.query(paged, headers={"Sforce-Query-Options": "batchSize=200"})
        checks.same((len(first["records"]), first["totalSize"], first["done"]), (200, 450, False))
        by_path = sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
        by_cursor = sf.query_more(first["nextRecordsUrl"].rsplit("/", 1)[1])
        checks.same([row["Id"] for row in by_path["records"]], ids[200:400])
        checks.same(by_path["records"], by_cursor["records"])

    @checks.check("query.pages", "a cursor that is lost says so")
    def _():
        first = sf.query(paged, headers={"Sforce-Query-Options": "batchSize=200"})
        control.delete("/cursors")
        error = checks.raises(
            SalesforceMalformedRequest, lambda: sf.query_more(first["nextRecordsUrl"], identifier_is_url=True)
        )
        checks.same(error.content[0]["errorCode"], "INVALID_QUERY_LOCATOR")

    @checks.check("query.count", "COUNT() is in totalSize and nowhere else")
    def _():
        counted = sf.query("SELECT COUNT() FROM Contact WHERE Title = 'paged'")
        checks.same((counted["totalSize"], counted["records"]), (450, []))

    @checks.check("query.deleted", "queryAll shows deleted records, query does not")
    def _():
        control.post("/delete", {"object": "Contact", "id": ids[7]})
        soql = f"SELECT Id, IsDeleted FROM Contact WHERE Id = '{ids[7]}'"
        checks.same(sf.query(soql)["totalSize"], 0)
        checks.same([row["IsDeleted"] for row in sf.query(soql, include_deleted=True)["records"]], [True])

    @checks.check("query.refused", "an unknown field, a broken query and an object that is none")
    def _():
        for soql, code in [
            ("SELECT Nonsense__c FROM Contact", "INVALID_FIELD"),
            ("SELECT Id FROM", "MALFORMED_QUERY"),
            ("SELECT Id FROM Nothing__c", "INVALID_TYPE"),
        ]:
            error = checks.raises(SalesforceMalformedRequest, lambda soql=soql: sf.query(soql))
            checks.same((error.status, error.content[0]["errorCode"]), (400, code))


def the_org(checks, control, sf):
    @checks.check("limits", "the day's requests count down, and every answer says how many are used")
    def _():
        before = sf.limits()["DailyApiRequests"]
        sf.query("SELECT Id FROM Contact LIMIT 1")
        after = sf.limits()["DailyApiRequests"]
        checks.same(before["Remaining"] - after["Remaining"], 2)
        usage = sf.api_usage["api-usage"]
        checks.same((usage.total, usage.total - usage.used), (after["Max"], after["Remaining"]))

    @checks.check("records.changed", "ids updated and deleted between two times")
    def _():
        ids = [sf.Contact.create({"LastName": f"Changed{n}"})["id"] for n in range(2)]
        sf.Contact.delete(ids[1])
        now = datetime.datetime.fromisoformat(control.get("/clock")["now"].replace("Z", "+00:00"))
        start, end = now - datetime.timedelta(minutes=5), now + datetime.timedelta(minutes=2)
        updated, deleted = sf.Contact.updated(start, end), sf.Contact.deleted(start, end)
        checks.true(ids[0] in updated["ids"] and ids[1] not in updated["ids"], updated["ids"][-3:])
        checks.true(ids[1] in {row["id"] for row in deleted["deletedRecords"]}, deleted)

    @checks.check("records.composite", "a Contact of an Account made one call before, by reference")
    def _():
        base = "/services/data/v66.0/sobjects/"
        calls = [
            {"method": "POST", "url": base + "Account", "referenceId": "home", "body": {"Name": "Composite household"}},
            {
                "method": "POST",
                "url": base + "Contact",
                "referenceId": "person",
                "body": {"LastName": "Composite", "AccountId": "@{home.id}"},
            },
        ]
        body = {"allOrNone": True, "compositeRequest": calls}
        home, person = sf.restful("composite", method="POST", json=body)["compositeResponse"]
        checks.same((home["httpStatusCode"], person["httpStatusCode"]), (201, 201))
        stored = control.records("Contact")[person["body"]["id"]]
        checks.same(stored["AccountId"], home["body"]["id"])

    @checks.check("identity", "is_sandbox asks the org's own record")
    def _():
        checks.same(sf.is_sandbox(), False)

    @checks.check("identity", "the client stays on the host the org named")
    def _():
        checks.same(sf.base_url, f"https://{PUBLIC_HOST}/services/data/v66.0/")
