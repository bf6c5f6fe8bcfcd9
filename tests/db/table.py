# SPDX-License-Identifier: MIT
"""table.py RESULTS...: the tests by database, from what run.py has written; why some were skipped below it."""
import collections
import glob
import json
import os
import sys

ORDER = ["Others", "SQLiteMemory", "SQLiteFile", "PostgreSQL", "MySQL", "MariaDB"]
COLUMNS = ["passed", "failed", "skipped"]


def outcome(test):
    if test.get("failures"):
        return "failed"
    return "skipped" if test.get("result") == "SKIPPED" else "passed"


def tests_of(report):
    with open(report, encoding="utf-8") as file:
        for suite in json.load(file)["testsuites"]:
            yield from (test for test in suite["testsuite"] if test.get("status") == "RUN")


def main():
    counts = collections.defaultdict(collections.Counter)
    reasons = collections.defaultdict(collections.Counter)
    for folder in sys.argv[1:]:
        for report in glob.glob(os.path.join(folder, "*.json")):
            database = os.path.basename(report).split(".")[0]
            for test in tests_of(report):
                counts[database][outcome(test)] += 1
                for skipped in test.get("skipped", []):
                    reasons[database][skipped["message"].strip().splitlines()[-1]] += 1
    print(f'{"tests by database":<20}' + "".join(f"{column:>9}" for column in COLUMNS))
    for database in ORDER:
        row = "".join(f"{counts[database][column]:>9}" for column in COLUMNS)
        print(f"{database:<20}{row}" if counts[database] else f"{database:<20}  not run")
    for database in ORDER:
        for reason, count in reasons[database].items():
            print(f"skipped on {database}: {count} because {reason}")


if __name__ == "__main__":
    main()
