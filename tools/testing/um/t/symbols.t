#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Two worlds in one executable: no libc function resolves to a kernel symbol, nor the reverse.
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import re

nm, objdump = which("nm"), which("objdump")
if not nm or not objdump:
    tap.skip_all("no binutils")


def names(path, *flags):
    """{name: (type, version)} as nm tells."""
    found = {}
    for row in host([nm] + list(flags) + [path], timeout=600)[1].splitlines():
        m = re.match(r"(?:[0-9a-f]+)?\s*(\w) (\S+)$", row)
        if m:
            name, _, version = m.group(2).partition("@")
            found[name] = (m.group(1), version.lstrip("@"))
    return found


libs = libraries(LINUX)
if not libs:
    tap.skip_all("%s is not dynamically linked" % LINUX)
tap.diag("linked against: " + " ".join(sorted(libs)))
exported_by_libs = {}
for path in libs.values():
    exported_by_libs.update(names(path, "-D", "--defined-only"))
tap.ok(len(exported_by_libs) > 1000, "the libraries export %d names" % len(exported_by_libs))

mine = names(LINUX, "-D", "--defined-only")
# Copies of a library's own variables carry its version: stdout, environ.
inter = [n for n, (kind, version) in mine.items()
         if n in exported_by_libs and not (version and kind in "BVDRu")]
tap.equal(sorted(inter), [], "the executable exports no name that a library exports")
tap.diag("it exports: %s" % " ".join(sorted(mine))[:300])

kernel = names(LINUX, "--defined-only")
both = {n for n, (kind, v) in kernel.items() if n in exported_by_libs and not v}
tap.ok(len(both) > 20, "%d names are both the kernel's and a library's" % len(both))
tap.diag("such as: " + " ".join(sorted(both)[:40]))

undefined = {}
for row in host([nm, "-D", "-u", LINUX])[1].splitlines():
    m = re.match(r"\s*[Uwv] (\S+)$", row)
    if m:
        n, _, v = m.group(1).partition("@")
        undefined[n] = v.lstrip("@")
crt = {"__libc_start_main", "__gmon_start__", "_ITM_deregisterTMCloneTable",
       "_ITM_registerTMCloneTable", "__cxa_finalize", "__stack_chk_fail"}
out = os.environ.get("OUT") or os.path.join(BUILD, "out")
hosts = []
for top, dirs, files in os.walk(out):
    if os.path.basename(top) in ("source", ".tmp_versions"):
        dirs[:] = []
    for f in files:
        if f == "host.o" and "/um/" in top + "/":
            hosts.append(os.path.join(top, f))
if hosts:
    needed = {}
    unversioned = []
    for path in hosts:
        for row in host([nm, "-u", path])[1].splitlines():
            n, at, v = row.split()[-1].partition("@")
            needed[n] = v
            if not at and n in exported_by_libs:
                unversioned.append(n)
    tap.equal(unversioned, [], "each library reference of the host world carries a version")
    extra = sorted(set(undefined) - set(needed) - crt)
    tap.equal(extra, [], "nothing but the host world needs a library")
    tap.diag("host objects: " + " ".join(os.path.relpath(p, out) for p in hosts))
else:
    tap.skip("no host.o under %s" % out, "nothing but the host world needs a library")

# What the dynamic linker does.
for libc_only in (["--version"],):
    env = dict(os.environ, LD_DEBUG="bindings", LD_BIND_NOW="1")
    rc, text = host([LINUX] + libc_only, env=env)
    own = os.path.basename(LINUX)
    bind = re.findall(r"binding file (\S+) \[0\] to (\S+) \[0\]: normal symbol `(\S+?)'", text)
    tap.ok(len(bind) > 20, "%d bindings made" % len(bind))
    wrong = sorted({n for src, dst, n in bind
                    if os.path.basename(dst) == own and os.path.basename(src) != own
                    and not (n in mine and mine[n][1])})
    tap.equal(wrong, [], "no library's reference is bound to the executable")
    ours = {n for src, dst, n in bind if os.path.basename(src) == own}
    local = sorted({n for src, dst, n in bind if os.path.basename(src) == own
                    and os.path.basename(dst) == own and n in exported_by_libs
                    and not (n in mine and mine[n][1])})
    tap.equal(local, [], "all of the executable's own go to the libraries")
    clash = sorted(both & ours)
    tap.ok(clash, "among them %d that the kernel has too: %s" % (len(clash), " ".join(clash)[:200]))

# Calls: the host world's code and no other jumps to the libraries.
defined = {}
for path in hosts:
    for row in host([nm, "--defined-only", path])[1].splitlines():
        f = row.split()
        if len(f) == 3 and f[1] in "tT":
            defined[f[2]] = f[1]
calls, bad, through = 0, [], {}
text_of = {}
if hosts:
    table = []
    for row in host([nm, "-n", "--defined-only", LINUX], timeout=600)[1].splitlines():
        f = row.split()
        if len(f) == 3:
            table.append((int(f[0], 16), f[1], f[2]))
    host_globals = [a for a, k, n in table if k == "T" and (n.startswith("host_") or n == "main")]
    sizes = re.findall(r"^\s*\d+ \.text\S*\s+([0-9a-f]+)", host([objdump, "-h", hosts[0]])[1], re.M)
    proc = subprocess.Popen([objdump, "-d", "--no-show-raw-insn", LINUX], stdout=subprocess.PIPE,
                            text=True, errors="replace")
    func = ""
    for row in proc.stdout:
        if row.endswith(">:\n"):
            func = row.split("<", 1)[1][:-3]
        elif "@plt>" in row or "@GLIBC" in row:
            if func.endswith("@plt") or func.startswith((".plt", "_start", "_init", "_fini",
                                                         "deregister_tm", "register_tm", "__do_global")):
                continue
            m = re.search(r"<([^@>+]+)@", row)
            if not m:
                continue
            calls += 1
            through.setdefault(m.group(1), set()).add(func)
            if re.sub(r"\.(constprop|isra|part|cold).*", "", func) not in \
                    {re.sub(r"\.(constprop|isra|part|cold).*", "", d) for d in defined}:
                bad.append("%s -> %s" % (func, m.group(1)))
    proc.wait()
    tap.ok(calls > 10, "%d calls of library functions in the code" % calls)
    tap.equal(bad[:20], [], "all of them in functions of the host world")
    # And the host world calls no kernel function of such a name.
    rc, text = host([objdump, "-d", "-r", "--no-show-raw-insn", hosts[0]], timeout=300)
    plain = sorted({n for n in re.findall(r"R_X86_64_(?:PLT32|PC32|32S?|64)\s+([A-Za-z_]\w*)(?:[-+]0x|$)", text, re.M)
                    if n in both and n not in defined})
    tap.equal(plain, [], "no call of the host world goes to a kernel function of a library's name")
tap.done()
