"""simple-salesforce's `bulk2`: jobs, its own splitting of data, result sets, queries in pages."""

import csv
import io
import tempfile
from pathlib import Path

from simple_salesforce import Salesforce
from simple_salesforce.bulk2 import ColumnDelimiter, LineEnding, Operation
from simple_salesforce.exceptions import (
    SalesforceGeneralError,
    SalesforceMalformedRequest,
    SalesforceOperationError,
)

KEY = "EN_Supporter_Id__c"


def rows(text, delimiter=","):
    return list(csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter))


def judge(checks, control, sf):
    people = [
        {
            KEY: str(1000 + n),
            "FirstName": f"First{n}",
            "LastName": f'Lee, the "{n}th"\nof her name',
            "Email": f"ann{n}@example.org",
        }
        for n in range(450)
    ]
    ingest(checks, control, sf, people)
    result_sets(checks, control, sf)
    queries(checks, control, sf, people)


def ingest(checks, control, sf, people):
    saved = {}

    def stored():
        return {row[KEY]: row for row in control.records("Contact").values() if row[KEY]}

    def done(jobs):
        return (
            sum(job["numberRecordsProcessed"] for job in jobs),
            sum(job["numberRecordsFailed"] for job in jobs),
        )

    @checks.check("bulk.split", "450 rows in memory become three jobs of at most 200")
    def _():
        jobs = sf.bulk2.Contact.insert(records=people, batch_size=200, wait=0)
        checks.same(sorted(job["numberRecordsProcessed"] for job in jobs), [50, 200, 200])
        checks.same(done(jobs), (450, 0))
        saved["jobs"] = jobs
        known = {job["id"]: job for job in control.get("/jobs")}
        checks.same({known[job["job_id"]]["operation"] for job in jobs}, {"insert"})

    @checks.check("bulk.insert", "every row is stored as sent: commas, quotes, line breaks")
    def _():
        kept = stored()
        for person in people:
            seen = {name: kept[person[KEY]][name] for name in person}
            if seen != person:
                checks.same(seen, person)
        checks.same(len(kept.keys() & {person[KEY] for person in people}), 450)

    @checks.check("bulk.insert", "successful rows carry our key beside the id they got")
    def _():
        seen = {}
        for job in saved["jobs"]:
            for row in rows(sf.bulk2.Contact.get_successful_records(job["job_id"])):
                checks.same(row["sf__Created"], "true")
                seen[row[KEY]] = row["sf__Id"]
        kept = stored()
        checks.same(seen, {person[KEY]: kept[person[KEY]]["Id"] for person in people})

    @checks.check("bulk.split", "a CSV file in three jobs side by side")
    def _():
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "people.csv"
            with file.open("w", newline="", encoding="utf-8") as out:
                writer = csv.writer(out, lineterminator="\n")
                writer.writerow([KEY, "LastName"])
                writer.writerows([str(5000 + n), f"Łukasz {n}"] for n in range(90))
            jobs = sf.bulk2.Contact.insert(csv_file=str(file), batch_size=30, concurrency=3, wait=0)
        checks.same([job["numberRecordsProcessed"] for job in jobs], [30, 30, 30])
        checks.same(stored()["5089"]["LastName"], "Łukasz 89")

    @checks.check("bulk.insert", "tabs between columns and CRLF at the ends of lines")
    def _():
        person = {KEY: "6001", "LastName": "Tab, and comma"}
        jobs = sf.bulk2.Contact.insert(
            records=[person], column_delimiter=ColumnDelimiter.TAB, line_ending=LineEnding.CRLF, wait=0
        )
        checks.same(done(jobs), (1, 0))
        checks.same(stored()["6001"]["LastName"], "Tab, and comma")
        back = sf.bulk2.Contact.get_successful_records(jobs[0]["job_id"])
        checks.same([row["LastName"] for row in rows(back, "\t")], ["Tab, and comma"])

    @checks.check("bulk.update", "by id; an empty cell leaves, #N/A clears")
    def _():
        id = stored()["1000"]["Id"]
        other = stored()["1001"]["Id"]
        jobs = sf.bulk2.Contact.update(
            records=[
                {"Id": id, "FirstName": "", "Email": "#N/A", "Phone": "1"},
                {"Id": other, "FirstName": "New", "Email": "", "Phone": "2"},
            ],
            wait=0,
        )
        checks.same(done(jobs), (2, 0))
        seen = [tuple(stored()[key][name] for name in ("FirstName", "Email", "Phone")) for key in ("1000", "1001")]
        checks.same(seen, [("First0", None, "1"), ("New", "ann1@example.org", "2")])

    @checks.check("bulk.upsert", "creates what is new, updates what is known, and says which")
    def _():
        jobs = sf.bulk2.Contact.upsert(
            records=[{KEY: "1002", "LastName": "Known"}, {KEY: "9002", "LastName": "New"}],
            external_id_field=KEY,
            wait=0,
        )
        seen = rows(sf.bulk2.Contact.get_successful_records(jobs[0]["job_id"]))
        checks.same({row[KEY]: row["sf__Created"] for row in seen}, {"1002": "false", "9002": "true"})
        checks.same((stored()["1002"]["LastName"], stored()["9002"]["LastName"]), ("Known", "New"))

    @checks.check("bulk.upsert", "twice the same data changes nothing twice")
    def _():
        before = len(stored())
        for _ in range(2):
            jobs = sf.bulk2.Contact.upsert(records=people[10:20], external_id_field=KEY, wait=0)
            checks.same(done(jobs), (10, 0))
        checks.same(len(stored()), before)

    @checks.check("bulk.delete", "what was deleted is gone, an id that is none fails alone")
    def _():
        id = stored()["1449"]["Id"]
        jobs = sf.bulk2.Contact.delete(records=[{"Id": id}, {"Id": "0035f00000zzzzzAAA"}], wait=0)
        checks.same(done(jobs), (2, 1))
        checks.true("1449" not in stored())


def result_sets(checks, control, sf):
    @checks.check("bulk.failed", "each failed row has its code, its field and its own data")
    def _():
        jobs = sf.bulk2.Contact.insert(
            records=[
                {"FirstName": "Nobody", "LastName": "", "Email": ""},
                {"FirstName": "Bad", "LastName": "Address", "Email": "none"},
                {"FirstName": "Good", "LastName": "Row", "Email": ""},
            ],
            wait=0,
        )
        job = jobs[0]["job_id"]
        wrong = {row["FirstName"]: row for row in rows(sf.bulk2.Contact.get_failed_records(job))}
        checks.same(set(wrong), {"Nobody", "Bad"})
        checks.same(
            wrong["Nobody"]["sf__Error"],
            "REQUIRED_FIELD_MISSING:Required fields are missing: [LastName]:LastName --",
        )
        checks.true(wrong["Bad"]["sf__Error"].startswith("INVALID_EMAIL_ADDRESS:"), wrong["Bad"]["sf__Error"])
        checks.same(wrong["Bad"]["LastName"], "Address")
        right = rows(sf.bulk2.Contact.get_successful_records(job))
        checks.same([row["FirstName"] for row in right], ["Good"])
        checks.same(rows(sf.bulk2.Contact.get_unprocessed_records(job)), [])

    @checks.check("bulk.failed", "a duplicate is refused without saying whom it matched")
    def _():
        person = {"FirstName": "Ulrika", "LastName": "Sandström", "Email": "ulrika@example.org"}
        twin = sf.Contact.create(person)["id"]
        jobs = sf.bulk2.Contact.insert(records=[person], wait=0)
        text = rows(sf.bulk2.Contact.get_failed_records(jobs[0]["job_id"]))[0]["sf__Error"]
        checks.true(text.startswith("DUPLICATES_DETECTED:") and text.endswith(":--"), text)
        checks.true(twin not in text and twin[:15] not in text, text)

    @checks.check("bulk.failed", "the three result sets as files")
    def _():
        jobs = sf.bulk2.Contact.insert(records=[{"FirstName": "X", "LastName": ""}], wait=0)
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / "failed.csv"
            sf.bulk2.Contact.get_failed_records(jobs[0]["job_id"], file=str(file))
            checks.same([row["FirstName"] for row in rows(file.read_text("utf-8"))], ["X"])

    @checks.check("bulk.unprocessed", "a job that fails in the middle leaves its rest unprocessed")
    def _():
        control.patch("/settings", {"bulk": {"fail_after_rows": 200}})
        people = [{"LastName": f"Half{n}"} for n in range(450)]
        try:
            checks.raises(SalesforceOperationError, lambda: sf.bulk2.Contact.insert(records=people, wait=0))
        finally:
            control.patch("/settings", {"bulk": {"fail_after_rows": None}})
        job = [job["id"] for job in control.get("/jobs") if job["state"] == "Failed"][-1]
        kept = {row["LastName"] for row in rows(sf.bulk2.Contact.get_successful_records(job))}
        left = {row["LastName"] for row in rows(sf.bulk2.Contact.get_unprocessed_records(job))}
        checks.same((len(kept), len(left)), (200, 250))
        checks.same(kept | left, {person["LastName"] for person in people})

    @checks.check("bulk.unprocessed", "a column that is none fails the whole job, and is named")
    def _():
        error = checks.raises(
            SalesforceOperationError, lambda: sf.bulk2.Contact.insert(records=[{"Nonsense__c": "x"}], wait=0)
        )
        checks.true("InvalidBatch : Field name not found : Nonsense__c" in str(error), str(error))

    @checks.check("bulk.abort", "an open job is aborted, and takes no data then")
    def _():
        client = sf.bulk2.Contact._client
        job = client.create_job(Operation.insert)
        checks.same(client.abort_job(job["id"], False)["state"], "Aborted")
        checks.same(client.get_job(job["id"], False)["state"], "Aborted")
        checks.raises(SalesforceMalformedRequest, lambda: client.upload_job_data(job["id"], "LastName\nX\n"))


def queries(checks, control, sf, people):
    soql = f"SELECT Id, LastName, {KEY} FROM Contact WHERE {KEY} LIKE '10%' ORDER BY {KEY}"

    @checks.check("bulk.query", "all rows, with every character they were stored with")
    def _():
        found = [row for page in sf.bulk2.Contact.query(soql, wait=0) for row in rows(page)]
        checks.same(len(found), 100)
        checks.same(found[3], {
            "Id": next(id for id, row in control.records("Contact").items() if row[KEY] == "1003"),
            "LastName": people[3]["LastName"],
            KEY: "1003",
        })

    @checks.check("bulk.query", "an empty result is a header line")
    def _():
        pages = list(sf.bulk2.Contact.query("SELECT Id FROM Contact WHERE LastName = 'Nobody at all'", wait=0))
        checks.same([page.strip() for page in pages], ['"Id"'])

    @checks.check("bulk.query", "a query that is refused")
    def _():
        error = checks.raises(
            SalesforceMalformedRequest, lambda: list(sf.bulk2.Contact.query("SELECT Nope FROM Contact", wait=0))
        )
        checks.same(error.content[0]["errorCode"], "INVALID_FIELD")

    @checks.check("bulk.query", "results in another version than the job's: 409")
    def _():
        client = sf.bulk2.Contact._client
        job = client.create_job(Operation.query, soql)["id"]
        client.wait_for_job(job, True, 0)
        older = Salesforce(session_id=sf.session_id, instance=sf.sf_instance, version="60.0")
        error = checks.raises(SalesforceGeneralError, lambda: older.bulk2.Contact._client.get_query_results(job))
        checks.same(error.status, 409)
        checks.same(client.get_query_results(job)["number_of_records"], 100)

    @checks.check("bulk.query_pages", "pages of 40 rows, each with a header, none twice")
    def _():
        pages = [rows(page) for page in sf.bulk2.Contact.query(soql, max_records=40, wait=0)]
        checks.same([len(page) for page in pages], [40, 40, 20])
        keys = [row[KEY] for page in pages for row in page]
        checks.same(keys, [str(1000 + n) for n in range(100)])

    @checks.check("bulk.query_pages", "downloaded to files")
    def _():
        with tempfile.TemporaryDirectory() as folder:
            files = sf.bulk2.Contact.download(soql, folder, max_records=60, wait=0)
            checks.same([file["number_of_records"] for file in files], [60, 40])
            checks.same(sum(len(rows(Path(file["file"]).read_text("utf-8"))) for file in files), 100)

    @checks.check("bulk.query_all", "deleted rows are there")
    def _():
        text = f"SELECT {KEY}, IsDeleted FROM Contact WHERE {KEY} = '1449'"
        plain = [row for page in sf.bulk2.Contact.query(text, wait=0) for row in rows(page)]
        found = [row for page in sf.bulk2.Contact.query_all(text, wait=0) for row in rows(page)]
        checks.same((plain, [row["IsDeleted"] for row in found]), ([], ["true"]))
