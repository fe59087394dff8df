#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Documentation/howto.md: what its chapters on consoles and on names tell users to
# type, typed; and the words that documents of other versions have for the same.
# umtest: waits
import os
import re
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *
from howto import *
from lines import Attached, free_port
from mconsole import Terminal

sparse(os.path.join(here, "data.img"), 8 << 20)
typed = set()


def start(line, *more, login=True, **kw):
    """A line of the document that begins with ./linux; its machine, logged in."""
    typed.add(line)
    words = re.sub(r"\s*[<>&].*", "", line).split()[1:]
    kw.setdefault("tty", True)
    g = Guest(*words, *more, "quiet", cwd=here, env=env, linux="./linux", mem="128M", con=False, **kw)
    return logged_in(g) if login else g


def ask(line, want):
    typed.add(line)
    status, out = shell(line)
    if not tap.ok(not status and re.search(want, out, re.M), line):
        tap.diag("status %d\n%s" % (status, out))
    return out


def assigned(g, line):
    """The terminal that the log names."""
    def name():
        return re.findall(r"%s assigned pty (/dev/\S+)" % line, g.run("dmesg")[1])
    return (eventually(name) or [""])[-1]


def attach(path):
    """A login over a terminal of the host."""
    a = Attached(path)
    a.send(b"\n")
    a.expect(rb"login: ")
    a.send(b"root\n")
    a.expect(rb"assword: ")
    a.send(b"root\n")
    a.expect(rb"~ # ")
    return a


# ---------------------------------------------------------------- consoles

def as_other_versions():
    g = start("./linux con=null con0=fd:0,fd:1")
    tap.equal(g.run("echo lost >/dev/tty3; tty")[1].strip(), "/dev/tty0", "con0 is the terminal, the others take all")
    stop(g)


def terminals():
    for line in ("./linux con=pts con0=fd:0,fd:1", "./linux con=pty con0=fd:0,fd:1"):
        g = start(line)
        name = assigned(g, "console 1")
        with attach(name) as a:
            tap.ok(True, "%s: a login on %s" % (line, name))
            a.send(b"tty\n")
            a.expect(rb"/dev/tty1")
        stop(g)


def none_at_all():
    with open(os.devnull) as null:
        g = start("./linux con0=null </dev/null &", "umid=quiet", tty=False, stdin=null, login=False)
        tap.ok(eventually(lambda: not shell("uml_mconsole quiet version")[0], 60), "./linux con0=null </dev/null: it runs")
        tap.equal(shell("uml_mconsole quiet halt")[0], 0, "and is ended")
        tap.equal(g.wait(60), 0, "well")
        g.close()


def telnets():
    for line, count in (("./linux ssl=port:9000", 2), ("./linux con1=port:9000", 1)):
        port = free_port()
        g = start(line.replace("9000", str(port)))
        typed.add(line)
        typed.add("telnet localhost 9000")
        callers = []
        for i in range(count):
            if which("telnet"):
                t = Terminal(["telnet", "127.0.0.1", str(port)], env=dict(env, HOME="/nonexistent"))
                t.expect(r"login: ")
                t.type("root\r")
                t.expect(r"assword: ")
                t.type("root\r")
                t.expect(r"~ # ")
                t.type("tty\r")
                callers.append((t, t.expect(r"/dev/(tty\w+)").group(1)))
        names = [name for t, name in callers]
        if callers:
            tap.equal(len(set(names)), count, "%s: %d telnets on %s" % (line, count, " and ".join(names)))
        else:
            tap.skip("no telnet", line)
        for t, name in callers:
            t.close()
        stop(g)


def joined():
    a = start("./linux ssl1=pty")
    name = assigned(a, "serial line 1")
    typed.add("./linux ssl1=tty:/dev/pts/5")
    # The second one has no getty there.  As long as it echoes, the first takes its own
    # words for a name; so each question is answered until there is a shell.
    with boot("ssl1=tty:" + name) as b:
        b.run("exec 3<>/dev/ttyS1; stty raw -echo <&3; (cat <&3 >/tmp/seen 2>&1 &); echo >&3")

        def answered():
            text = b.run("tail -c 40 /tmp/seen")[1].rstrip()
            if text.endswith(("login:", "assword:")):
                b.run("echo root >&3")
            return "~ # " in text
        tap.ok(eventually(answered, TIMEOUT, 2), "a login of one machine in another")
        b.run(": >/tmp/seen; echo tty >&3")
        tap.ok(eventually(lambda: "/dev/ttyS1" in b.run("cat /tmp/seen")[1]), "which is on the line")
        b.run("echo exit >&3")
        tap.equal(b.poweroff(), 0, "it powers off")
    stop(a)


# ------------------------------------------------------------------- names

def names():
    g = start("./linux umid=debian")
    ask("uml_mconsole debian version", r"^OK Linux ")
    ask("uml_mconsole debian config ubd1=data.img", r"^OK")
    tap.match(g.run("cat /proc/partitions")[1], r" ubdb$", "the machine has the disk")
    ask("uml_mconsole debian sysrq t", r"task:")
    ask("uml_mconsole debian exec 'df -h /'", r"/$")
    # What documents of other versions have.
    for line, want in (("uml_mconsole debian config con3", r"^OK none$"), ("uml_mconsole debian config con3=pts", r"^OK"),
                       ("uml_mconsole debian config con3", r"^OK pts"), ("uml_mconsole debian remove con3", r"^OK"),
                       ("uml_mconsole debian remove ubd1", r"^OK"), ("uml_mconsole debian config mem", r"^OK \d+K$"),
                       ("uml_mconsole debian sysrq s", r"Emergency Sync"), ("uml_mconsole debian help", r"^ +version"),
                       ("uml_mconsole debian stop", r"^OK"), ("uml_mconsole debian go", r"^OK"),
                       ("uml_mconsole debian log -f /etc/hostname", r"^OK"), ("uml_mconsole debian proc version", r"^OK Linux")):
        ask(line, want)
    ask("uml_mconsole debian halt", r"^OK")
    tap.equal(g.wait(60), 0, "halt ends it")
    g.close()
    g = start("./linux umid=debian")
    ask("kill $(cat ~/.uml/debian/pid)", "")
    tap.equal(g.wait(60), 0, "kill shuts it down")
    g.close()


for part in (as_other_versions, terminals, none_at_all, telnets, joined, names):
    part()
no_leftovers()

for chapter in ("Consoles", "Names of instances"):
    for line in re.findall(r"^    host\$ (.*)$", chapters[chapter], re.M):
        line = re.sub(r"\s+# .*", "", line)
        tap.ok(line in typed, "%s: typed: %s" % (chapter, line))
tap.done()
