# SPDX-License-Identifier: GPL-2.0
"""A folder as a user of the HOWTO has it, and its chapters."""
import os
import re

from umtest import TOP, host, host_tool, need_linux, scratch_copy, tap, tmpdir

need_linux()
image = os.environ.get("BUSYBOX_FS") or os.path.join(TOP, "root_fs.busybox")
if not os.path.exists(image):
    tap.skip_all("no image %s" % image)

with open(os.path.join(TOP, "Documentation", "howto.md")) as f:
    chapters = dict(re.findall(r"^## (.*)\n((?:(?!## ).*\n)*)", f.read(), re.M))

# The kernel, an image, and the tools in the path.
here = tmpdir()
os.rename(scratch_copy(image), os.path.join(here, "root_fs"))
os.symlink(os.environ.get("LINUX") or os.path.join(TOP, "linux"), os.path.join(here, "linux"))
env = dict(os.environ, HOME=here)
env.pop("DISPLAY", None)
env["PATH"] = "%s:%s:/usr/sbin:/sbin" % (
    os.pathsep.join(dict.fromkeys(os.path.dirname(host_tool(name)) for name in ("uml_moo", "uml_mconsole"))), env["PATH"])


def shell(line):
    return host(["sh", "-c", line], cwd=here, env=env, timeout=300)


def logged_in(g):
    g.expect("login: ")
    g.send("root")
    g.expect("assword: ")
    g.send("root")
    g.expect("~ # ")
    g.send("stty -echo; PS1=; PS2=; echo @@'IN'@@")
    g.expect("@@IN@@")
    return g


def stop(g):
    g.send("poweroff")
    tap.equal(g.wait(60), 0, "it powers off")
    g.close()
