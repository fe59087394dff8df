#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# KUnit through kunit.py in the prepared tree: at least 350 cases.
# umtest: slow 2
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import json
import re

ksrc = os.environ.get("KSRCTREE") or os.path.join(BUILD, "src")
if not os.path.exists(os.path.join(ksrc, "tools/testing/kunit/kunit.py")):
    tap.skip_all("no prepared tree at %s" % ksrc)
out = os.path.join(BUILD, "kunit")
os.makedirs(out, exist_ok=True)
os.makedirs(LOGS, exist_ok=True)
report = os.path.join(LOGS, "kunit.json")
log = os.path.join(LOGS, "kunit.log")
argv = [sys.executable, "tools/testing/kunit/kunit.py", "run", "--arch=um",
        "--build_dir=" + out, "--jobs=%d" % (os.cpu_count() or 2), "--timeout=600",
        "--kunitconfig=" + os.path.join(HERE, "kunit", ".kunitconfig"),
        "--json=" + report]
if which("ccache"):
    argv += ["--make_options", "CC=ccache gcc", "--make_options", "HOSTCC=ccache gcc"]
if os.path.exists(report):
    os.unlink(report)
with open(log, "w") as f:
    try:
        rc = subprocess.run(argv, cwd=ksrc, stdout=f, stderr=subprocess.STDOUT,
                            stdin=subprocess.DEVNULL, timeout=3600).returncode
    except subprocess.TimeoutExpired:
        rc = "timeout"
with open(log, errors="replace") as f:
    text = re.sub(r"\x1b\[[0-9;]*m", "", f.read())
tap.equal(rc, 0, "kunit.py run")
if rc:
    tap.diag(tail(text, 40))
m = re.search(r"Testing complete\. Ran (\d+) tests?:(.*)", text)
total = {k: int(v) for k, v in re.findall(r"(passed|failed|crashed|skipped|errors): (\d+)", m.group(2) if m else "")}
cases = int(m.group(1)) if m else 0
tap.diag("%d cases: %s" % (cases, total))
ran = cases - total.get("skipped", 0)
tap.ok(ran >= 350, "at least 350 cases run (%d)" % ran)
for what in ("failed", "crashed", "errors"):
    tap.equal(total.get(what, 0), 0, "none %s" % what)
for row in re.findall(r"^.*\[(?:FAILED|CRASHED)\].*$", text, re.M)[:40]:
    tap.diag(row)
no_leftovers()
tap.done()
