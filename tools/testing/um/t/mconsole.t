#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The management console: all commands by our client and by Debian's, what it refuses,
# clients that do not read, guests that only spin, notifications.
import os
import random
import re
import socket
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
OURS = host_tool("uml_mconsole")
THEIRS = "/usr/bin/uml_mconsole"
MAGIC = 0xcafebabe
SEED = int(os.environ.get("UMTEST_SEED") or time.time())
rng = random.Random(SEED)
tap.diag("seed: UMTEST_SEED=%d" % SEED)
home = tmpdir()
udir = os.path.join(home, ".uml")
os.mkdir(udir)
env = dict(os.environ, HOME=home)
disk = sparse(os.path.join(home, "disk"), 8 << 20)


def ask(*args, client=OURS):
    return host([client] + (["-t", str(TIMEOUT)] if client == OURS else []) + ["m"] + list(args), env=env, timeout=2 * TIMEOUT)


def answered(regex, *args, status=0, client=OURS):
    rc, text = ask(*args, client=client)
    # Debian's client ends with the error's number, or what is left of it.
    if not tap.ok((rc == status or status == "some" and rc) and re.search(regex, text, re.M),
                  "%s%s" % ("" if client == OURS else "Debian's client: ", " ".join(args).replace(home, "."))):
        tap.diag("status %s, want %s and /%s/\n%s" % (rc, status, regex, tail(text)))
    return text


class Raw:
    """A client of our own."""

    def __init__(self, number):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.path = os.path.join(home, "raw%d" % number)
        self.sock.bind(self.path)
        self.sock.settimeout(TIMEOUT)

    def send(self, data):
        self.sock.sendto(data, os.path.join(udir, "m", "mconsole"))

    def ask(self, text, magic=MAGIC, version=2, length=None):
        text = text.encode()
        self.send(struct.pack("<III", magic, version, len(text) if length is None else length) + text.ljust(512, b"\0"))
        return self.answer()

    def answer(self):
        out, more = b"", 1
        while more:
            data = self.sock.recv(4096)
            err, more, n = struct.unpack("<iiI", data[:12])
            out += data[12:11 + n]
        return err, out.decode(errors="replace")

    def close(self):
        self.sock.close()
        os.unlink(self.path)


def start(*words, **kw):
    return boot("umid=m", "uml_dir=" + udir, *words, **kw)


def path():
    return os.path.join(udir, "m", "mconsole")


# ------------------------------------------------------------------ all commands

def commands():
    with start("ubd0=" + disk) as g:
        tap.equal(stat.S_IMODE(os.stat(path()).st_mode), 0o600, "only the user can write to the socket")
        for client in (OURS, THEIRS):
            if not os.access(client, os.X_OK):
                tap.skip("no uml_mconsole of Debian's (uml-utilities)", "Debian's client")
                continue
            bad = 1 if client == OURS else "some"
            same = dict(client=client)
            answered(r"^OK Linux umtest 6\.12\S+ #\d+ .* x86_64$", "version", **same)
            answered(r"^OK .*\n(?s:.*)    stack <pid> - ", "help", **same)
            answered(r"^OK", "config", "ubd3c=" + disk, **same)
            tap.match(g.run("cat /proc/partitions")[1], r" ubdd$", "which the guest has then")
            answered(r"^OK %s$" % disk, "config", "ubd3", **same)
            answered(r"^ERR .*the unit was given before", "config", "ubd3=" + disk, status=bad, **same)
            g.run("exec 3< /dev/ubdd")
            answered(r"^ERR ubd3: in use in the guest$", "remove", "ubd3", status=bad, **same)
            g.run("exec 3<&-")
            answered(r"^OK", "remove", "ubd3", **same)
            tap.no_match(g.run("cat /proc/partitions")[1], r" ubdd$", "which the guest has no more")
            answered(r"^ERR ubd3: there is no such disk", "remove", "ubd3", status=bad, **same)
            answered(r"^ERR .*No such file", "config", "ubd3=%s/nothing" % home, status=bad, **same)
            answered(r"^OK fd:0,fd:1$", "config", "con0", **same)
            answered(r"^OK \d+K$", "config", "mem", **same)
            answered(r"^ERR .*no such device", "config", "lp0", status=bad, **same)
            answered(r"^OK sysrq: Show Memory(?s:.*)Mem-Info:\n(?s:.*)^\d+ pages RAM", "sysrq", "m", **same)
            answered(r"^OK sysrq: Show State(?s:.*)^task:init .*\n", "sysrq", "t", **same)
            answered(r"^OK sysrq: HELP", "sysrq", **same)
            answered(r"^OK task:\S+ .*pid:1 (?s:.*)^ do_wait\+", "stack", "1", **same)
            answered(r"^ERR stack: 99999: there is no such process", "stack", "99999", status=bad, **same)
            answered(r"^ERR stack: x: no process id", "stack", "x", status=bad, **same)
            answered(r"^OK MemTotal: (?s:.*)^MemFree: ", "proc", "meminfo", **same)
            answered(r"^OK Name:\tmconsole$|^Name:", "proc", "self/status", **same)
            answered(r"^ERR proc: 1/cmdline: only a process can read it", "proc", "1/cmdline", status=bad, **same)
            answered(r"^ERR proc: nothing: No such file", "proc", "nothing", status=bad, **same)
            answered(r"^ERR proc: 1: Is a directory", "proc", "1", status=bad, **same)
            answered(r"^ERR proc: 1/root/etc/passwd: leads out of /proc", "proc", "1/root/etc/passwd", status=bad, **same)
            answered(r"^OK", "log", "said by a client", **same)
            tap.match(g.run("dmesg -c")[1], r"\] said by a client$", "which is in the log")
            answered(r"^ERR .*not stopped", "go", status=bad, **same)
            answered(r"^OK stopped$", "stop", **same)
            answered(r"^OK Linux umtest ", "version", **same)
            answered(r"^ERR .*the guest is stopped", "sysrq", "m", status=bad, **same)
            answered(r"^OK goes on$", "go", **same)
            tap.equal(g.run("echo here")[1].strip(), "here", "it goes on")
        clocks(g)
        cycles(g)
        g.run("echo 1 > /proc/sys/kernel/ctrl-alt-del")
        answered(r"^OK", "halt")
        tap.equal(g.wait(), 0, "halt ends it")
        tap.equal(os.listdir(udir), [], "nothing is left of it")
    rc, text = ask("version")
    tap.equal((rc, text.count("\n")), (2, 1), "then nobody answers")
    for command in ("reboot", "cad"):
        with start("noreboot") as g:
            g.run("echo 1 > /proc/sys/kernel/ctrl-alt-del")
            # Of cad nobody may be left to answer.
            rc, text = ask(command)
            tap.ok(g.wait() is not None, "%s: starts anew, or ends with noreboot" % command)


def clocks(g):
    """What stands still and what goes on behind stop and go."""
    def now():
        return int(re.search(r"^now at (\d+) nsecs", g.run("cat /proc/timer_list")[1], re.M).group(1)) / 1e9

    begin, first = time.monotonic(), now()
    ask("stop")
    time.sleep(2)
    ask("go")
    last, end = now(), time.monotonic()
    tap.ok(last - first <= end - begin - 2 + 0.05, "the guest's monotonic clock has stood still")
    tap.ok(last >= first, "and not gone back")
    ahead = int(g.run("date +%s")[1]) - time.time()
    tap.ok(abs(ahead) < 30, "its time of day is the host's")
    tap.no_match(g.run("dmesg")[1], "stall|lockup|BUG|WARNING", "its log has no complaint")


def cycles(g):
    """Disks that come and go leave nothing behind."""
    number = 1000 if SOAK else 60
    raw = Raw(0)
    bad, before = 0, len(os.listdir("/proc/%d/fd" % g.pid))
    for i in range(number):
        bad += raw.ask("config ubd5c=" + disk)[0] != 0
        # Who looked for partitions may still have it open.
        while True:
            err, text = raw.ask("remove ubd5")
            if "in use" not in text:
                break
        bad += err != 0
    tap.equal(bad, 0, "%d disks came and went" % number)
    tap.equal(len(os.listdir("/proc/%d/fd" % g.pid)), before, "no descriptor is left of them")
    raw.close()


# ------------------------------------------------------------------- odd clients

def odd():
    with start() as g:
        raw = Raw(1)
        tap.equal(raw.ask("version")[0], 0, "a client with a socket of its own")
        err, text = raw.ask("halt", version=1)
        tap.ok(err and "another version" in text, "another version of the protocol is refused, and not done")
        err, text = raw.ask("halt", magic=1)
        tap.ok(err and "magic number" in text, "so is another magic number")
        err, text = raw.ask("halt", length=600)
        tap.ok(err and "too long" in text, "and a length that cannot be")
        err, text = raw.ask("haltx")
        tap.ok(err and "no such command" in text, "a name is more than its front")
        err, text = raw.ask("halt now")
        tap.ok(err and "takes no arguments" in text, "halt takes no arguments")
        count = 20000 if SOAK else 1500
        for i in range(count):
            kind = rng.randrange(4)
            data = rng.randbytes(rng.choice((0, 3, 4, 11, 12, 13, 100, 523, 524, 525, 4000)))
            if kind:
                data = struct.pack("<III", MAGIC, 2, rng.choice((0, 1, 5, 511, 512, 2 ** 31, 2 ** 32 - 1, len(data)))) + data
            if kind == 2:
                word = rng.choice(("config ", "remove ", "sysrq 9", "stack ", "proc ", "log ", "help", "version"))
                data = struct.pack("<III", MAGIC, 2, 511) + (word.encode() + bytes(rng.choice(b"ubdconslethm0123456789=,:/. ")
                                                             for _ in range(rng.randrange(40)))).ljust(511, b"\0")
            raw.send(data)
            raw.answer()
        tap.equal(raw.ask("version")[0], 0, "%d datagrams of any kind: it answers" % count)
        raw.close()
        # More than there may be that wait, if they were not told apart.
        deaf = [Raw(n) for n in range(2, 12)]
        for n in range(40):
            for c in deaf[:4]:
                c.sock.setblocking(False)
                try:
                    c.send(struct.pack("<III", MAGIC, 2, 7) + b"sysrq t".ljust(512, b"\0"))
                except BlockingIOError:
                    pass
        raw = Raw(1)
        tap.equal(raw.ask("version")[0], 0, "clients that read nothing are in nobody's way")
        raw.close()
        tap.ok(eventually(lambda: "does not take its answer" in g.run("dmesg")[1], 60), "the log tells of them")
        for c in deaf:
            c.close()
        # One without an address cannot be answered, and is not heard.
        nobody = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        nobody.sendto(struct.pack("<III", MAGIC, 2, 4) + b"halt".ljust(512, b"\0"), path())
        nobody.close()
        tap.equal(g.run("echo here")[1].strip(), "here", "who has no address is not heard")
        g.run("for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done")
        answered(r"^OK Linux", "version")
        answered(r"^OK sysrq: Show State", "sysrq", "t")
        g.kill()
        g.wait()
    with start() as g:
        answered(r"^OK Linux", "version")
        tap.equal(g.poweroff(), 0, "one that was killed leaves the way free for the next")


# ----------------------------------------------------------------- notifications

def notifications():
    where = os.path.join(home, "events")
    events = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    events.bind(where)
    events.settimeout(TIMEOUT)

    def event():
        data = events.recv(4096)
        magic, version, kind, n = struct.unpack("<IIiI", data[:16])
        return (magic, version, kind, data[16:16 + n].decode())

    with start("mconsole=notify:" + where, "panic=-1", "noreboot") as g:
        tap.equal(event(), (MAGIC, 2, 0, path() + "\0"), "it tells when the console is there")
        g.run("echo hello > /proc/mconsole")
        tap.equal(event(), (MAGIC, 2, 3, "hello\n"), "what is written to /proc/mconsole")
        g.run("head -c 2000 /dev/zero | tr '\\0' x > /proc/mconsole")
        tap.equal(event(), (MAGIC, 2, 3, "x" * 512), "of more than 512 bytes the first")
        status, out = g.run("ls -l /proc/mconsole")
        tap.match(out, r"^--w-------", "which is root's")
        g.send("echo c > /proc/sysrq-trigger")
        tap.equal(event(), (MAGIC, 2, 1, "sysrq triggered crash\0"), "and a panic")
        g.wait()
    events.close()
    os.unlink(where)
    with start("mconsole=notify:" + where) as g:
        tap.match(g.run("dmesg")[1], r"mconsole: notify:%s: No such file" % where, "where nobody listens the log says so")
        tap.ok(g.run("echo hello > /proc/mconsole")[0], "and who writes is told")
        tap.equal(g.poweroff(), 0, "power-off")
    with start() as g:
        status, out = g.run("echo hello > /proc/mconsole")
        tap.ok(status, "without mconsole= writing fails")
        tap.equal(g.poweroff(), 0, "power-off")


for function in (commands, odd, notifications):
    function()
no_leftovers()
tap.done()
