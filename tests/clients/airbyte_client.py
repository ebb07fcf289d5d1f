"""airbyte-source-salesforce, as its registry ships it, reads a simulated org.

usage: airbyte_client.py CONTROL_URL RESULTS

Every check runs the connector's own command, as Airbyte does, and reads the messages it prints.
"""

import datetime
import importlib.metadata
import sys
from pathlib import Path

import airbyte_read
from airbyte_connector import Connector
from checks import Checks
from org import Control


def main():
    control, results = Control(sys.argv[1]), sys.argv[2]
    checks = Checks("airbyte-source-salesforce", importlib.metadata.version("airbyte-source-salesforce"))
    about = control.get("/")
    now = datetime.datetime.fromisoformat(control.get("/clock")["now"].replace("Z", "+00:00"))
    config = {
        "client_id": about["client_id"],
        "client_secret": about["client_secret"],
        "refresh_token": control.post("/approve", {"user": about["users"][0]})["refresh_token"],
        # One slice of 30 days reaches from here to now.
        "start_date": (now - datetime.timedelta(days=20)).strftime("%Y-%m-%dT00:00:00Z"),
    }
    connector = Connector(Path.cwd(), config)
    check(checks, control, connector)
    discover(checks, control, connector)
    airbyte_read.judge(checks, control, connector, now - datetime.timedelta(days=2))
    checks.write(results)


def check(checks, control, connector):
    @checks.check("connector.check", "spec: what the connector asks for")
    def _():
        spec = connector.run("spec").only("SPEC")["spec"]["connectionSpecification"]
        checks.same(set(spec["required"]), {"client_id", "client_secret", "refresh_token"})

    @checks.check("connector.check", "check succeeds")
    def _():
        status = connector.run("check").only("CONNECTION_STATUS")["connectionStatus"]
        checks.same(status["status"], "SUCCEEDED")

    @checks.check("sign_in.refresh", "one refresh grant, and no other, opens the session")
    def _():
        control.delete("/calls")
        connector.run("check")
        checks.same(control.get("/calls")["by_op"], {"token": 1, "describe_global": 1})

    @checks.check("connector.check", "check of a sandbox signs in at test.salesforce.com")
    def _():
        status = connector.run("check", is_sandbox=True).only("CONNECTION_STATUS")["connectionStatus"]
        checks.same(status["status"], "SUCCEEDED")

    @checks.check("sign_in.refused", "a refresh token that is none is told as expired, not tried again")
    def _():
        control.delete("/calls")
        said = connector.run("check", refresh_token="none").text
        checks.true("The authentication to SalesForce has expired" in said, said[-600:])
        checks.same(control.get("/calls")["by_op"], {"token": 1})

    @checks.check("sign_in.refused", "a wrong client secret is told")
    def _():
        run = connector.run("check", client_secret="wrong")
        checks.true("invalid client credentials" in run.text, run.text[-600:])
        checks.true("SUCCEEDED" not in run.text)

    @checks.check("connector.check", "the day's requests are used up: refused with the code")
    def _():
        control.patch("/settings", {"limits": {"daily_api": 0}})
        try:
            run = connector.run("check")
        finally:
            control.patch("/settings", {"limits": {"daily_api": 100_000}})
        checks.true("REQUEST_LIMIT_EXCEEDED" in run.text, run.text[-600:])


def discover(checks, control, connector):
    @checks.check("connector.discover", "a stream for every object that can be queried")
    def _():
        streams = connector.catalog()
        wanted = {one["name"] for one in connector.rest("sobjects")["sobjects"] if one["queryable"]}
        # The connector's own list of objects whose queries need a filter (api.py, filter_streams).
        left_out = wanted - streams.keys()
        checks.true(left_out <= {"EntityParticle", "FieldDefinition", "UserFieldAccess", "PicklistValueInfo"}, left_out)
        checks.same(streams.keys() - wanted, {"Describe"})
        checks.true({"Account", "Contact", "Lead", "Opportunity", "Case", "Campaign", "User"} <= streams.keys(), set(streams))

    @checks.check("connector.discover", "Contact: key, cursor and a type for each field")
    def _():
        contact = connector.catalog()["Contact"]
        checks.same(contact["source_defined_primary_key"], [["Id"]])
        checks.same(contact["default_cursor_field"], ["SystemModstamp"])
        seen = contact["json_schema"]["properties"]
        described = connector.rest("sobjects/Contact/describe")["fields"]
        checks.same(set(seen), {field["name"] for field in described})
        types = {name: seen[name]["type"][0] for name in ("Email", "HasOptedOutOfEmail", "MailingAddress")}
        wanted = {"Email": "string", "HasOptedOutOfEmail": "boolean", "MailingAddress": "object"}
        checks.same(types, wanted)
        checks.same(seen["EN_Last_Modified_Date__c"]["format"], "date-time")

    @checks.check("connector.discover", "a filter leaves one object")
    def _():
        streams = connector.catalog(streams_criteria=[{"criteria": "exacts", "value": "Contact"}])
        checks.same(set(streams), {"Contact", "Describe"})


if __name__ == "__main__":
    main()
