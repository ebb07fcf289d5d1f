"""simple-salesforce, as its registry ships it, uses a simulated org.

usage: simple_salesforce_client.py CONTROL_URL RESULTS

The client insists on https and on Salesforce's host names; both come from the environment (see judge.py).
"""

import importlib.metadata
import sys
import warnings

from simple_salesforce import Salesforce

import simple_salesforce_bulk
import simple_salesforce_records
import simple_salesforce_sign_in
from checks import Checks
from org import Control


def main():
    control, results = Control(sys.argv[1]), sys.argv[2]
    warnings.simplefilter("ignore")
    checks = Checks("simple-salesforce", importlib.metadata.version("simple-salesforce"))
    simple_salesforce_sign_in.judge(checks, control)
    about = control.get("/")
    sf = Salesforce(
        domain="exampleorg.my",
        consumer_key=about["client_id"],
        consumer_secret=about["client_secret"],
        version="66.0",
    )
    simple_salesforce_records.judge(checks, control, sf)
    simple_salesforce_bulk.judge(checks, control, sf)
    checks.write(results)


if __name__ == "__main__":
    main()
