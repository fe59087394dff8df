#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The in-guest programs of guest/, all in one boot for each engine.
# UMTEST_AREAS=a,b runs only these.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import umtest
from umtest import *

need_linux()
names = os.environ.get("UMTEST_AREAS")
for umtest.ENGINE in [umtest.ENGINE] if umtest.ENGINE else ["seccomp", "ptrace"]:
    tap.diag("engine=" + umtest.ENGINE)
    run_areas(names.split(",") if names else list(areas()))
tap.done()
