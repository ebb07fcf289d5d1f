"""Named checks of one client: each asserts something, none stops the next, and all are written down."""

import json
import traceback
from pathlib import Path


class Checks:
    """The checks of a client, in the order they ran."""

    def __init__(self, client, version):
        self.client, self.version = client, version
        self.results = []
        self._asserted = 0

    def check(self, operation, name):
        """Runs the decorated function at once. An exception fails it, and so does asserting nothing."""

        def run(body):
            self._asserted = 0
            try:
                body()
                detail = "" if self._asserted else "asserted nothing"
            except Exception:
                detail = traceback.format_exc(limit=-3)
            self.record(operation, name, detail)
            return body

        return run

    def same(self, seen, wanted):
        """Both must be equal."""
        self._asserted += 1
        if seen != wanted:
            raise AssertionError(f"seen {seen!r}, wanted {wanted!r}")

    def true(self, holds, seen=None):
        """The first must hold; the second says what was seen."""
        self._asserted += 1
        if not holds:
            raise AssertionError(f"seen {seen!r}")

    def raises(self, kind, work):
        """`work` must raise; answers the exception."""
        self._asserted += 1
        try:
            answer = work()
        except kind as error:
            return error
        raise AssertionError(f"{kind.__name__} was not raised, seen {answer!r}")

    def record(self, operation, name, detail):
        """Writes down one check; `detail` says why it failed and is empty when it passed."""
        self.results.append({"operation": operation, "name": name, "passed": not detail, "detail": detail})

    def write(self, path):
        whole = {"client": self.client, "version": self.version, "checks": self.results}
        Path(path).write_text(json.dumps(whole, indent=1))
