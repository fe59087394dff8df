#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The Debian image: boots to a login, and is what a user wants.
# umtest: slow 3
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import termios

image = os.environ.get("ROOT_FS") or os.path.join(TOP, "root_fs")
if not os.path.exists(image):
    tap.skip_all("no image %s" % image)


def session(copy, wrap=()):
    with Guest("ubd0=" + copy, "rw", "TERM=vt220", wrap=wrap, tty=True, mem="1G", name="debian") as g:
        before = g.attr
        g.expect(r"login: ", 600)
        tap.ok(True, "a login prompt after %.1f s" % (time.monotonic() - g.started))
        g.send("root")
        g.expect(r"assword: ", 120)
        g.send("root")
        g.expect(r"# ?$", 120)
        g.send("stty -echo; PS1=; PS2=; WAS=$TERM; export PAGER=cat SYSTEMD_PAGER=cat TERM=dumb; echo @@'IN'@@")
        g.expect(r"@@IN@@", 120)
        tap.equal(g.run("echo $WAS")[1].strip(), "vt220", "the terminal is the one that the command line names")
        g.run("until systemctl is-system-running | grep -qE 'running|degraded'; do sleep 1; done", 600)
        status, text = g.run("systemctl --failed --no-legend")
        tap.equal(text.strip(), "", "systemctl --failed lists nothing")
        status, text = g.run("apt-get --version")
        tap.equal(status, 0, "apt-get --version")
        status, text = g.run("python3 -c 'import threading as t; x=[t.Thread(target=lambda: sum(range(99999))) "
                             "for i in range(8)]; [i.start() for i in x]; [i.join() for i in x]; print(len(x))'")
        tap.equal((status, text.strip()), (0, "8"), "python3 with threads")
        status, text = g.run("command -v gcc strace gdb | wc -l")
        tools = int(text.strip() or 0)
        g.run("cat > /tmp/t.c <<'END'\n"
              "#include <pthread.h>\n#include <stdio.h>\n#include <unistd.h>\n"
              "static int value = 41;\n"
              "void work(int n) { value += n; }\n"
              "void *body(void *p) { work(1); return p; }\n"
              "int main(void) { pthread_t t; pthread_create(&t, 0, body, 0); pthread_join(t, 0);\n"
              " printf(\"value %d\\n\", value); return 0; }\nEND")
        if tools == 3:
            status, text = g.run("gcc -g -O0 -pthread -o /tmp/t /tmp/t.c && /tmp/t", 300)
            tap.equal((status, text.strip()), (0, "value 42"), "gcc makes a program that runs")
            status, text = g.run("strace -f ls / 2>&1 | tail -3", 300)
            tap.match(text, r"exited with 0", "strace -f ls")
            status, text = g.run("gdb -batch -nx -ex 'break work' -ex run -ex bt -ex 'print value' "
                                 "-ex 'info threads' -ex 'next' -ex 'stepi' -ex 'info registers rip' -ex 'info all-registers ymm0' "
                                 "-ex continue /tmp/t 2>&1", 300)
            tap.match(text, r"Breakpoint 1, work", "gdb: a breakpoint in a thread")
            tap.match(text, r"#1 .*body", "gdb: a backtrace")
            tap.match(text, r"\$1 = 41", "gdb: a variable")
            tap.match(text, r"exited normally", "gdb: runs on to the end")
            if not re.search(r"exited normally", text):
                tap.diag(tail(text, 40))
        else:
            tap.skip("not all of gcc, strace and gdb in the image", "gcc, strace, gdb")
        status, text = g.run("dmesg --level=emerg,alert,crit,err,warn 2>/dev/null")
        tap.diag("warnings in dmesg:\n" + text)
        tap.no_match(text, r"WARNING:|BUG:|Call Trace|------------", "dmesg has no backtrace")
        tap.equal(text.strip(), "", "dmesg has no warning")
        status, text = g.run("su - user -c 'id -un; echo $HOME'")
        tap.match(text, r"^user$", "the ordinary account")
        status, text = g.run("free -m | head -2; cat /proc/sys/kernel/random/entropy_avail; nproc")
        tap.diag(text)
        g.send("poweroff")
        rc = g.wait(300)
        tap.equal(rc, 0, "poweroff: exit status 0")
        now = termios.tcgetattr(g.slave)
        tap.equal(now[:4], before[:4], "the terminal is as it was")


copy = scratch_copy(image)
session(copy)
no_leftovers()
if which("e2fsck"):
    tap.equal(host([which("e2fsck"), "-fn", copy], timeout=600)[0], 0, "its file system is clean")
if os.geteuid() == 0 and which("setpriv"):
    os.chmod(os.path.dirname(copy), 0o777)
    os.chown(copy, 65534, 65534)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    if host(user + ["test", "-w", copy])[0] == 0:
        session(copy, wrap=user)
    else:
        tap.skip("%s cannot be reached by others" % copy, "as an ordinary user")
no_leftovers()
tap.done()
