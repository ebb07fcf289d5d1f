"""What Segment's Python SDK is asked to send. Usage: segment_python.py URL WRITE_KEY MANY"""

import sys

from segment.analytics.client import Client

url, write_key, many = sys.argv[1], sys.argv[2], int(sys.argv[3])
failed = []
client = Client(
    write_key, host=url, gzip=True, upload_size=20, upload_interval=0.2, max_retries=8,
    on_error=lambda error, items: failed.append(error),
)
wanted = {"All": False, "Salesforce": True}
person = {"email": "jo@example.org", "firstName": "Jo", "address": {"city": "Bonn"}}
client.identify("u1", person, integrations=wanted)
client.group("u1", 813, {"name": "Initech"}, integrations=wanted)
client.page("u1", name="Home", integrations=wanted)
client.screen(anonymous_id="a1", name="Start", integrations=wanted)
client.alias(17, "u1", integrations=wanted)
client.track("u1", "Gave", {"amount": 5}, integrations={})
for nth in range(many):
    client.track(f"u{nth}", "Clicked", {"nth": nth}, integrations=wanted)
client.shutdown()
sys.exit(f"{len(failed)} batches failed: {failed[0]}" if failed else 0)
