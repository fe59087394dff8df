#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0
"""usage: transactions.py FILE COUNT: so many transactions on a new sqlite
database, each on disk before the next one starts."""
import sqlite3
import sys

db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("PRAGMA journal_mode = DELETE")
db.execute("PRAGMA synchronous = FULL")
db.execute("CREATE TABLE entries (number INTEGER PRIMARY KEY, name TEXT, body TEXT)")
db.execute("CREATE INDEX names ON entries (name)")
for number in range(int(sys.argv[2])):
    db.execute("BEGIN IMMEDIATE")
    db.execute("INSERT INTO entries VALUES (?, ?, ?)",
               (number, "name %d" % (number * 7919 % 1000), "x" * 200))
    if number:
        db.execute("UPDATE entries SET body = 'changed' WHERE number = ?", (number // 2,))
    db.execute("COMMIT")
assert db.execute("SELECT count(*) FROM entries").fetchone()[0] == int(sys.argv[2])
