"""Starts a simulated org, and speaks to its control side."""

import json
import subprocess
import urllib.request

PUBLIC_HOST = "exampleorg.my.salesforce.com"
# The first user is who software runs as; the password of the second has what XML and forms must escape.
SETTINGS = f"""
[http]
public_url = "https://{PUBLIC_HOST}"

[[users]]
username = "integration@example.org"
first_name = "Integration"
last_name = "User"
email = "integration@example.org"
integration = true

[[users]]
username = "joe.smith@example.org"
first_name = "Joe"
last_name = "Smith"
email = "joe.smith@example.org"
password = "o'neil & <sons> + 100%"
"""
# The control side is on the loopback address: never through the proxy the client is given.
_direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Control:
    """The side of a simulated org that no real org has."""

    def __init__(self, url):
        self.url = url.rstrip("/")

    def get(self, path):
        return self._call("GET", path, None)

    def post(self, path, body):
        return self._call("POST", path, body)

    def patch(self, path, body):
        return self._call("PATCH", path, body)

    def delete(self, path):
        return self._call("DELETE", path, None)

    def records(self, name):
        """All live records of an object, by id."""
        return {record["Id"]: record for record in self.get(f"/records/{name}")}

    def _call(self, method, path, body):
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.url + path, data, {"Content-Type": "application/json"}, method=method)
        with _direct.open(request, timeout=60) as answer:
            return json.load(answer)


class RunningOrg:
    """`highwater simorg`, which calls itself by the host name a real org has."""

    def __init__(self, highwater, folder):
        folder.mkdir(parents=True, exist_ok=True)
        settings = folder / "org.toml"
        settings.write_text(SETTINGS)
        self.process = subprocess.Popen(
            [highwater, "simorg", "--seed", "7", "--settings", settings, "--format", "json"],
            stdout=subprocess.PIPE,
            text=True,
        )
        where = self._announced()
        self.port = int(where["org"].rsplit(":", 1)[1])
        self.control = Control(where["control"])

    def _announced(self):
        text = ""
        while line := self.process.stdout.readline():
            text += line
            try:
                return json.loads(text)
            except json.JSONDecodeError:
                continue
        raise RuntimeError(f"the simulated org ended with {self.process.wait()}: {text}")

    def close(self):
        self.process.terminate()
        self.process.wait(timeout=20)
