"""The connector's command, its files and its messages."""

import json
import os
import subprocess
import sys
from pathlib import Path

import requests

COMMAND = Path(sys.executable).with_name("source-salesforce")
LONGEST_SECONDS = 240


class Run:
    """What one run printed."""

    def __init__(self, ended):
        self.code = ended.returncode
        self.text = ended.stdout + ended.stderr
        self.messages = [json.loads(line) for line in ended.stdout.splitlines() if line.startswith("{")]

    def of(self, kind):
        return [message for message in self.messages if message["type"] == kind]

    def only(self, kind):
        found = self.of(kind)
        if len(found) != 1:
            raise AssertionError(f"{len(found)} messages {kind} in {self.text[-1500:]}")
        return found[0]

    def records(self):
        """The data of every record, by id."""
        rows = [message["record"]["data"] for message in self.of("RECORD")]
        found = {row["Id"]: row for row in rows}
        if len(found) != len(rows):
            raise AssertionError(f"{len(rows)} records, {len(found)} ids")
        return found

    def state(self):
        """The last state, as the platform would hand it to the next run."""
        return self.of("STATE")[-1]["state"]


class Connector:
    """The connector with one configuration."""

    def __init__(self, folder, config):
        self.folder, self.config = folder, config

    def run(self, command, catalog=None, state=None, **changes):
        """Runs a command with the configuration, changed for this run."""
        arguments = [command]
        if command != "spec":
            arguments += ["--config", self._file("config.json", {**self.config, **changes})]
        if catalog is not None:
            arguments += ["--catalog", self._file("catalog.json", catalog)]
        if state is not None:
            arguments += ["--state", self._file("state.json", [state])]
        return Run(
            subprocess.run(
                [COMMAND, *arguments],
                cwd=self.folder,
                env=os.environ,
                capture_output=True,
                text=True,
                timeout=LONGEST_SECONDS,
                check=False,
            )
        )

    def catalog(self, **changes):
        """The streams `discover` finds, by name."""
        found = self.run("discover", **changes).only("CATALOG")["catalog"]["streams"]
        return {stream["name"]: stream for stream in found}

    def rest(self, path):
        """What the org itself answers to the connector's version."""
        token = requests.post(
            "https://login.salesforce.com/services/oauth2/token",
            {"grant_type": "refresh_token", **{k: self.config[k] for k in self.config if k != "start_date"}},
            timeout=60,
        ).json()
        headers = {"Authorization": f"Bearer {token['access_token']}"}
        url = f"{token['instance_url']}/services/data/v62.0/{path}"
        return requests.get(url, headers=headers, timeout=60).json()

    def _file(self, name, content):
        path = self.folder / name
        path.write_text(json.dumps(content), encoding="utf-8")
        return str(path)
