#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# uml_mconsole: the protocol, what it makes of answers that are late, cut, forged or never
# come, finding guests, a terminal; and Debian's kernel as a guest.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

import json
import shutil
import socket
from mconsole import *
from peer import lacks_peer, patiently, peer

d = tmpdir()
home = os.path.join(d, "home")
uml = os.path.join(home, ".uml")
os.makedirs(uml)
# Nothing of what is done here is seen, or left, in the user's own directory.
os.environ["HOME"] = home
os.environ.pop("UML_DIR", None)
host_tool("uml_mconsole")
host_tool("uml_mconsole", True)
# Paths of sockets are short, and the build may be anywhere.
os.chdir(d)


# With the sanitizers it takes longer: for what reads datagrams and commands.
sanitize = False


def said(name, status, regex, *args, out="", **kw):
    """It prints out, and one line that matches on standard error."""
    rc, stdout, stderr = run(*args, sanitize=sanitize, **kw)
    good = rc == status and stdout == out and re.search(regex, stderr) and \
        stderr.count("\n") == 1 and stderr.startswith("uml_mconsole: ")
    if not tap.ok(good, "%s: %s" % (name, stderr.strip().split("\n")[0][14:] or "nothing said")):
        tap.diag("status %s, want %s and /%s/\n%s%s" % (rc, status, regex, stdout, stderr))


def printed(name, want, *args, status=0, **kw):
    """It prints this, and nothing on standard error."""
    tap.equal(run(*args, sanitize=sanitize, **kw), (status, want, ""), name)


# ------------------------------------------------------------- the command line

rc, text, _ = run("--help")
tap.ok(rc == 0 and all(w in text for w in ("--dir", "--json", "--list", "--timeout", "--listen",
                                           "--count", "--version")), "--help tells of all options")
rc, text, _ = run("--version")
tap.match(text, r"^uml_mconsole \S+, protocol 2$", "--version")
said("an unknown option", 2, "--bogus", "--bogus")
said("an unknown letter", 2, "-x", "-x")
said("-t without a value", 2, "-t.*missing", "-t")
for value in ("soon", "-1", "1x", "nan", "1e9", ""):
    said("a timeout that is none", 2, "--timeout", "-t", value, "x", "version")
for value in ("none", "0", "-1"):
    said("a count that is none", 2, "--count", "--listen", "s", "--count", value)
said("--count alone", 2, "--listen", "--count", "1")
said("two modes", 2, "--list", "--list", "--listen", "s")
said("a word behind --list", 2, "word", "--list", "word")
said("a word behind --listen", 2, "word", "--listen", "s", "word")

# ---------------------------------------------------------- requests and answers

sanitize = True
late = {}


def foreign(guest, command, address):
    guest.errors.append(guest.send_from_elsewhere(address, reply("forged")))
    return [reply("true")]


def too_late(guest, command, address):
    late["address"] = address


def next_one(guest, command, address):
    try:
        guest.sock.sendto(reply("answer to the last one"), late["address"])
        guest.errors.append(None)
    except OSError as e:
        guest.errors.append(e)
    return [reply("answer to this one")]


def slow(guest, command, address):
    yield reply("one ", more=1)
    time.sleep(0.3)
    yield reply("two ", more=1)
    time.sleep(0.3)
    yield reply("three")


def execs(guest, command, address):
    m = re.search(r" exit (-?\d+)$", command)
    if "silent" in command:
        return None
    if "slow" in command:
        time.sleep(32)
    return [reply("said", err=int(m.group(1)))] if m else [reply("you said " + command)]


answers = {
    "fails": lambda *a: [reply("no such thing", err=-22)],
    "exec": execs,
    "executes": execs,
    "fails1": lambda *a: [reply("no such thing", err=1)],
    "parts": lambda *a: [reply("one ", more=1), reply("two\n", more=1), reply("", more=7), reply("three")],
    "part-fails": lambda *a: [reply("one ", more=1), reply("and an error", err=-5)],
    "empty": lambda *a: [reply("")],
    "lines": lambda *a: [reply("a\nb\n")],
    "no-nul": lambda *a: [reply("text", length=4)[:16]],
    "nothing": lambda *a: [struct.pack("<iiI", 0, 0, 0)],
    "nul": lambda *a: [reply(b"a\0b\0")],
    "latin": lambda *a: [reply(b"\xe4 \xc3\xa4 \"\\ \x1b[31m")],
    "behind": lambda *a: [reply("text", length=5) + b"more"],
    "long": lambda *a: [reply("x" * 60000)],
    "many": lambda *a: [reply("%03d\n" % n, more=n < 999) for n in range(1000)],
    "short": lambda *a: [b"\0" * 11],
    "none": lambda *a: [b""],
    "cut": lambda *a: [reply("text", length=6)],
    "cut-part": lambda *a: [reply("one", err=-1, more=1), reply("text", length=1 << 31)],
    "silent": lambda *a: None,
    "half": lambda *a: [reply("one ", more=1)],
    "slow": slow,
    "foreign": foreign,
    "late": too_late,
    "next": next_one,
    "die": lambda guest, *a: guest.sock.close(),
}

with FakeGuest(os.path.join(uml, "f"), answers) as f:
    printed("a command", "OK you said version\n", "f", "version")
    datagram = f.requests[-1]
    tap.equal((len(datagram), datagram[:12], datagram[12:]),
              (524, struct.pack("<III", MAGIC, 2, 7), b"version".ljust(512, b"\0")),
              "is a datagram of 524 bytes, as others send it")
    printed("words are put together", "OK you said config con1=pty\n", "f", "config", "con1=pty")
    printed("blanks around a command go", "OK you said proc  meminfo\n", "f", "  proc  meminfo \n")
    printed("options end at the name", "OK you said sysrq -j\n", "f", "sysrq", "-j")
    printed("an error is one in the status", "ERR no such thing\n", "f", "fails", status=1)
    printed("whatever its number is", "ERR no such thing\n", "f", "fails1", status=1)
    printed("parts are put together", "OK one two\nthree\n", "f", "parts")
    printed("slow ones too", "OK one two three\n", "f", "slow")
    printed("an error in the last one counts", "ERR one and an error\n", "f", "part-fails", status=1)
    printed("an empty answer", "OK \n", "f", "empty")
    printed("an answer with the end of its line", "OK a\nb\n", "f", "lines")
    printed("one without a NUL", "OK text\n", "f", "no-nul")
    printed("one without anything", "OK \n", "f", "nothing")
    printed("one with NULs", "OK a b \n", "f", "nul")
    printed("what is behind its end is not printed", "OK text\n", "f", "behind")
    printed("60,000 bytes at once", "OK %s\n" % ("x" * 60000), "f", "long")
    printed("1000 parts", "OK %s" % "".join("%03d\n" % n for n in range(1000)), "f", "many")
    said("a short answer", 1, "understood: shorter", "f", "short")
    said("an empty datagram", 1, "understood: shorter", "f", "none")
    said("one that is cut off", 1, "understood: cut off", "f", "cut")
    said("a part that is cut off", 1, "understood: cut off", "f", "cut-part")
    tap.equal(f.errors, [], "and the client took them all")

    printed("JSON", '{"err": -22, "text": "no such thing"}\n', "--json", "f", "fails", status=1)
    rc, text, _ = run("-j", "f", "latin")
    tap.equal(json.loads(text), {"err": 0, "text": "\udce4 \u00e4 \"\\ \x1b[31m"}, "JSON of any bytes")

    # ---- exec, whose status is that of the command
    printed("exec", "OK you said exec echo a b | wc\n", "f", "exec", "echo", "a b", "|", "wc")
    printed("that succeeds", "OK said\n", "f", "exec", "exit 0")
    for number in (1, 2, 3, 7, 137, 255):
        printed("the status is the command's, %d" % number, "ERR said\n", "f", "exec", "exit %d" % number, status=number)
    printed("an error of the guest's is 1", "ERR said\n", "f", "exec", "exit -16", status=1)
    printed("so is what is no status", "ERR said\n", "f", "exec", "exit 256", status=1)
    printed("exec as JSON", '{"err": 7, "text": "said"}\n', "-j", "f", "exec", "exit 7", status=7)
    printed("of other commands it is 1", "ERR said\n", "f", "executes", "exit 7", status=1)
    tap.equal(run("f", input=b"version\nexec exit 7\n")[0], 7, "exec from a pipe")
    said("exec of more than a request has", 2, "at most 511 bytes, and this one has 512", "f", "exec", "x" * 507)
    said("exec with a timeout", 3, "no answer within 0.2 s", "-t", "0.2", "f", "exec", "silent")
    if SOAK:
        printed("without one it may take its time", "OK you said exec slow\n", "f", "exec", "slow")

    said("a guest that says nothing", 3, "f: no answer within 0.2 s", "-t", "0.2", "f", "silent")
    said("one that says half of it", 3, "no answer within", "-t", "0.2", "f", "half")
    said("an answer that has time", 2, "empty", "-t", "0", "f", "")
    printed("an answer from another process", "OK true\n", "f", "foreign")
    tap.ok(isinstance(f.errors.pop(), PermissionError), "which the host refuses")
    rc, text, err = run("-t", "0.2", "f", input=b"late\nnext\n")
    tap.equal((rc, text), (0, "OK answer to this one\n"), "an answer that is late is not the next one's")
    tap.ok(isinstance(f.errors.pop(), ConnectionRefusedError), "nobody is there for it")

    longest = "proc " + "x" * 506
    printed("511 bytes", "OK you said %s\n" % longest, "f", longest)
    said("512 bytes", 2, "at most 511 bytes, and this one has 512", "f", longest + "x")
    said("an empty command", 2, "empty", "f", "")
    said("blanks", 2, "empty", "f", " ", "\t")

    # ---- the client's own commands
    rc, text, err = run("f", "help")
    tap.ok(rc == 0 and text.startswith("OK you said help\n") and err == "", "help asks the guest")
    for word in ("quit", "switch <umid>", "log -f <file>", "int", "mconsole-version"):
        tap.ok("\n    %s - " % word in text, "and tells of %s" % word)
    printed("mconsole-version", "uml_mconsole client version 2\n", "f", "mconsole-version")
    printed("as JSON", '{"err": 0, "text": "uml_mconsole client version 2"}\n', "-j", "f", "mconsole-version")
    printed("quit", "", "f", "quit")
    printed("switch", "Switched to 'f'\n", "f", "switch", "f")
    said("switch to nowhere", 2, "g: no such guest", "f", "switch", "g")
    said("switch without a name", 2, "missing", "f", "switch")
    printed("only the whole word is one", "OK you said quite\n", "f", "quite")

    def logged(name, want, *args):
        del f.commands[:]
        rc, text, err = run(*args)
        tap.equal((rc, err, text.count("OK"), "".join(c[4:] for c in f.commands)),
                  (0, "", 1, want), name)
        return f.commands

    logged("log", "two  words\n", "f", "log", "two  words")
    logged("a long log", "x" * 1500 + "\n", "f", "log", "x" * 1500)
    tap.equal([len(c) for c in f.commands], [511, 511, 491], "in as many requests as it takes")
    rows = "".join("row %03d %s\n" % (n, "x" * (n % 50)) for n in range(100))
    with open("rows", "w") as file:
        file.write(rows)
    parts = logged("log -f", rows, "f", "log", "-f", "rows")
    tap.ok(len(parts) > 5 and all(c[4:7] == "row" and len(c) <= 511 for c in parts), "is cut where lines end")
    logged("log of characters", "\u00e4" * 700 + "\n", "f", "log", "\u00e4" * 700)
    tap.no_match("".join(f.commands), "[\udc80-\udcff]", "none of which is cut")
    with open("rows", "wb") as file:
        file.write(b"a\0b" + b" " * 2000)
    logged("log of NULs and blanks", "a b" + " " * 504, "f", "log", "-f", "rows")
    printed("log without a text is the guest's", "OK you said log\n", "f", "log")
    said("log -f without a file", 2, "missing", "f", "log", "-f")
    said("log -f of no file", 2, "none: No such file", "f", "log", "-f", "none")
    said("log -f of a directory", 2, "home: Is a directory", "f", "log", "-f", "home")
    said("log -f of nothing", 2, "empty", "f", "log", "-f", "/dev/null")
    sparse("large", (1 << 20) + 1)
    said("log -f of too much", 2, "1 MiB", "f", "log", "-f", "large")

    # ---- from a pipe
    rc, text, err = run("f", input=b"version\n\n  \nfails\nswitch f\nproc x")
    tap.equal((rc, text, err), (0, "OK you said version\nERR no such thing\nSwitched to 'f'\nOK you said proc x\n", ""),
              "commands from a pipe")
    tap.equal(run("f", input=b"version\nfails\nquit\nversion\n")[:2],
              (0, "OK you said version\nERR no such thing\n"), "quit ends them")
    tap.equal(run("f", input=b"version\nfails\n")[0], 1, "the last one decides")
    tap.equal(run("f", input=b""), (0, "", ""), "none")
    said("a NUL in a command", 2, "NUL", "f", input=b"ver\0sion\n")
    said("one that is too long", 2, "511", "f", input=b"x" * 5000 + b"\n")

    child = subprocess.Popen(["sleep", "100"], start_new_session=True)
    with open(f.pid_path, "w") as file:
        file.write("%d\n" % child.pid)
    printed("int", "", "f", "int")
    tap.equal(child.wait(TIMEOUT), -signal.SIGINT, "is a signal to its process")
    said("int where it is gone", 2, "No such process", "f", "int")
    for pid in ("", "x\n", "1\n", "-5\n", "4294967296\n", "99999999999999\n"):
        with open(f.pid_path, "w") as file:
            file.write(pid)
        said("int with a pid that is none", 2, "pid beside", "f", "int")
    os.unlink(f.pid_path)
    said("int without a pid", 2, "no file with its pid beside", "f", "int")

    # ---- where guests are
    sanitize = False
    printed("by the path of the socket", "OK you said version\n", f.path, "version")
    printed("or of its directory", "OK you said version\n", f.directory, "version")
    printed("by -d", "OK you said version\n", "-d", uml, "f", "version")
    printed("by UML_DIR", "OK you said version\n", "f", "version", env=dict(os.environ, HOME=d, UML_DIR=uml))
    printed("-d wins over UML_DIR", "OK you said version\n", "-d", uml, "f", "version",
            env=dict(os.environ, UML_DIR="/none"))
    printed("by its name in the current directory", "OK you said version\n", "mconsole", "version",
            cwd=f.directory)
    said("-d of another directory", 2, "f: no such guest: it is not in /none", "-d", "/none", "f", "version")
    said("a name that is not there", 2, "neither in %s nor in /tmp/uml" % uml, "nobody", "version")
    said("without HOME", 2, "not in /tmp/uml", "nobody", "version",
         env={k: v for k, v in os.environ.items() if k != "HOME"})
    for name in ("", ".", ".."):
        said("no name", 2, "'%s': not the name of a guest" % name, name, "version")
    said("a path that is not there", 2, "No such file", "./none", "version")
    said("a file", 2, "is no socket", "./rows", "version")
    os.makedirs("bare")
    said("a directory without a socket", 2, "bare/mconsole: No such file", "./bare", "version")
    with socket.socket(socket.AF_UNIX) as s:
        s.bind("stream")
        s.listen()
        said("a socket of another kind", 2, "another type", "./stream", "version")
    said("no directory to list", 2, "No such file", "-d", "none", "--list")

    deep = os.path.join(d, *["x" * 40] * 4)
    with FakeGuest(os.path.join(deep, "deep")) as g:
        printed("a path longer than that of a socket", "OK you said version\n", "-d", deep, "deep", "version")

    # ---- lists
    with FakeGuest(os.path.join(uml, "dead")) as dead:
        pass
    said("a dead guest", 2, "dead: it does not run: nobody listens on", "dead", "version")
    said("which one cannot talk to either", 2, "does not run", "dead", input=b"version\n")
    os.makedirs(os.path.join(uml, "mute"))
    with open(os.path.join(uml, "mute", "pid"), "w") as mute:
        mute.write("%d\n" % os.getpid())
        mute.flush()
        fcntl.lockf(mute, fcntl.LOCK_EX)
        said("a guest without a console", 2, "it runs, but has no management console", "mute", "version")
        with FakeGuest(os.path.join(uml, "h")) as g:
            printed("the guests that run", "f - %s\nh %d %s\nmute %d -\n" % (
                f.path, os.getpid(), g.path, os.getpid()))
            rc, text, err = run("--list", "--json")
            tap.equal([json.loads(row) for row in text.splitlines()],
                      [{"umid": "f", "pid": None, "socket": f.path},
                       {"umid": "h", "pid": os.getpid(), "socket": g.path},
                       {"umid": "mute", "pid": os.getpid(), "socket": None}], "the same as JSON")
    os.makedirs("empty")
    printed("nobody runs", "", "-d", "empty")

    # ---- a directory that everybody can write to
    made = not os.path.exists("/tmp/uml")
    name = "umtest-%d" % os.getpid()
    try:
        with FakeGuest(os.path.join("/tmp/uml", name)) as g:
            printed("in /tmp/uml", "OK you said version\n", name, "version")
            tap.ok(name in run()[1], "it is listed")
            if os.geteuid() == 0:
                os.chown(g.directory, 65534, 65534)
                said("another user's in /tmp/uml", 2, "no such guest", name, "version")
                tap.ok(name not in run()[1], "nor is that listed")
                printed("by its path it is meant", "OK you said version\n", g.path, "version")
                if made:
                    os.chown(g.directory, 0, 0)
                    os.chown("/tmp/uml", 65534, 65534)
                    said("a /tmp/uml of another user", 2, "no such guest", name, "version")
            else:
                tap.skip("not root", "another user's in /tmp/uml")
    except PermissionError:
        tap.skip("/tmp/uml is another user's", "in /tmp/uml")
    finally:
        shutil.rmtree(os.path.join("/tmp/uml", name), ignore_errors=True)
        if made and os.path.isdir("/tmp/uml") and not os.listdir("/tmp/uml"):
            os.rmdir("/tmp/uml")

    said("a guest that ends instead of answering", 2, "ended without an answer", "-t", "0", "f", "die")

with FakeGuest(os.path.join(uml, "full"), serve=False) as f:
    sockets = []
    try:
        while len(sockets) < 10000:
            s = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
            sockets.append(s)
            s.sendto(b"x", "home/.uml/full/mconsole")
    except BlockingIOError:
        pass
    said("a guest that takes no more requests", 3, "no answer within", "-t", "0.2", "full", "version")
    for s in sockets:
        s.close()

# ----------------------------------------------------------------- notifications


def listen(*args, **kw):
    """It listens on the socket s."""
    if os.path.exists("s"):
        os.unlink("s")
    p = subprocess.Popen([host_tool("uml_mconsole", True), "--listen", "s"] + list(args), stdout=subprocess.PIPE,
                         stderr=subprocess.PIPE, text=True, errors="surrogateescape", **kw)
    if not eventually(lambda: os.path.exists("s")):
        raise RuntimeError("nobody listens")
    return p


def notify(*datagrams):
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
        for datagram in datagrams:
            s.sendto(datagram, "s")


events = [notification(0, b"/home/u/.uml/x/mconsole\0"), notification(1, b"Attempted to kill init!\0"),
          notification(2, b"hangs\0"), notification(3, b"two\nlines\n"), notification(3, b"a\0b\xff"),
          notification(9, b"?\0"), notification(3, b"")]
p = listen("--count", "7")
tap.equal(stat.S_IMODE(os.stat("s").st_mode), 0o600, "only the user can send notifications")
said("a second listener", 2, "already", "--listen", "s")
notify(*events)
out, err = p.communicate(timeout=TIMEOUT)
tap.equal((p.returncode, out, err), (0, "socket /home/u/.uml/x/mconsole\npanic Attempted to kill init!\n"
                                     "hang hangs\nuser two lines\nuser a b\udcff\ntype9 ?\nuser \n", ""),
          "each notification is a line")
tap.ok(not os.path.exists("s"), "the socket is removed")
p = listen("--json", "--count", "7")
notify(*events)
out, err = p.communicate(timeout=TIMEOUT)
tap.equal([tuple(json.loads(row).values()) for row in out.splitlines()],
          [("socket", "/home/u/.uml/x/mconsole"), ("panic", "Attempted to kill init!"), ("hang", "hangs"),
           ("user", "two\nlines\n"), ("user", "a b\udcff"), ("type9", "?"), ("user", "")], "or an object")
p = listen("--count", "1")
bad = [b"", b"x" * 15, notification(3, b"x", magic=1), notification(3, b"x", version=3),
       notification(3, b"x", length=2), notification(3, b"x", length=0xffffffff)]
notify(*bad, notification(3, b"good"))
out, err = p.communicate(timeout=TIMEOUT)
tap.equal((p.returncode, out, len(re.findall(r"^uml_mconsole: --listen s: \d+ bytes are no notification: ",
                                             err, re.M))), (0, "user good\n", len(bad)),
          "what is none is told apart")
for sig in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
    p = listen()
    p.send_signal(sig)
    tap.equal((p.wait(TIMEOUT), os.path.exists("s")), (0, False), "%s ends it in order" % sig.name)
    p.communicate()
p = listen()
p.stdout.close()
notify(notification(3, b"nobody reads this"))
tap.equal((p.wait(TIMEOUT), os.path.exists("s")), (2, False), "so does the end of its reader")
p.stderr.close()
said("no notification", 3, "no notification within 0.2", "-t", "0.2", "--listen", "s")
p = listen()
p.kill()
p.communicate()
said("a socket that was left behind is replaced", 3, "within", "-t", "0.1", "--listen", "s")
said("a path that is too long", 2, "107", "--listen", "x" * 108)
said("a directory that is not there", 2, "none/s", "--listen", "none/s")
said("a file in its place", 2, "no socket", "--listen", "rows")

# -------------------------------------------------------------------- a terminal

ctrl_c, ctrl_d, up = "\x03", "\x04", "\x1b[A"


def on_terminal(program, editing):
    with Terminal([program, "f"]) as t:
        t.expect(r"^\(f\) ")
        t.type("version\n")
        tap.ok(t.expect(r"^OK you said version\n(.*\n)*?.*\(f\) "), "a command on a terminal")
        t.type("\n")
        t.expect(r"\(f\) ")
        t.type("latin\n")
        tap.ok(t.expect(r"^OK \\xe4 \u00e4 \"\\ \\x1b\[31m$"), "a guest does not control it")
        t.expect(r"\(f\) ")
        t.type("fails\n")
        tap.ok(t.expect(r"^ERR no such thing$"), "an error does not end it")
        t.expect(r"\(f\) ")
        if editing:
            t.type(up + up + up + "\n")
            tap.ok(t.expect(r"^OK you said version$"), "the history has earlier commands")
            t.expect(r"\(f\) ")
            t.type("st\t")
            tap.ok(t.expect(r"stop\s+stack|stack\s+stop|st\a"), "Tab: several commands begin so")
            t.type("o\t\n")
            tap.ok(t.expect(r"^OK you said stop$"), "Tab completes a command")
            t.expect(r"\(f\) ")
            t.type("mco\t\n")
            tap.ok(t.expect(r"^uml_mconsole client version 2$"), "one of the client's own, too")
            t.expect(r"\(f\) ")
            t.type("ex\techo hi\n")
            tap.ok(t.expect(r"^OK you said exec echo hi$"), "exec as well")
            t.expect(r"\(f\) ")
            t.type("config ss\t3\n")
            tap.ok(t.expect(r"^OK you said config ssl3$"), "and devices, whose number follows")
            t.expect(r"\(f\) ")
            t.type("remove me\t\n")
            tap.ok(t.expect(r"^OK you said remove mem$"), "or none")
            t.expect(r"\(f\) ")
            t.type("config con1\t\t")
            tap.ok(t.expect(r"con1\s+con10\s+con11"), "their numbers are shown")
            t.type("5=pty\n")
            tap.ok(t.expect(r"^OK you said config con15=pty$"), "and a value follows")
            t.expect(r"\(f\) ")
            t.type("proc \u00e4\u20ac\n")
            tap.ok(t.expect(r"^OK you said proc \u00e4\u20ac$"), "characters of several bytes")
            t.expect(r"\(f\) ")
            t.type("switch oth\t\n")
            tap.ok(t.expect(r"^Switched to 'other'$"), "Tab completes names of guests")
            t.expect(r"\(other\) ")
            t.type("log -f row\t\n")
            tap.ok(t.expect(r"^OK you said log a b"), "and of files")
        else:
            t.type("switch other\n")
        tap.ok(t.expect(r"\(other\) "), "the prompt names the guest")
        t.type(ctrl_d)
        tap.equal(t.wait(), 0, "Ctrl-D ends it")
        tap.ok(t.restored(), "the terminal is as it was")
    with Terminal([program, "f"]) as t:
        t.expect(r"^\(f\) ")
        t.type("ver" + ctrl_c)
        tap.equal(t.wait(), -signal.SIGINT, "Ctrl-C ends it")
        tap.ok(t.restored(), "the terminal is as it was")
    with Terminal([program, "f"]) as t:
        t.expect(r"^\(f\) ")
        t.type("silent\n")
        eventually(lambda: f.commands[-1:] == ["silent"])
        t.type(ctrl_c)
        tap.equal(t.wait(), -signal.SIGINT, "also while it waits for an answer")
    with Terminal([program, "f"]) as t:
        t.expect(r"^\(f\) ")
        t.type("slow\n")
        eventually(lambda: f.commands[-1:] == ["slow"])
        t.type(ctrl_d)
        tap.equal(t.wait(), 0, "Ctrl-D that is typed too early ends it as well")
    with Terminal([program, "f"]) as t:
        t.expect(r"^\(f\) ")
        t.type("quit\n")
        tap.equal(t.wait(), 0, "quit ends it")
        tap.ok(t.restored(), "the terminal is as it was")


with open("rows", "w") as file:
    file.write("a b")
shutil.rmtree(os.path.join(uml, "f"))
with FakeGuest(os.path.join(uml, "f"), answers) as f, FakeGuest(os.path.join(uml, "other")) as other:
    linked = host(["ldd", host_tool("uml_mconsole")])[1]
    if "libedit" in linked:
        on_terminal(host_tool("uml_mconsole"), True)
    else:
        tap.skip("built without libedit (Debian: libedit-dev)", "editing of lines")
    plain = os.path.join(d, "plain")
    rc, text = host(["make", "-C", os.path.join(TOP, "tools/mconsole"), "O=" + plain, "has-edit="], timeout=600)
    tap.equal(rc, 0, "it builds without the library")
    tap.match(text, r"^uml_mconsole: without history and completion, .*libedit-dev", "and says so")
    on_terminal(os.path.join(plain, "uml_mconsole"), False)


# ---------------------------------------------------------------- Debian's kernel


def debian():
    def mconsole(*args):
        return run("-d", os.path.join(d, "real"), "u", *args, sanitize=False)

    def ask(name, regex, *args, status=0):
        rc, text, err = mconsole(*args)
        if not tap.ok(rc == status and re.search(regex, text, re.M) and not err, "Debian's kernel: " + name):
            tap.diag("status %s, want %s and /%s/\n%s%s" % (rc, status, regex, text, err))

    def started():
        shutil.rmtree("real", ignore_errors=True)
        p = listen("--json", "-t", str(TIMEOUT))
        g = Guest("umsh", "quiet", "umid=u", "uml_dir=real", "mconsole=notify:s", linux=peer(),
                  initrd=initramfs(), mem="64M", name="debian")
        event = json.loads(p.stdout.readline() or "{}")
        try:
            return p, event, g.shell()
        except BaseException:
            g.close()
            p.terminate()
            p.wait()
            raise

    p, event, g = patiently(started)
    with g:
        tap.equal((event.get("type"), os.path.basename(event.get("text", ""))), ("socket", "mconsole"),
                  "Debian's kernel tells when its console is there")
        rc, text, err = run("-d", "real", "--list")
        tap.equal(text, "u %d real/u/mconsole\n" % g.pid, "it is listed")
        ask("version", r"^OK Linux \S+ \d+\.\d+", "version")
        ask("help, in several parts", r"\A(?s:OK Commands.*stack <pid>.*\n    quit - )", "help")
        ask("proc", r"^MemTotal:(?s:.*)^DirectMap4k|^MemTotal:(?s:.*)^VmallocTotal", "proc", "meminfo")
        ask("proc of no file", r"^ERR ", "proc", "none", status=1)
        ask("sysrq h", r"^OK sysrq: HELP", "sysrq", "h")
        ask("stop", r"^OK stopped", "stop")
        ask("version while it is stopped", r"^OK Linux", "version")
        ask("go", r"^OK", "go")
        ask("go again", r"^ERR Not stopped", "go", status=1)
        ask("log", r"^OK", "log", "-f", "rows")
        tap.match(g.run("dmesg")[1], r"\ba b$", "which is in its log")
        ask("config of a console", r"^OK null$", "config", "con1")
        ask("config of another", r"^OK", "config", "con1=none")
        ask("which it is then", r"^OK none$", "config", "con1")
        ask("config of nothing", r"^ERR ", "config", "none", status=1)
        g.send("echo hello > /proc/mconsole")
        tap.equal(json.loads(p.stdout.readline() or "{}"), {"type": "user", "text": "hello\n"},
                  "it tells what is written to /proc/mconsole")
        ask("halt", r"^OK", "halt")
        # Now and then that kernel gives up on its way down: SIGABRT.
        tap.ok(g.wait() is not None, "ends it")
        rc, text, err = mconsole("version")
        tap.ok(rc == 2 and err.count("\n") == 1, "then it is not there any more: " + err.strip())
    p.terminate()
    p.communicate(timeout=TIMEOUT)
    tap.equal((p.returncode, os.path.exists("s")), (0, False), "the listener ends in order")


if lacks_peer():
    tap.skip(lacks_peer(), "Debian's kernel")
else:
    debian()

tap.equal(os.listdir(home), [".uml"], "nothing else is left in the home directory")
no_leftovers()
tap.done()
