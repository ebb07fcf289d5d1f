"""The table of clients and operations in docs/reference/simorg.md, made from the results of a run."""

import json
import os
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAGE = HERE.parents[1] / "docs" / "reference" / "simorg.md"
BEGIN = "<!-- begin: made by tests/clients/table.py from the results of a run -->"
END = "<!-- end -->"


def is_kept(found, folder):
    """Whether the page says what was found. UPDATE_REFERENCE=1 makes it say so."""
    page = PAGE.read_text(encoding="utf-8")
    before, rest = page.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    fresh = before + BEGIN + "\n" + made(found) + END + after
    if fresh == page:
        return True
    if os.environ.get("UPDATE_REFERENCE") == "1":
        PAGE.write_text(fresh, encoding="utf-8")
        print(f"wrote the table of clients into {PAGE.name}")
        return True
    beside = folder / PAGE.name
    beside.write_text(fresh, encoding="utf-8")
    print(f"the table of clients in docs/reference/{PAGE.name} does not say what was found; this does: {beside}")
    return False


def made(found):
    """The table as Markdown: operations down, clients across, passed checks in the cells."""
    operations = json.loads((HERE / "operations.json").read_text(encoding="utf-8"))
    known = {key for key, _ in operations}
    for client in found:
        strangers = {check["operation"] for check in client["checks"]} - known
        if strangers:
            raise RuntimeError(f"{client['client']}: operations.json does not know {sorted(strangers)}")
    lines = [
        "| operation | " + " | ".join(f"{client['client']} {client['version']}" for client in found) + " |",
        "|---|" + "---|" * len(found),
    ]
    for key, title in operations:
        lines.append(f"| {title} | " + " | ".join(_cell(client["checks"], key) for client in found) + " |")
    lines.append("| **checks passed** | " + " | ".join(_cell(client["checks"], None) for client in found) + " |")
    return "\n".join(lines) + "\n"


def _cell(checks, operation):
    its = [check for check in checks if operation in (None, check["operation"])]
    passed = sum(check["passed"] for check in its)
    if not its:
        return "–"
    return f"{passed} of {len(its)}" if passed == len(its) else f"**{passed} of {len(its)}**"
