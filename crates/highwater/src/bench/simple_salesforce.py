"""The same rows through simple-salesforce, the usual Python client: what it uses, as one line of JSON.

usage: simple_salesforce.py push|pull ORG_URL CSV_FILE_OR_FOLDER    (the session comes in the environment)

The library is used as its registry ships it. It speaks https only; its two addresses are set to this machine's plain http.
"""

import csv
import io
import json
import os
import resource
import sys
import time

BEGUN = time.monotonic()

import requests  # noqa: E402  loading it is part of what a program of its kind costs
from simple_salesforce import Salesforce  # noqa: E402

QUERY = (
    "SELECT Id, LastName, FirstName, Email, MailingStreet, MailingCity, MailingState, MailingPostalCode, "
    "MailingCountry, HomePhone, Email_Opt_In__c FROM Contact"
)


def main():
    direction, url, place = sys.argv[1:4]
    session = requests.Session()
    session.trust_env = False
    calls = []
    session.hooks["response"].append(lambda response, *_, **__: calls.append(response.status_code))
    https = url.replace("http://", "https://")
    sf = Salesforce(instance_url=https, session_id=os.environ["SESSION"], version="66.0", session=session)
    sf.base_url = sf.base_url.replace("https://", "http://")
    sf.bulk2_url = sf.bulk2_url.replace("https://", "http://")
    people = push(sf, place) if direction == "push" else pull(sf, place)
    used = resource.getrusage(resource.RUSAGE_SELF)
    print(
        json.dumps(
            {
                "people": people,
                "calls": len(calls),
                "cpu_ms": round((used.ru_utime + used.ru_stime) * 1000),
                "peak_kib": used.ru_maxrss,
                "wall_ms": round((time.monotonic() - BEGUN) * 1000),
            }
        )
    )


# How many lines one job takes: as many as a job of ours. Left to itself the library (1.12.10) cuts a file of a million rows
# into pieces that it then refuses as too large.
LINES = 100_000


def push(sf, file):
    """Upserts a file, waits, fetches and parses the three result files of each job."""
    bulk = sf.bulk2.Contact
    people = 0
    for job in bulk.upsert(csv_file=file, external_id_field="EN_Supporter_Id__c", batch_size=LINES, wait=1):
        for fetch in (bulk.get_successful_records, bulk.get_failed_records, bulk.get_unprocessed_records):
            people += sum(1 for _ in csv.DictReader(io.StringIO(fetch(job["job_id"]))))
    return people


def pull(sf, folder):
    """Downloads all Contacts into files; their bytes are not even parsed."""
    files = sf.bulk2.Contact.download(QUERY, path=folder, max_records=50_000, wait=1)
    return sum(int(one["number_of_records"]) for one in files)


if __name__ == "__main__":
    main()
