#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The tree's own selftests, each with its expected result.
# umtest: slow 1
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import selftests

only = os.environ.get("UMTEST_SELFTESTS")
try:
    wanted = [e for e in selftests.entries() if not only or any(o in e.name for o in only.split(","))]
except ValueError as e:
    tap.ok(False, str(e))
    tap.done()
if not selftests.build(wanted):
    tap.skip_all("no kernel tree under %s" % BUILD)
for e in wanted:
    if e.error:
        if e.want == "any":
            tap.skip("does not build here", e.name)
        else:
            tap.ok(False, "%s builds" % e.name)
        tap.diag("\n".join(e.error.strip().splitlines()[:3]))
ready = [e for e in wanted if not e.error]
passed = unexpected = 0
# Several boots: what hangs or kills one guest costs only its share.
for at in range(0, len(ready), 30):
    group = ready[at:at + 30]
    while group:
        found, rc, text = selftests.run_guest(group, name="selftests")
        for e in group:
            if e.id not in found:
                continue
            verdict, code, out = found[e.id]
            passed += verdict == "pass"
            if e.want == "any":
                tap.skip("%s (any result is expected%s)" % (verdict, ": " + e.reason if e.reason else ""), e.name)
            elif verdict == e.want:
                if verdict == "skip":
                    tap.skip(e.reason, e.name)
                else:
                    tap.ok(True, "%s: %s" % (e.name, verdict))
            elif verdict == "pass":
                unexpected += 1
                tap.ok(True, "%s: passes, expected %s (%s): update selftests.list" %
                       (e.name, e.want, e.reason))
            elif verdict == "fail" and selftests.fails_here(e):
                tap.skip("fails on this machine, too", e.name)
            else:
                tap.ok(False, "%s: %s (status %d), expected %s" % (e.name, verdict, code, e.want))
            if verdict != "pass":
                tap.diag("%s: %s, status %d\n%s" % (e.name, verdict, code, selftests.interesting(out)))
        missing = [e for e in group if e.id not in found]
        if not missing:
            break
        # The first without a result ended the guest, or hung it.
        tap.ok(missing[0].want == "any", "%s: the guest lives on (%s)" % (missing[0].name, rc))
        tap.diag(tail(text))
        group = missing[1:]
tap.diag("%d programs pass, %d of them unexpectedly" % (passed, unexpected))
if not only:
    tap.ok(passed >= 60, "at least 60 programs pass (%d)" % passed)
no_leftovers()
tap.done()
