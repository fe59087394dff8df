#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""A stand-in for in.telnetd: serves the connection on its standard input as that does, but
speaks no telnet.  telnetd.py -L PROGRAM; with -X it ends before there is a terminal."""
import os
import pty
import select
import sys


def pump(pairs):
    """Until one of them ends."""
    while True:
        for fd in select.select(list(pairs), [], [])[0]:
            try:
                data = os.read(fd, 65536)
            except OSError:
                return
            if not data:
                return
            while data:
                data = data[os.write(pairs[fd], data):]


def main():
    if sys.argv[1] == "-X":
        return 1
    assert sys.argv[1] == "-L" and len(sys.argv) == 3, sys.argv
    pid, master = pty.fork()
    if not pid:
        os.execv(sys.argv[2], ["login", "-h", "localhost", "-p"])
    # Only the login program has the kernel's socket.
    os.close(3)
    pump({0: master, master: 1})
    os.close(master)
    os.waitpid(pid, 0)
    return 0


sys.exit(main())
