# SPDX-License-Identifier: GPL-2.0
"""Programs of the host that trace others, on a CPU with more registers than they know."""
import functools
import os
import shlex

from umtest import host, host_binary, tmpdir, which


def with_fewer_registers(path, *words):
    """A program that runs the one there with these words in front, and has it see the
    registers that it has room for."""
    script = os.path.join(tmpdir(), os.path.basename(path))
    with open(script, "w") as f:
        f.write("#!/bin/sh\nLD_PRELOAD=%s exec %s \"$@\"\n" % (
            shlex.quote(host_binary("fewer_registers", shared=True)),
            " ".join(map(shlex.quote, (path,) + words))))
    os.chmod(script, 0o755)
    return script


@functools.cache
def gdb():
    """The path of gdb, of one that can write registers here; None if there is none."""
    path = which("gdb")
    if not path:
        return None
    text = host([path, "-nx", "-batch", "-iex", "set debuginfod enabled off", "-ex", "starti",
                 "-ex", "print $xmm0.uint128 = 1", "/bin/true"], timeout=60)[1]
    if "extended state status" not in text:
        return path
    # Not for what it debugs.
    return with_fewer_registers(path, "-iex", "unset environment LD_PRELOAD")
