"""airbyte-source-salesforce reads Contacts: all of them, then what changed; through REST and through Bulk."""

PEOPLE = 450


def configured(stream, mode):
    """A catalog of one stream, as the platform writes it."""
    one = {"stream": stream, "sync_mode": mode, "destination_sync_mode": "append"}
    if mode == "incremental":
        one["cursor_field"] = stream["default_cursor_field"]
    return {"streams": [one]}


def judge(checks, control, connector, past):
    stamp = past.strftime("%Y-%m-%dT%H:%M:%SZ")
    stamps = {"CreatedDate": stamp, "LastModifiedDate": stamp, "SystemModstamp": stamp}
    rows = [
        {
            "LastName": f'Lee, the "{n}th"\nof her name',
            "Email": f"ann{n}@example.org",
            "MailingCity": "Łódź",
            "HasOptedOutOfEmail": n % 2 == 0,
            "EN_Supporter_Id__c": str(1000 + n),
            **stamps,
        }
        for n in range(PEOPLE)
    ]
    ids = control.post("/seed", {"object": "Contact", "rows": rows})["ids"]
    contact = connector.catalog(streams_criteria=[{"criteria": "exacts", "value": "Contact"}])["Contact"]
    # Small pages, so that the connector must turn them.
    control.patch("/settings", {"http": {"query_page_rows": 200}, "bulk": {"query_page_rows": 200}})
    through_rest(checks, control, connector, contact, ids)
    through_bulk(checks, control, connector, contact, ids)
    describe(checks, connector, contact)


def plain(row):
    """The fields both ways carry; through Bulk the connector leaves out what is null."""
    names = ("LastName", "Email", "MailingCity", "HasOptedOutOfEmail", "EN_Supporter_Id__c", "IsDeleted")
    return {name: row.get(name) for name in names}


def through_rest(checks, control, connector, contact, ids):
    @checks.check("connector.full", "REST: every Contact in three pages, each value as stored")
    def _():
        control.delete("/calls")
        run = connector.run("read", configured(contact, "full_refresh"))
        checks.same(run.code, 0)
        stored, seen = control.records("Contact"), run.records()
        checks.same({id: plain(row) for id, row in seen.items()}, {id: plain(row) for id, row in stored.items()})
        checks.same(seen[ids[0]]["MailingAddress"]["city"], "Łódź")
        calls = control.get("/calls")["by_op"]
        checks.same((calls.get("query_all"), calls.get("query_more"), calls.get("query_job_create")), (1, 2, None))

    incremental(checks, control, connector, contact, ids[:3], "REST", {})


def through_bulk(checks, control, connector, contact, ids):
    bulk = {"force_use_bulk_api": True}

    @checks.check("connector.full", "Bulk: every Contact in three pages, each value as stored")
    def _():
        control.delete("/calls")
        run = connector.run("read", configured(contact, "full_refresh"), **bulk)
        checks.same(run.code, 0)
        stored = {row["Id"]: row for row in control.get("/records/Contact?deleted=true")}
        checks.same({id: plain(row) for id, row in run.records().items()}, {id: plain(row) for id, row in stored.items()})
        calls = control.get("/calls")["by_op"]
        checks.same((calls["query_job_create"], calls["query_job_results"], calls.get("query_all")), (1, 3, None))

    incremental(checks, control, connector, contact, ids[3:6], "Bulk", bulk)


def incremental(checks, control, connector, contact, three, way, config):
    edited, deleted, kept = three
    runs = {}

    @checks.check("connector.incremental", f"{way}: a first run reads everybody and keeps a state")
    def _():
        runs["first"] = run = connector.run("read", configured(contact, "incremental"), **config)
        checks.same(run.code, 0)
        checks.true(set(three) <= set(run.records()) and len(run.records()) >= PEOPLE, len(run.records()))
        state = run.state()["stream"]
        checks.same(state["stream_descriptor"], {"name": "Contact"})
        newest = max(row["SystemModstamp"] for row in run.records().values())
        checks.same(state["stream_state"]["slices"][-1]["most_recent_cursor_value"][:19], newest[:19])

    @checks.check("connector.incremental", f"{way}: a second run reads who was edited, created and deleted, nobody else")
    def _():
        before = set(control.records("Contact"))
        control.post("/edit", {"object": "Contact", "id": edited, "row": {"LastName": f"Edited {way}"}})
        control.post("/delete", {"object": "Contact", "id": deleted})
        created = control.post("/create", {"object": "Contact", "row": {"LastName": f"Created {way}"}})["id"]
        run = connector.run("read", configured(contact, "incremental"), runs["first"].state(), **config)
        checks.same(run.code, 0)
        new = {id: (row["LastName"], row["IsDeleted"]) for id, row in run.records().items()}
        mine = {id: new.pop(id) for id in (edited, deleted, created) if id in new}
        checks.same((mine[edited], mine[created]), ((f"Edited {way}", False), (f"Created {way}", False)))
        checks.same(mine[deleted][1], True)
        # The connector reads ten minutes again that it has read before: what earlier checks changed may come, no more.
        checks.true(kept not in new and len(new) <= 3, sorted(new))
        checks.true(created not in before and len(run.records()) < PEOPLE, len(run.records()))


def describe(checks, connector, contact):
    @checks.check("describe.object", "the stream Describe carries the org's own describe")
    def _():
        stream = connector.catalog()["Describe"]
        catalog = configured(stream, "full_refresh")
        catalog["streams"] += configured(contact, "full_refresh")["streams"]
        run = connector.run("read", catalog)
        told = [one["record"]["data"] for one in run.of("RECORD") if one["record"]["stream"] == "Describe"]
        checks.same([one["name"] for one in told], ["Contact"])
        checks.same(told[0]["fields"], connector.rest("sobjects/Contact/describe")["fields"])
