"""The simulated org, judged by simple-salesforce as its registry ships it.

usage: simple_salesforce_client.py HIGHWATER

Starts `HIGHWATER simorg` and uses it as any program would: signs in by client credentials, upserts and queries through
Bulk API 2.0. The client insists on https; a transport adapter, handed in through its public `session` argument, carries
its requests to the loopback address in plain text and changes nothing else.
"""

import csv
import io
import json
import subprocess
import sys
import urllib.request

import requests
from requests.adapters import HTTPAdapter
from simple_salesforce import Salesforce
from simple_salesforce.exceptions import SalesforceMalformedRequest

passed = failed = 0


def check(name, holds, detail=""):
    global passed, failed
    if holds:
        passed += 1
        print(f"ok      {name}")
    else:
        failed += 1
        print(f"FAILED  {name}: {detail}")


class ToLoopback(HTTPAdapter):
    """Sends what was meant for https to the org's plain port."""

    def __init__(self, base):
        super().__init__()
        self.base = base.rstrip("/")

    def send(self, request, **kwargs):
        path = "/" + request.url.split("://", 1)[1].split("/", 1)[1]
        request.url = self.base + path
        request.headers["Host"] = self.base.split("://", 1)[1]
        return super().send(request, **kwargs)


def start(highwater):
    org = subprocess.Popen(
        [highwater, "simorg", "--seed", "7", "--format", "json"], stdout=subprocess.PIPE, text=True
    )
    text = ""
    while True:
        line = org.stdout.readline()
        text += line
        if not line or line.startswith("}") or text.rstrip().endswith("}"):
            return org, json.loads(text)


def rows(text):
    return list(csv.DictReader(io.StringIO(text)))


def use(org):
    control = json.load(urllib.request.urlopen(org["control"]))
    session = requests.Session()
    session.mount("https://", ToLoopback(org["org"]))
    sf = Salesforce(
        domain="exampleorg.my",
        consumer_key=control["client_id"],
        consumer_secret=control["client_secret"],
        version="66.0",
        session=session,
    )
    check("client credentials sign in", bool(sf.session_id))

    contact = sf.Contact.describe()
    names = {field["name"]: field for field in contact["fields"]}
    check("describe shows the external id", names["EN_Supporter_Id__c"]["externalId"] is True)
    check("LastName is required", names["LastName"]["nillable"] is False)

    people = [
        {
            "EN_Supporter_Id__c": str(1000 + n),
            "FirstName": "Ann",
            "LastName": f"Lee, the \"{n}th\"\nof her name",
            "Email": f"ann{n}@example.org",
        }
        for n in range(450)
    ]
    jobs = sf.bulk2.Contact.upsert(records=people, external_id_field="EN_Supporter_Id__c", batch_size=200)
    check("upsert splits into jobs", len(jobs) >= 2, jobs)
    done = sum(job["numberRecordsProcessed"] for job in jobs)
    bad = sum(job["numberRecordsFailed"] for job in jobs)
    check("every row is processed, none fails", (done, bad) == (450, 0), jobs)
    saved = rows(sf.bulk2.Contact.get_successful_records(jobs[0]["job_id"]))
    keys = {row["EN_Supporter_Id__c"] for row in saved}
    check("successful rows carry id, created and our key", all(row["sf__Id"] and row["sf__Created"] == "true" for row in saved) and keys <= {p["EN_Supporter_Id__c"] for p in people})
    again = sf.bulk2.Contact.upsert(records=people[:10] + [{**people[10], "LastName": ""}], external_id_field="EN_Supporter_Id__c")
    again_saved = rows(sf.bulk2.Contact.get_successful_records(again[0]["job_id"]))
    check("a second upsert updates", all(row["sf__Created"] == "false" for row in again_saved) and len(again_saved) >= 10, again_saved[:1])

    refused = sf.bulk2.Contact.insert(records=[{"FirstName": "Nobody"}])
    wrong = rows(sf.bulk2.Contact.get_failed_records(refused[0]["job_id"]))
    check("a row without a last name fails with its code", len(wrong) == 1 and wrong[0]["sf__Error"].startswith("REQUIRED_FIELD_MISSING:"), wrong)

    soql = "SELECT Id, LastName, EN_Supporter_Id__c FROM Contact WHERE EN_Supporter_Id__c != null ORDER BY EN_Supporter_Id__c"
    pages = list(sf.bulk2.Contact.query(soql, max_records=200))
    found = [row for page in pages for row in rows(page)]
    check("a bulk query comes in pages and is complete", len(pages) == 3 and len(found) == 450, (len(pages), len(found)))
    check("commas, quotes and line breaks survive", found[3]["LastName"] == people[3]["LastName"], found[3])

    listed = sf.query_all("SELECT Id FROM Contact WHERE Email LIKE 'ann%@example.org'")
    check("query_all follows its pages", listed["totalSize"] == 450 and len(listed["records"]) == 450, listed["totalSize"])
    check("count", sf.query("SELECT COUNT() FROM Contact")["totalSize"] == 450)
    try:
        sf.query("SELECT Nonsense__c FROM Contact")
        check("an unknown field is refused", False)
    except SalesforceMalformedRequest as error:
        check("an unknown field is refused", error.content[0]["errorCode"] == "INVALID_FIELD", error.content)


def main():
    org, where = start(sys.argv[1])
    try:
        use(where)
    finally:
        org.terminate()
        org.wait(timeout=20)
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed or not passed else 0)


if __name__ == "__main__":
    main()
