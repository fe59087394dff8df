# SPDX-License-Identifier: GPL-2.0
"""The tree's own tools/testing/selftests: a list of programs, each with the
result that is expected of it in a guest.

A line of selftests.list:

    dir/prog [alone | timed] [more.c | -flag]... [@ argument...] : result [reason]

result is pass, skip or fail (the last two need a reason); "any" takes what comes.
"alone" is for a program that takes no process to end while it looks at /proc, or no
port to be in use since another one's connections: it has name spaces of its own, for
processes and the network.  "timed" is for one that takes its threads to be ready after
some milliseconds, or its events to be read before a buffer for few is full, which no
busy host promises: it has five attempts.  dir/prog.c is compiled with more sources
(relative to selftests/) and flags; what a Makefile there does beyond that is said here.
$K in a flag is the kernel tree.

As a program: selftests.py --host [NAME...] builds and runs them on this host.
"""
import concurrent.futures
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
from umtest import BUILD, HERE, TOP, host, initramfs, libraries, which, Guest, TIMEOUT, tap

LIST = os.path.join(HERE, "selftests.list")
OUT = os.path.join(BUILD, "selftests")
SECONDS = 60
# Headers of ours that the programs are compiled with.
OWN = [os.path.join(top, name) for top, _, names in
       os.walk(os.path.join(HERE, "selftests", "include")) for name in names]


# Words of the list, and what a program is run by then.
WRAP = {"alone": "unshare -m -n -p -f --mount-proc=/proc /alone.sh ", "timed": "/timed.sh "}


class Entry:
    def __init__(self, line, number):
        left, colon, right = line.partition(" : ")
        if not colon or not right.split():
            raise ValueError("%s:%d: no result given" % (LIST, number))
        words = left.split()
        self.args = []
        if "@" in words:
            at = words.index("@")
            words, self.args = words[:at], words[at + 1:]
        self.name = words[0]
        self.wrap = "".join(WRAP[w] for w in words[1:] if w in WRAP)
        words = [w for w in words if w not in WRAP]
        self.dir = os.path.dirname(self.name)
        self.sources = [w for w in words[1:] if w.endswith((".c", ".S"))]
        self.flags = [w for w in words[1:] if not w.endswith((".c", ".S"))]
        self.want, _, self.reason = right.strip().partition(" ")
        if self.want not in ("pass", "skip", "fail", "any"):
            raise ValueError("%s:%d: result %s" % (LIST, number, self.want))
        if self.want in ("skip", "fail") and not self.reason:
            raise ValueError("%s:%d: %s without a reason" % (LIST, number, self.want))
        self.id = self.name.replace("/", "_")
        self.error = None


def entries():
    found = []
    with open(LIST) as f:
        for number, row in enumerate(f, 1):
            row = row.split("#")[0].strip()
            if row:
                found.append(Entry(row, number))
    return found


def tree():
    for path in (os.environ.get("KSRCTREE"), os.path.join(BUILD, "src")):
        if path and os.path.exists(os.path.join(path, "tools/testing/selftests/lib.mk")):
            return path
    return None


def headers(ksrc):
    """The user-visible headers of x86, made outside of the tree."""
    inc = os.path.join(OUT, "khdr", "usr", "include")
    if not os.path.exists(os.path.join(inc, "linux", "version.h")):
        os.makedirs(os.path.join(OUT, "khdr"), exist_ok=True)
        rc, text = host(["make", "-s", "-C", ksrc, "ARCH=x86",
                         "O=" + os.path.join(OUT, "khdr"), "headers"], timeout=600)
        if rc:
            raise RuntimeError("headers: " + text[-2000:])
    return inc


def compile_one(e, ksrc, inc):
    base = os.path.join(ksrc, "tools/testing/selftests")
    exe = os.path.join(OUT, "bin", e.name)
    srcs = [os.path.join(base, e.name + ".c")] + [os.path.join(base, s) for s in e.sources]
    if any(f.startswith("-only") for f in e.flags):
        srcs = srcs[1:]
    try:
        newest = max(os.path.getmtime(s) for s in srcs + OWN)
    except OSError as err:
        e.error = str(err)
        return
    cmd = ["-O2", "-g", "-w", "-D_GNU_SOURCE=", "-pthread",
           "-I" + os.path.join(HERE, "selftests", "include"),
           "-I" + base, "-I" + os.path.join(base, e.dir), "-isystem", inc,
           "-I" + os.path.join(ksrc, "tools/include/uapi") if "-tools-uapi" in e.flags else ""]
    cmd += [f.replace("$K", ksrc).replace("~", " ") for f in e.flags
            if f != "-tools-uapi" and not f.startswith("-only") and not f.startswith("-l")]
    cmd += srcs + ["-o", exe] + [f for f in e.flags if f.startswith("-l")]
    cmd += ["-lrt", "-ldl", "-lm"] if "-nostdlib" not in e.flags else []
    cmd = [c for c in cmd if c]
    stamp = exe + ".cmd"
    text = " ".join(cmd)
    if os.path.exists(exe) and os.path.getmtime(exe) > newest and \
            os.path.exists(stamp) and open(stamp).read() == text:
        return
    os.makedirs(os.path.dirname(exe), exist_ok=True)
    rc, out = host(["gcc"] + cmd, cwd=os.path.join(base, e.dir), timeout=300)
    if rc:
        e.error = out
        return
    subprocess.run(["strip", "--strip-debug", exe], check=False)
    with open(stamp, "w") as f:
        f.write(text)


def build(wanted):
    ksrc = tree()
    if not ksrc:
        return None
    inc = headers(ksrc)
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        list(pool.map(lambda e: compile_one(e, ksrc, inc), wanted))
    return ksrc


SCRIPT = """#!/bin/sh
mkdir -p /sys/fs/cgroup /dev/mqueue /dev/hugepages
mount -t tracefs t /sys/kernel/tracing 2>/dev/null
mount -t debugfs d /sys/kernel/debug 2>/dev/null
mount -t cgroup2 c /sys/fs/cgroup 2>/dev/null
mount -t mqueue m /dev/mqueue 2>/dev/null
ip link set lo up
# Some programs fork until the numbers come round.
echo 2000 >/proc/sys/kernel/pid_max
mount --make-rshared / 2>/dev/null
run() {
	echo "@@SELF $1"
	cd /self/$2
	shift 2
	timeout -s KILL %d "$@" </dev/null >/tmp/out 2>&1
	rc=$?
	tail -n 400 /tmp/out | sed 's/^/| /'
	echo
	echo "@@DONE $rc"
	cd /
}
"""


# A new network name space's loopback is down.
ALONE_SCRIPT = """#!/bin/sh
ip link set lo up && exec "$@"
"""
# What the last attempt says is what counts.
TIMED_SCRIPT = """#!/bin/sh
for i in 1 2 3 4 5; do
	"$@" > /tmp/timed 2>&1
	rc=$?
	[ $rc = 0 ] && break
done
cat /tmp/timed
exit $rc
"""


def verdict(rc, output):
    """pass, skip or fail: by status, and by the totals where there are any."""
    if rc == 4:
        return "skip"
    if rc != 0:
        return "fail"
    if re.search(r"^1\.\.0 # SKIP", output, re.M):
        return "skip"
    m = re.search(r"Totals: pass:(\d+) fail:(\d+) .*skip:(\d+)", output)
    if m and int(m.group(1)) == 0 and int(m.group(3)) > 0:
        return "skip"
    if re.search(r"^\[?FAIL\]?\b|^not ok", output, re.M) and not m:
        return "fail"
    return "pass"


def interesting(output, rows=12):
    """The lines that tell what went wrong."""
    lines = [r for r in output.splitlines()
             if re.search(r"not ok|FAIL|Expected|error|Bail out|SKIP|Aborted|Assertion", r)]
    return "\n".join((lines or output.splitlines())[-rows:])


def archive(wanted):
    files = {}
    # What libc loads by itself when a thread ends early.
    rc, path = host(["gcc", "-print-file-name=libgcc_s.so.1"])
    path = os.path.realpath(path.strip())
    if rc == 0 and os.path.isabs(path) and os.path.exists(path):
        files["lib/x86_64-linux-gnu/libgcc_s.so.1"] = path
    # Programs that are started by others, under names of their own.
    for tool in ("bin/true", "sbin/mkfs.ext4"):
        path = which(os.path.basename(tool))
        if path:
            files[tool] = os.path.realpath(path)
            files.update(libraries(files[tool]))
    script = SCRIPT % SECONDS
    for e in wanted:
        exe = os.path.join(OUT, "bin", e.name)
        files["self/" + e.name] = exe
        files.update(libraries(exe))
        script += "run %s %s %s./%s %s\n" % (e.id, e.dir, e.wrap,
                                             os.path.basename(e.name), " ".join(e.args))
    files["selftests.sh"] = script.encode()
    files["alone.sh"] = ALONE_SCRIPT.encode()
    files["timed.sh"] = TIMED_SCRIPT.encode()
    return initramfs(files)


def run_guest(wanted, *args, **kw):
    """Run in one boot; {id: (verdict, rc, output)}, and what the boot said."""
    with Guest("umrun=/selftests.sh", "loglevel=3", *args, initrd=archive(wanted),
               mem="768M", **kw) as g:
        rc = g.wait_busy(SECONDS + TIMEOUT / 2)
        text = g.text
    found = {}
    for m in re.finditer(r"^@@SELF (\S+)\n(.*?)^@@DONE (\d+)$", text, re.M | re.S):
        out = re.sub(r"^\| ?", "", m.group(2), flags=re.M)
        found[m.group(1)] = (verdict(int(m.group(3)), out), int(m.group(3)), out)
    return found, rc, text


def run_on_host(e, wrap=()):
    """(verdict, rc, output) of a program here."""
    exe = os.path.join(OUT, "bin", e.name)
    rc, out = host([*wrap, "timeout", "-s", "KILL", str(SECONDS), exe] + e.args,
                   cwd=os.path.dirname(exe), timeout=SECONDS + 20)
    return verdict(rc, out), rc, out


def fails_here(e):
    """Whether the fault is this machine's: what it makes of an instruction no
    guest can better.  Only programs that change nothing but themselves are
    asked."""
    if e.dir != "x86":
        return False
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] if os.geteuid() == 0 else []
    return run_on_host(e, nobody)[0] == "fail"


def main():
    args = [a for a in sys.argv[1:] if a != "--host"]
    wanted = [e for e in entries() if not args or any(a in e.name for a in args)]
    if not build(wanted):
        print("no kernel tree: set KSRCTREE")
        return 1
    for e in wanted:
        if e.error:
            print("%-45s BUILD %s" % (e.name, e.error.strip().splitlines()[0:3]))
            continue
        v, rc, out = run_on_host(e)
        print("%-45s %s (%d)%s" % (e.name, v, rc, "" if v == "pass" else
                                   "  " + " / ".join(out.strip().splitlines()[-3:])[:300]))
        sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
