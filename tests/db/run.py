# SPDX-License-Identifier: MIT
"""run.py EXECUTABLE DATABASE RESULTS: runs the tests of a database, and writes what came of them to RESULTS, for
table.py. "Others" are the tests that choose their database themselves. Ends with 77 when its server is not there."""
import os
import subprocess
import sys

SERVERS = {"PostgreSQL": "KIN_TEST_POSTGRESQL_URL", "MySQL": "KIN_TEST_MYSQL_URL", "MariaDB": "KIN_TEST_MARIADB_URL"}
DATABASES = ["SQLiteMemory", "SQLiteFile", *SERVERS]


def main():
    executable, database, results = sys.argv[1:]
    shard = os.environ.get("GTEST_SHARD_INDEX", "0")
    report = os.path.join(results, f"{database}.{shard}.json")
    os.makedirs(results, exist_ok=True)
    if os.path.exists(report):
        os.remove(report)
    variable = SERVERS.get(database)
    if variable and not os.environ.get(variable):
        print(f'{variable} is not set: scripts/servers start && eval "$(scripts/servers env)"')
        return 77
    names = [f"*/{name}" for name in DATABASES]
    chosen = "*-" + ":".join(names) if database == "Others" else f"*/{database}"
    return subprocess.call([executable, f"--gtest_filter={chosen}", f"--gtest_output=json:{report}"])


if __name__ == "__main__":
    sys.exit(main())
