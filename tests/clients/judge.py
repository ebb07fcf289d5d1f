"""Lets unmodified clients judge the simulated org, and keeps the table of what they found.

usage: judge.py HIGHWATER PLACE [CLIENT…]

PLACE is where `install` put the clients. Each client gets an org and a gateway of its own; all run at once. The table in
docs/reference/simorg.md must say what was found: a difference fails, and UPDATE_REFERENCE=1 writes it anew.
"""

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import authority
import table
from gateway import Gateway
from org import PUBLIC_HOST, RunningOrg

HERE = Path(__file__).resolve().parent
LONGEST_SECONDS = 900


def commands(place):
    """How each client is started, and the hosts it must have called."""
    python, node = "bin/python", "bin/node"
    return {
        "simple-salesforce": (
            [place / "simple-salesforce" / python, HERE / "simple_salesforce_client.py"],
            {"login.salesforce.com", "elsewhere.my.salesforce.com", PUBLIC_HOST},
        ),
        "jsforce": (
            [place / "node" / node, HERE / "jsforce_client.mjs"],
            {"login.salesforce.com", PUBLIC_HOST},
        ),
        "airbyte-source-salesforce": (
            [place / "airbyte" / python, HERE / "airbyte_client.py"],
            {"login.salesforce.com", "test.salesforce.com", PUBLIC_HOST},
        ),
    }


def judged_by(client, command, hosts, highwater, place):
    """Runs one client and answers its results."""
    folder = place / "run" / client
    trusted, served = authority.make(folder)
    results = folder / "results.json"
    results.unlink(missing_ok=True)
    org = RunningOrg(highwater, folder)
    gateway = Gateway(served, org.port)
    try:
        ended = subprocess.run(
            [*command, org.control.url, results],
            env=surroundings(gateway.url, trusted, folder, place),
            cwd=folder,
            timeout=LONGEST_SECONDS,
            check=False,
        )
    finally:
        gateway.close()
        org.close()
    found = {"client": client, "version": "?", "checks": []}
    if results.exists():
        found = json.loads(results.read_text())
    if ended.returncode != 0 or not found["checks"]:
        said = f"ended with {ended.returncode} after {len(found['checks'])} checks"
        found["checks"].append({"operation": "hosts", "name": "runs to its end", "passed": False, "detail": said})
    for name, seen, wanted in [
        ("sign-in host and the org's own, each over TLS", set(gateway.called), hosts),
        ("no other host is called", set(gateway.refused), set()),
    ]:
        detail = "" if seen == wanted else f"seen {sorted(seen)}, wanted {sorted(wanted)}"
        found["checks"].append({"operation": "hosts", "name": name, "passed": not detail, "detail": detail})
    return found


def surroundings(proxy, trusted, folder, place):
    """The environment of a client: the proxy and the authority, by the names it documents, and nothing of the user's."""
    kept = {name: os.environ[name] for name in ("PATH", "LANG", "LC_ALL", "TMPDIR") if name in os.environ}
    return {
        **kept,
        "HOME": str(folder),
        "HTTPS_PROXY": proxy,
        "NO_PROXY": "127.0.0.1,localhost",
        "REQUESTS_CA_BUNDLE": str(trusted),
        "SSL_CERT_FILE": str(trusted),
        "NODE_EXTRA_CA_CERTS": str(trusted),
        "CLIENTS": str(place),
        "PYTHONUTF8": "1",
    }


def main():
    highwater, place = Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve()
    all_clients = commands(place)
    wanted = sys.argv[3:] or list(all_clients)
    with ThreadPoolExecutor(len(wanted)) as pool:
        found = list(pool.map(lambda one: judged_by(one, *all_clients[one], highwater, place), wanted))
    passed = failed = 0
    for client in found:
        print(f"-- {client['client']} {client['version']}")
        for check in client["checks"]:
            passed, failed = passed + check["passed"], failed + (not check["passed"])
            print(f"{'ok    ' if check['passed'] else 'FAILED'} {check['operation']}: {check['name']}")
            if not check["passed"]:
                print("       " + check["detail"].strip().replace("\n", "\n       "))
    stale = False if sys.argv[3:] else not table.is_kept(found, place / "run")
    print(f"\n{passed} passed, {failed} failed")
    sys.exit(1 if failed or stale or not passed else 0)


if __name__ == "__main__":
    main()
