#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# The management console: all commands by our client and by Debian's, what it refuses,
# clients that do not read, guests that only spin, commands in the guest, notifications.
# umtest: waits
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

    def request(self, text, magic=MAGIC, version=2, length=None):
        text = text.encode()
        self.send(struct.pack("<III", magic, version, len(text) if length is None else length) + text.ljust(512, b"\0"))

    def ask(self, text, **kw):
        self.request(text, **kw)
        return self.answer()

    def answer(self):
        out, more = bytearray(), 1
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
            answered(r"\AOK ubd0=%s\ncon0=fd:0,fd:1\n(?s:.*)^mem=\d+K\s*\Z" % disk, "config", "?", **same)
            answered(r"\AOK ubd0=%s\ncon0=fd:0,fd:1\n(?s:.*)^mem=\d+K\s*\Z" % disk, "config", **same)
            answered(r"\AOK ubd0=%s\s*\Z" % disk, "config", "ubd", **same)
            answered(r"\AOK con0=fd:0,fd:1\n(con\d+=.*\n)*\s*\Z", "config", "con", **same)
            answered(r"^OK sysrq: Show Memory(?s:.*)Mem-Info:\n(?s:.*)^\d+ pages RAM", "sysrq", "m", **same)
            answered(r"^OK sysrq: Show State(?s:.*)^task:init .*\n", "sysrq", "t", **same)
            answered(r"^OK sysrq: HELP", "sysrq", **same)
            answered(r"^OK task:\S+ .*pid:1 (?s:.*)^ do_wait\+", "stack", "1", **same)
            answered(r"^ERR stack: 99999: there is no such process", "stack", "99999", status=bad, **same)
            answered(r"^ERR stack: x: no process id", "stack", "x", status=bad, **same)
            answered(r"^OK MemTotal: (?s:.*)^MemFree: ", "proc", "meminfo", **same)
            answered(r"^OK Name:\tmconsole$|^Name:", "proc", "self/status", **same)
            answered(r"^OK MemTotal: (?s:.*)^HostMemory: +\d+ kB$", "meminfo", **same)
            answered(r"^OK +PID +PPID S +UID +TIME +RSS COMMAND\n +1 +0 [RS] +0 00:\d\d:\d\d +\d+ init$", "ps", **same)
            answered(r"^ERR ps: takes no arguments", "ps", "aux", status=bad, **same)
            answered(r"^OK a b$", "exec", "echo", "a", "b", **same)
            answered(r"^ERR out\nerr$", "exec", "echo out; echo err >&2; exit 7", status=7 if client == OURS else "some", **same)
            answered(r"^ERR exec: an argument is missing", "exec", status=bad, **same)
            answered(r"^ERR proc: 1/cmdline: only a process can read it", "proc", "1/cmdline", status=bad, **same)
            answered(r"^ERR proc: nothing: No such file", "proc", "nothing", status=bad, **same)
            answered(r"^ERR proc: 1: Is a directory", "proc", "1", status=bad, **same)
            answered(r"^ERR proc: 1/root/etc/passwd: leads out of /proc", "proc", "1/root/etc/passwd", status=bad, **same)
            answered(r"^OK", "log", "said by a client", **same)
            answered(r"\AOK \[ *\d+\.\d+\] said by a client\s*\Z", "dmesg", "1", **same)
            answered(r"\AOK (\[.*\n){5}\s*\Z", "dmesg", "5", **same)
            for word in ("0", "x", "1x", "99999999999"):
                answered(r"^ERR dmesg: %s: no number of lines$" % word, "dmesg", word, status=bad, **same)
            tap.match(g.run("dmesg -c")[1], r"\] said by a client$", "which is in the log")
            answered(r"^ERR .*not stopped", "go", status=bad, **same)
            answered(r"^OK stopped$", "stop", **same)
            answered(r"^OK Linux umtest ", "version", **same)
            answered(r"^ERR .*the guest is stopped", "sysrq", "m", status=bad, **same)
            answered(r"^OK goes on$", "go", **same)
            tap.equal(g.run("echo here")[1].strip(), "here", "it goes on")
        clocks(g)
        cycles(g)
        memory(g)
        g.run("echo 1 > /proc/sys/kernel/ctrl-alt-del")
        raw = Raw(0)
        raw.request("exec sleep 1000")
        tap.ok(listed("sleep"), "a command runs")
        answered(r"^OK", "halt")
        tap.equal(g.wait(), 0, "halt ends it, and does not wait for the command")
        raw.close()
        tap.equal(os.listdir(udir), [], "nothing is left of it")
    rc, text = ask("version")
    tap.equal((rc, text.count("\n")), (2, 1), "then nobody answers")
    for command in ("reboot", "cad", "exec reboot -f"):
        with start("noreboot") as g:
            g.run("echo 1 > /proc/sys/kernel/ctrl-alt-del")
            # Of cad nobody may be left to answer.
            rc, text = ask(command)
            tap.ok(g.wait() is not None, "%s: starts anew, or ends with noreboot" % command)


def memory(g):
    """A guest that becomes smaller, and larger again."""
    def total():
        return int(re.search(r"^MemTotal: +(\d+) kB", g.run("cat /proc/meminfo")[1]).group(1))
    all_of_it, size = total(), int(ask("config mem")[1].split()[-1][:-1])
    answered(r"^OK", "config", "mem=-64M")
    tap.equal(total(), all_of_it - 65536, "64 MiB less, for the guest")
    answered(r"^OK %dK$" % (size - 65536), "config", "mem")
    answered(r"^OK", "config", "mem=%dK" % (size - 100000))
    tap.equal(total(), all_of_it - 100000, "a size of any number of pages")
    answered(r"^ERR mem: .*are more than the %dK that it was started with$" % size, "config", "mem=+1G", status=1)
    answered(r"^ERR mem: .*are too few: the guest needs more, and has %dK as before$" % (size - 100000), "config", "mem=4K",
             status=1)
    tap.equal(total(), all_of_it - 100000, "a refusal changes nothing")
    for value in ("x", "+", "-x", "0", "1Q"):
        answered(r"^ERR mem=%s: a size is meant" % re.escape(value), "config", "mem=" + value, status=1)
    answered(r"^ERR ", "remove", "mem", status=1)
    answered(r"^OK", "config", "mem=+20M")
    tap.equal(total(), all_of_it - 100000 + 20480, "some of it back")
    answered(r"^OK", "config", "mem=%dK" % size)
    tap.equal(total(), all_of_it, "all of it back")
    status, out = g.run("dd if=/dev/zero of=/tmp/fill bs=1M count=100 && md5sum /tmp/fill && rm /tmp/fill")
    tap.ok(not status and "2f282b84e7e608d5852449ed940bfc51" in out, "which can be used")


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
    """Disks and memory that come and go leave nothing behind."""
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
    size, bad = raw.ask("config mem")[1], []
    for i in range(number):
        bad += [text for err, text in (raw.ask("config mem=-16M"), raw.ask("config mem=+16M")) if err]
    tap.equal(bad[:3], [], "%d times some memory was taken and given back" % number)
    tap.equal(raw.ask("config mem")[1], size, "and there is as much as before")
    raw.close()


def processes():
    """What ps says: {pid: (ppid, state, uid, seconds, rss, name)}."""
    found = {}
    for row in ask("ps")[1].splitlines()[1:]:
        pid, ppid, state, uid, cpu, rss, name = row.split(None, 6)
        hours, minutes, seconds = map(int, cpu.split(":"))
        found[int(pid)] = (int(ppid), state, int(uid), hours * 3600 + minutes * 60 + seconds, int(rss), name)
    return found


def listed(name):
    """Wait for a process of that name; its pid."""
    return eventually(lambda: [pid for pid, row in processes().items() if row[5] == name])


# ------------------------------------------------------------- commands in the guest

def execs():
    with start() as g:
        raw, other = Raw(0), Raw(1)

        def said(name, command, want, status=0):
            err, text = raw.ask("exec " + command)
            if not tap.ok(err == status and re.search(want, text), "exec: " + name):
                tap.diag("err %d, want %d and /%s/\n%s" % (err, status, want, tail(text)))
            return text

        said("it is root, and has an environment", "id -u; echo $HOME $TERM; echo $PATH",
             r"\A0\n/ dumb\n(/\S+:)*/usr/bin(:/\S+)*\n\Z")
        said("nothing on standard input", "cat; readlink /proc/self/fd/0", r"\A/dev/null\n\Z")
        said("no other descriptor", "ls /proc/self/fd | sort -n | tail -n 1", r"\A3\n\Z")
        said("both outputs in their order", "echo 1; echo 2 >&2; echo 3", r"\A1\n2\n3\n\Z")
        said("several lines are a command", "cat <<X\na\nb\nX", r"\Aa\nb\n\Z")
        said("nothing said", "true", r"\A\Z")
        said("NULs are blanks", "printf 'a\\0b'", r"\Aa b\Z")
        for number in (1, 2, 127, 128, 255):
            said("status %d" % number, "exit %d" % number, r"\A\Z", number)
        said("of a command that is not there", "nothing-so-named", "not found", 127)
        said("of one that a signal ends", "kill -9 $$", r"\A\Z", 137)
        said("or another one, after a line", "echo a; kill -TERM $$", r"\Aa\n\Z", 143)
        said("a session of its own, so that init lives on", "kill -9 0", r"", 137)
        said("what 511 bytes have", ": " + "x" * 504, r"\A\Z")
        begin = time.monotonic()
        said("it says no more, and goes on", "exec >&- 2>&-; sleep 2; exit 4", r"\A\Z", 4)
        tap.ok(time.monotonic() - begin >= 1.9, "which the answer waits for")

        # ---- what stays behind
        said("one that stays behind with the pipe is not waited for", "sleep 888 & echo started", r"\Astarted\n\Z")
        tap.equal(len(listed("sleep") or []), 1, "it runs on")
        raw.ask("exec killall sleep")
        said("one that stays behind, and says more and more", "yes & echo started; exit 3", "started", 3)
        tap.ok(eventually(lambda: "yes" not in [row[5] for row in processes().values()]), "it ends with the pipe")
        said("one that stays behind without the pipe", "sleep 887 >/dev/null 2>&1 & exit 5", r"\A\Z", 5)
        raw.ask("exec killall sleep")

        # ---- much
        text = said("100,000 bytes", "head -c 100000 /dev/zero | tr '\\0' x", r"\Ax{100000}\Z")
        text = said("more than an answer has", "head -c 5000000 /dev/zero | tr '\\0' z",
                    r"\n\[cut: \d+ bytes more do not fit\]\n\Z")
        m = re.search(r"\n\[cut: (\d+) ", text)
        good = m and m.start() + int(m.group(1)) == 5000000 and text.count("z") == m.start()
        if not tap.ok(good, "it tells how much more"):
            tap.diag("%d bytes, %d of them z; %r" % (len(text), text.count("z"), text[-80:]))
        tap.ok(len(text) <= 4 << 20, "that is 4 MiB")

        # ---- several
        g.run("mkfifo /tmp/fifo")
        raw.request("exec read x < /tmp/fifo; echo $x")
        tap.equal(other.ask("version")[0], 0, "while one runs others are answered")
        tap.equal(other.ask("exec echo go > /tmp/fifo"), (0, ""), "and another one runs")
        tap.equal(raw.answer(), (0, "go\n"), "which ends the first")
        crowd = [Raw(n) for n in range(2, 22)]
        for c in crowd:
            c.request("exec while [ ! -e /tmp/go ]; do sleep 1; done; echo done")
        for c in crowd[16:]:
            err, text = c.answer()
            tap.equal((err, text), (-16, "exec: 16 commands run already, and no more can"), "of 20 at once 16 run")
        g.run("touch /tmp/go")
        tap.equal([c.answer() for c in crowd[:16]], [(0, "done\n")] * 16, "these all end")
        for c in crowd:
            c.close()
        said("then there is room", "echo here", r"\Ahere\n\Z")
        gone = Raw(2)
        gone.request("exec sleep 1; echo here; echo there > /tmp/gone")
        gone.close()
        tap.ok(eventually(lambda: g.run("cat /tmp/gone")[1].strip() == "there"), "a client goes away: the command does not")
        tap.equal(other.ask("version")[0], 0, "and the console answers")

        # ---- what it takes
        for name in ("/bin/sh", "/dev/null"):
            g.run("mv %s %s.away" % (name, name))
            said("without " + name, "true", r"\Aexec: %s: No such file or directory\Z" % name, -2)
            g.run("mv %s.away %s" % (name, name))
        number = 2000 if SOAK else 100
        bad = 0
        for i in range(number):
            bad += raw.ask("exec echo %d; exit %d" % (i, i % 256)) != (i % 256, "%d\n" % i)
        tap.equal(bad, 0, "%d in turn" % number)
        tap.ok(eventually(lambda: "Z" not in [row[1] for row in processes().values()]), "no process is left of them")
        tap.no_match(ask("ps")[1], " sh$", "nor a shell")
        tap.no_match(g.run("dmesg")[1], "stall|lockup|BUG|WARNING", "the log has no complaint")
        raw.close()
        other.close()
        tap.equal(g.poweroff(), 0, "power-off")


# ------------------------------------------------------------- looking at the guest

def looks():
    with start() as g:
        pid = int(g.run("sleep 777 & echo $!")[1].split()[-1])
        user = int(g.run("su user -c 'sleep 776 & echo $!'")[1].split()[-1])
        g.run("sh -c 'printf \"x\\ny\" > /proc/$$/comm; while :; do sleep 1000; done' &")
        # They are what they are to be, and sleep, a moment later.
        def settled():
            ps = processes()
            rows = [ps.get(p, (0, "", 0)) for p in (pid, user)]
            return rows[1][2] == 1000 and [row[1] for row in rows] == ["S", "S"] and "x?y" in [row[5] for row in ps.values()]
        eventually(settled)
        ps = processes()
        for p in (1, pid, user):
            status = dict(re.findall(r"^(\w+):\t(.*)$", g.run("cat /proc/%d/status" % p)[1], re.M))
            want = (int(status["PPid"]), status["State"][0], int(status["Uid"].split()[1]), status["Name"])
            row = ps.get(p, (None,) * 6)
            tap.equal((row[0], row[1], row[2], row[5]), want, "ps knows process %d (%s)" % (p, status["Name"]))
            rss = int(status["VmRSS"].split()[0])
            tap.ok(row[4] and abs(row[4] - rss) <= max(rss, 256), "and its memory")
        tap.equal(ps[user][2], 1000, "one is a user's")
        tap.ok("x?y" in [row[5] for row in ps.values()], "a name cannot be a line of its own")
        tap.equal([row[4] for row in ps.values() if row[5] == "[kthreadd]"], [0], "threads of the kernel are in brackets")
        ids = [int(p) for p in re.findall(r"/proc/(\d+)", g.run("ls -d /proc/[0-9]*")[1])]
        tap.ok(len(set(ids) ^ set(ps)) < 8, "and no process is missing")

        inside = g.run("dmesg")[1].split()
        tap.equal(ask("dmesg")[1].split()[1:], inside, "dmesg is what the guest has")
        lines = ask("dmesg")[1][3:].splitlines()
        tap.equal(ask("dmesg", "7")[1][3:].splitlines(), lines[-7:], "or its last lines")
        tap.equal(ask("dmesg", "1000000")[1][3:].splitlines(), lines, "or all of them")
        g.run("dmesg -c")
        answered(r"\AOK \n?\Z", "dmesg")

        def held():
            return int(re.search(r"^HostMemory: +(\d+) kB$", ask("meminfo")[1], re.M).group(1))

        before = held()
        tap.ok(0 < before < 256 << 10, "the host holds some of the guest's memory")
        g.run("head -c 100000000 /dev/zero > /tmp/much")
        tap.ok(held() >= 97656, "and more when the guest has used it")
        tap.equal(g.poweroff(), 0, "power-off")


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
                word = rng.choice(("config ", "remove ", "sysrq 9", "stack ", "proc ", "log ", "help", "version", "ps", "meminfo",
                                   "dmesg ", "config", "exec : "))
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
        # The log's messages may come between.
        tap.match(g.run("echo here")[1], r"^here$", "who has no address is not heard")
        g.run("for i in 1 2 3 4 5 6 7 8; do (while :; do :; done) & done")
        answered(r"^OK Linux", "version")
        answered(r"^OK sysrq: Show State", "sysrq", "t")
        spins = eventually(lambda: [r for r in processes().values() if r[1] == "R" and r[3] and r[5][0] != "["])
        tap.ok(spins, "ps tells which process has used a second")
        tap.equal(len([r for r in processes().values() if r[1] == "R" and r[5][0] != "["]), 8, "and that eight spin")
        answered(r"^OK here$", "exec", "echo here")
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


for function in (commands, execs, looks, odd, notifications):
    function()
no_leftovers()
tap.done()
