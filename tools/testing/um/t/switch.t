#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# uml_switch: the protocol, where frames go, and what clients cannot do to others.
# umtest: waits
import os
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

import json
import random
import resource
import socket
import netns
from switch import *

A, B, C, D = (mac(n) for n in range(1, 5))
d = tmpdir()
host_tool("uml_switch")
host_tool("uml_switch", True)
# Paths of sockets are short, and the build may be anywhere.
os.chdir(d)


def here():
    return sorted(n for n in os.listdir(".") if not n.endswith(".log"))


def refused(name, argv, *words, **kw):
    """It does not start, and one line says why."""
    rc, text = host([host_tool("uml_switch")] + argv, **kw)
    lines = text.strip().splitlines()
    tap.ok(rc == 1 and len(lines) == 1 and all(w in text for w in words), "%s: refused (%s)" % (
        name, lines[-1] if lines else "nothing said"))
    if rc != 1 or len(lines) != 1:
        tap.diag("status %s\n%s" % (rc, text))


def closed(sock):
    """The other side has closed the connection, or will."""
    sock.settimeout(TIMEOUT)
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


def accepted(control="ctl", **kw):
    try:
        Client(control, **kw).close()
        return True
    except (Refused, OSError):
        return False


# ------------------------------------------------------------- the command line

rc, text = host([host_tool("uml_switch"), "--help"])
tap.equal(rc, 0, "--help")
for word in ("-unix", "-tap", "-hub", "-daemon", "--vlan", "--pcap", "/tmp/uml.ctl"):
    tap.ok(word in text, "it tells of %s" % word)
rc, text = host([host_tool("uml_switch"), "--version"])
tap.match(text, r"^uml_switch \S+, control protocol 3$", "--version")
refused("an unknown option", ["--frobnicate"], "--frobnicate")
refused("a word that is no option", ["word"], "word")
refused("-unix without a path", ["-unix"], "-unix", "missing")
refused("a path that is too long", ["-unix", "x" * 108], "-unix", "107")
refused("a directory that is not there", ["-unix", "none/ctl"], "-unix", "none/ctl", "No such file")
refused("the same socket twice", ["-unix", "ctl", "-unix", "ctl"], "ctl", "twice")
refused("a name that no interface has", ["-tap", "x" * 16], "-tap", "15")
refused("a VLAN out of range", ["-unix", "ctl", "--vlan", "4095"], "--vlan", "4095")
refused("a VLAN of nothing", ["--vlan", "5"], "--vlan", "-unix")
refused("two VLANs", ["-unix", "ctl", "--vlan", "5", "--vlan", "6"], "--vlan 6")
refused("a mode that is none", ["-m", "999"], "-m 999")
refused("an age that is none", ["--age", "soon"], "--age soon")
refused("no stations at all", ["--macs", "0"], "--macs 0")
refused("more ports than files", ["--ports", "999999999"], "--ports")
refused("a queue for no frame", ["--queue", "1K"], "--queue 1K")
refused("a size that is none", ["--pcap", "f", "--pcap-limit", "1Q"], "--pcap-limit 1Q")
refused("a limit of no capture", ["--pcap-limit", "1M"], "--pcap-limit", "--pcap")
refused("-compat-v0 without a data socket", ["-compat-v0", "-unix", "ctl"], "-compat-v0", "ctl")
refused("a capture that cannot be", ["-unix", "ctl", "--pcap", "none/file"], "--pcap", "none/file")
refused("a capture into a device", ["-unix", "ctl", "--pcap", "/dev/null"], "--pcap", "regular")
tap.equal(here(), [], "none of them leaves anything")

# ------------------------------------------------------------ where frames go

with Switch() as sw:
    tap.match(sw.text(), r"uml_switch attached to unix socket 'ctl'$", "it says where it listens")
    tap.equal(stat.S_IMODE(os.stat("ctl").st_mode), 0o600, "the socket is its owner's alone")
    with Client() as a, Client() as b, Client() as c:
        tap.ok(a.data[:1] == b"\0" and len(a.data) == 108, "the reply is an abstract name of 108 bytes")
        everybody, unknown = frame(BROADCAST, A, b"hello"), frame(B, A, b"where is B?")
        tap.equal(receivers([b, c], a, everybody), [b, c], "a broadcast goes to all others")
        tap.equal(receivers([b, c], a, unknown), [b, c], "so does a frame for an unknown station")
        tap.equal(receivers([b, c], a, frame(b"\x01\x00\x5e\x00\x00\x01", A)), [b, c], "and a multicast")
        tap.equal(a.drain(), [], "none comes back")
        tap.equal(receivers([a, c], b, frame(A, B, b"here")), [a], "an answer goes only to where its station is")
        tap.equal(receivers([b, c], a, frame(B, A, b"good")), [b], "and from then on the other way, too")
        tap.equal(receivers([b, c], a, frame(A, A, b"me")), [], "nobody gets what a client sends to itself")
        for size in (14, 1514, 1518, 9014, 65535, FRAME_MAX):
            one = frame(B, A, os.urandom(size - 14), size=size)
            a.send(one)
            tap.ok(b.recv() == one, "%d bytes arrive" % size)
        for bad, name in ((b"", "nothing"), (b"x" * 13, "half a header"),
                          (frame(B, A, size=FRAME_MAX + 1), "a byte too much"),
                          (frame(B, b"\xff" * 6), "a broadcast as source"),
                          (frame(B, b"\0" * 6), "no source")):
            a.send(bad)
            a.send(everybody)
            tap.equal([b.recv(), c.recv()], [everybody] * 2, "%s is dropped" % name)
        ours = [p for p in sw.rows("ports") if p["port"] == 1][0]
        tap.equal([ours[k] for k in ("rx_short", "rx_long", "rx_source", "rx_vlan")], [2, 1, 2, 0],
                  "and counted, each for its reason")
        tap.equal((ours["pid"], ours["uid"]), (os.getpid(), os.geteuid()), "the port is ours")
        tap.equal(sorted((m["mac"], m["port"]) for m in sw.rows("macs")),
                  [("02:00:00:00:00:01", 1), ("02:00:00:00:00:02", 2)], "the stations are listed")
        c.send(frame(BROADCAST, A, b"moved"))
        a.recv(), b.recv()
        tap.equal(receivers([a, c], b, frame(A, B, b"moved?")), [c], "a station that moved is found")
        tagged = frame(BROADCAST, A, b"tag", tag=0x6005)
        tap.equal(receivers([b, c], a, tagged), [b, c], "without VLANs a tag is part of the frame")
        burst = [frame(B, A, b"%d" % n, size=1514) for n in range(100)]
        for one in burst:
            a.send(one)
        tap.equal([b.recv() for one in burst], burst, "100 frames wait for one that reads late, in order")
        try:
            c.sock.sendto(frame(B, A), a.data)
            tap.ok(False, "nobody sends into the port of another")
        except PermissionError:
            tap.ok(True, "nobody sends into the port of another")
        stray = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        try:
            stray.sendto(frame(B, A), a.data)
            tap.ok(False, "nor does a socket without a name")
        except PermissionError:
            tap.ok(True, "nor does a socket without a name")
        stray.close()
        # A data socket that is gone takes its port along: ours would be open to all.
        b.sock.close()
        a.send(frame(B, A))
        tap.ok(closed(b.control), "a client without its data socket loses its port")
        tap.equal(eventually(lambda: sw.stats()["ports"] == 2), True, "the others stay")
    tap.equal(eventually(lambda: sw.stats()["ports"] == 0), True, "a port goes with its connection")
    tap.equal(sw.stats()["macs"], 0, "and its stations too")
    with Client(connect=True) as a, Client(connect=True) as b:
        tap.equal(receivers([b], a, everybody), [b], "clients may connect their sockets")
        burst = [frame(B, A, b"%d" % n) for n in range(50)]
        for one in burst:
            a.send(one)
        tap.equal([b.recv() for one in burst], burst, "and get 50 frames at once")
    with Client(path="sock1") as a, Client(path="sock2") as b:
        tap.equal(receivers([b], a, everybody), [b], "sockets of clients may have paths")
    name = abstract_name()
    with Client(path=name) as a:
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("ctl")
            s.sendall(request(name))
            tap.ok(closed(s), "a second port for one socket is refused")
    tap.match(sw.mgmt("help"), r"^ports ", "commands are listed")
    tap.match(sw.mgmt("nonsense"), r"^error: ", "others are refused")
    tap.match(sw.mgmt("ports json please"), r"^error: ", "as is one word too many")
    tap.equal(sw.mgmt("x" * 500)[:6], "error:", "and a line that is too long")
    before = sw.stats()
    os.kill(sw.pid, signal.SIGUSR1)
    tap.ok(eventually(lambda: "rx_frames=%d " % before["rx_frames"] in sw.text()), "SIGUSR1 has the counters told")
    tap.equal(sw.kill(signal.SIGTERM), 0, "SIGTERM ends it")
    tap.equal(here(), [], "and leaves nothing")

with Switch("-unix", "ctl", "data", "-hub") as sw, Client() as a, Client() as b, Client() as c:
    receivers([b, c], a, frame(BROADCAST, A))
    tap.equal(receivers([a, c], b, frame(A, B, b"to A")), [a, c], "-hub: everybody gets everything")

with Switch("--age", "1", "--macs", "3", "--port-macs", "2") as sw, Client() as a, Client() as b, Client() as c:
    a.send(frame(BROADCAST, A))
    b.recv(), c.recv()
    b.send(frame(A, B))
    a.recv()

    def forgotten():
        b.send(frame(A, B, b"still there?"))
        a.recv()
        time.sleep(0.1)
        return c.drain()
    tap.ok(eventually(forgotten), "--age: a station that says nothing is forgotten")
    for n in range(10, 15):
        receivers([b, c], a, frame(BROADCAST, mac(n)))
    tap.ok(sum(m["port"] == 1 for m in sw.rows("macs")) <= 2, "--port-macs: a client has no more stations")
    for n in range(20, 25):
        receivers([a, c], b, frame(BROADCAST, mac(n)))
    got = sw.stats()
    tap.ok(got["macs"] <= 3 and got["macs_refused"] > 0, "--macs: nor has the switch (%(macs)d)" % got)

# --------------------------------------------------------------------- protocol

with Switch("-compat-v0", "-unix", "ctl", "data", "-m", "0660") as sw:
    tap.match(sw.text(), r"attached to unix sockets 'ctl' and 'data'$", "with a data socket it says so")
    tap.equal([stat.S_IMODE(os.stat(n).st_mode) for n in ("ctl", "data")], [0o660] * 2, "-m: permissions")
    with Client(version=0, data="data") as a, Client(version=1) as b, Client() as c, Client(connect=True) as e:
        tap.equal((b.data, c.data), ("data", "data"), "the reply names it")
        tap.equal(receivers([b, c, e], a, frame(BROADCAST, A)), [b, c, e], "version 0 sends to 1 and 3")
        tap.equal(receivers([a, c, e], b, frame(A, B, b"1 to 0")), [a], "version 1 to 0")
        tap.equal(receivers([a, b, e], c, frame(B, C, b"3 to 1")), [b], "version 3 to 1")
        tap.equal(receivers([a, b, c], e, frame(C, D, b"connected")), [c], "as one that is connected")
        stray = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        stray.bind(abstract_name())
        stray.sendto(frame(BROADCAST, mac(66)), "data")
        nameless = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        nameless.sendto(frame(BROADCAST, mac(67)), "data")
        tap.equal(receivers([a, b], c, frame(D, mac(9), b"after")), [], "what no client sends")
        tap.equal((sw.stats()["strays"], len([f for f in e.drain() if f[6:10] != D[:4]])), (2, 0), "goes nowhere")
        stray.close()
        nameless.close()
tap.equal(here(), [], "both sockets are removed")

with Switch(sanitize=True) as sw:
    for version in (1, 3):
        tap.ok(accepted(version=version), "version %d gets a port" % version)
    for version in (2, 4, 0xffffffff):
        tap.ok(not accepted(version=version), "version %d does not" % version)
    whole = request(abstract_name())

    def turned_down(data):
        """The switch closes a connection on which this, and its end, was sent."""
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("ctl")
            s.sendall(data)
            s.shutdown(socket.SHUT_WR)
            return closed(s)
    tap.ok(turned_down(whole), "an address where nobody is gets no port")
    for n in (0, 1, 4, 11, 12, 60, 121):
        tap.ok(turned_down(whole[:n]), "%d bytes of a request and the end" % n)
    tap.ok(turned_down(whole.ljust(251, b"x")), "a byte too much")
    tap.ok(turned_down(request(abstract_name(), kind=7)), "an unknown type")
    tap.ok(turned_down(whole[:12] + b"\2\0" + b"x" * 110), "an address that is none")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as data, socket.socket(socket.AF_UNIX) as s:
        name = abstract_name()
        data.bind(name)
        s.settimeout(TIMEOUT)
        s.connect("ctl")
        for byte in request(name)[:122]:
            s.sendall(bytes([byte]))
        tap.equal(len(s.recv(1000)), 110, "a request byte by byte")
        s.sendall(b"text\n")
        tap.ok(eventually(lambda: any("text" in p for p in sw.rows("ports"))), "a text may follow, as with VDE")
        tap.match(sw.mgmt("ports"), r" text=text\\x0a ", "which is listed")
        s.sendall(b"x" * 250)
        tap.ok(closed(s), "more than that ends the connection")
    # Many at once that say nothing: others still get in.
    silent = []
    for n in range(200):
        s = socket.socket(socket.AF_UNIX)
        s.connect("ctl")
        s.sendall(whole[:n % 100])
        silent.append(s)
    tap.ok(accepted(), "200 that say nothing keep nobody out")
    for s in silent:
        s.close()
    seed = int(os.environ.get("UMTEST_SEED") or random.randrange(1 << 32))
    tap.diag("UMTEST_SEED=%d" % seed)
    rand = random.Random(seed)
    for n in range(400 if not SOAK else 20000):
        s = socket.socket(socket.AF_UNIX)
        s.connect("ctl")
        junk = rand.choice((b"", whole[:rand.randrange(124)], request(abstract_name(), rand.choice((0, 1)))))
        junk += rand.randbytes(rand.randrange(200))
        try:
            s.sendall(junk)
            if rand.randrange(2):
                s.sendall(rand.randbytes(rand.randrange(1, 3000)))
        except (BrokenPipeError, ConnectionResetError):
            pass
        s.close()
    with Client() as a, Client() as b:
        for n in range(400 if not SOAK else 20000):
            junk = rand.randbytes(rand.choice((rand.randrange(20), rand.randrange(1600), rand.randrange(66000))))
            a.send(rand.choice((b"", BROADCAST, B)) + junk)
            b.drain()
        receivers([b], a, frame(BROADCAST, A))
        for line in (b"", b"\n", b"\0\n", b"ports", rand.randbytes(1000), b"macs json\nstats\n"):
            with socket.socket(socket.AF_UNIX) as s:
                s.connect("mgmt")
                s.sendall(line)
                s.shutdown(socket.SHUT_WR)
                s.settimeout(TIMEOUT)
                try:
                    read_all(s)
                except ConnectionResetError:
                    pass
        odd = abstract_name()[:60] + b"\"\\\n\x01\xff" + b"\0" * 43
        with Client(path=odd):
            tap.ok(any("\x01" in p.get("client", "") for p in sw.rows("ports")), "names are escaped in JSON")
            tap.match(sw.mgmt("ports"), r"\\x0a\\x01\\xff", "and in text")
        tap.equal(receivers([b], a, frame(BROADCAST, A)), [b], "after all that, frames still arrive")
    tap.equal(sw.kill(signal.SIGTERM), 0, "no memory was misused or lost")
    tap.no_match(sw.text(), r"Sanitizer|runtime error", "says the sanitizer")

with Switch("-unix", "ctl", "data", sanitize=True) as sw, Client() as a, Client() as b, \
        Client(connect=True) as deaf:
    # It is sent to by the socket that all share, as it takes nothing from another.
    sent = [frame(BROADCAST, A, b"%d" % n, size=9014) for n in range(100)]
    tap.ok(all(a.send(one) or b.recv() == one for one in sent),
           "with a data socket one that never reads does not disturb others either")
    # One that changes its mind: what waits for it can no longer be sent when it reads.
    late = Client()
    sent = [frame(BROADCAST, A, b"%d" % n, size=9014) for n in range(100)]
    tap.ok(all(a.send(one) or b.recv() == one for one in sent) and sw.rows("ports")[3]["queued"] > 0,
           "frames wait for one that does not read yet")
    late.sock.connect("data")
    late.drain()
    tap.ok(eventually(lambda: (late.drain(), sw.rows("ports")[3]["queued"] == 0)[1]),
           "but not when it takes them from the shared socket only")
    late.close()
    deaf.sock.close()
    for n in range(400):
        a.sock.sendto(rand.randbytes(rand.randrange(1600)), "data")
        b.drain()
    tap.ok(eventually(lambda: (a.send(frame(BROADCAST, A)), sw.stats()["ports"])[1] == 2), "and may go away")
    tap.equal(sw.kill(signal.SIGTERM), 0, "no memory was misused or lost")

def as_nobody(path):
    """Does a client of another user get a port for the socket at a path?"""
    pid = os.fork()
    if not pid:
        os.setresuid(65534, 65534, 65534)
        with socket.socket(socket.AF_UNIX) as s:
            s.connect("ctl")
            s.settimeout(TIMEOUT)
            s.sendall(request(path))
            try:
                os._exit(0 if s.recv(110) else 1)
            except ConnectionResetError:
                os._exit(1)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0


if os.geteuid():
    tap.skip("not root", "clients of another user")
else:
    os.chmod(".", 0o711)
    with Switch("-m", "0666", sanitize=True) as sw:
        for name, owner, good in (("ours", 0, False), ("theirs", 65534, True)):
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
                s.bind(name)
                os.chmod(name, 0o666)
                os.chown(name, owner, owner)
                tap.equal(as_nobody(name), good, "-m: a client of another user, for a socket of %s" % name)
                os.unlink(name)
    os.chmod(".", 0o700)

# --------------------------------------------------- clients that harm the others

with Switch(sanitize=True) as sw, Client() as a, Client() as b, Client() as deaf, Client(connect=True) as deafer:
    sent = [frame(BROADCAST, A, b"%d" % n, size=9014) for n in range(300)]
    tap.ok(all(a.send(one) or b.recv() == one for one in sent), "two that never read do not disturb others")
    by_port = {p["port"]: p for p in sw.rows("ports")}
    for port in (3, 4):
        tap.ok(by_port[port]["tx_full"] > 0, "what they lose is counted (%d)" % by_port[port]["tx_full"])
    tap.equal(by_port[2]["tx_full"], 0, "the others lose nothing")
    late = deaf.recv()
    tap.equal(late, sent[0], "the first frames are still there when one reads at last")

with Switch("--ports", "3") as sw, Client() as a, Client() as b, Client() as c:
    tap.ok(not accepted(), "--ports: one more is refused")
    tap.match(sw.text(), r"3 ports are taken", "and it says why")
    c.close()
    tap.ok(eventually(accepted), "there is room when one has left")

with Switch(preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (160, 160))) as sw:
    most = sw.stats()["ports_max"]
    clients = [Client() for n in range(most)]
    tap.ok(not accepted(), "as many ports as files allow (%d), and no more" % most)
    tap.equal(receivers([clients[-1]], clients[0], frame(BROADCAST, A)), [clients[-1]], "which work")
    for client in clients:
        client.close()

soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
many = 1100
if hard < 2 * many + 100:
    tap.skip("%d files are allowed" % hard, "%d ports" % many)
else:
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    with Switch() as sw:
        clients = [Client() for n in range(many)]
        clients[0].send(frame(BROADCAST, A, b"all"))
        tap.ok(all(client.recv()[14:17] == b"all" for client in clients[1:]), "%d ports get a broadcast" % many)
        clients[-1].send(frame(A, B, b"first"))
        tap.equal(clients[0].recv()[14:19], b"first", "the last finds the first")
        tap.equal(sum(len(c.drain()) for c in clients), 0, "and only that")
        for client in clients:
            client.close()
        tap.ok(eventually(lambda: sw.stats()["ports"] == 0), "all of them leave")
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))

# ------------------------------------------------------------------------- VLANs

with Switch("-unix", "ctl", "-unix", "five", "--vlan", "5", "-unix", "trunk", "--vlan", "trunk:1,5,native=9",
            "-unix", "nine", "--vlan", "9") as sw, \
        Client() as a, Client() as a2, Client("five") as b, Client("five") as b2, \
        Client("trunk") as c, Client("nine") as e:
    plain = frame(BROADCAST, A, b"vlan 1")
    tap.equal(receivers([a2], a, plain), [a2], "a frame stays in its VLAN")
    tap.equal(c.recv(), frame(BROADCAST, A, b"vlan 1", tag=1, size=64), "a trunk has it with a tag")
    c.drain()
    c.send(frame(BROADCAST, C, b"to five", tag=5))
    tap.equal([b.recv(), b2.recv()], [frame(BROADCAST, C, b"to five", size=56)] * 2,
              "from a trunk it goes to the VLAN of its tag")
    c.send(frame(BROADCAST, C, b"native"))
    tap.equal(e.recv(), frame(BROADCAST, C, b"native"), "without one to the native VLAN")
    c.send(frame(BROADCAST, C, b"no such VLAN", tag=6))
    a.send(frame(BROADCAST, A, b"reach", tag=5))
    a.send(frame(BROADCAST, A, b"end"))
    tap.equal(a2.recv()[14:17], b"end", "a client cannot reach into another VLAN with a tag")
    c.send(frame(BROADCAST, C, b"end", tag=5))
    tap.equal([b.recv()[14:17], b2.recv()[14:17]], [b"end"] * 2, "nobody there got anything else")
    counts = {p["port"]: p["rx_vlan"] for p in sw.rows("ports")}
    tap.equal([counts[n] for n in range(1, 7)], [1, 0, 0, 0, 1, 0], "both are counted")
    b.send(frame(BROADCAST, A, b"the same address"))
    b2.recv()
    tap.equal(sorted((m["mac"][-1], m["vlan"]) for m in sw.rows("macs")),
              [("1", 1), ("1", 5), ("3", 5), ("3", 9)], "stations are known for each VLAN apart")
    tap.equal({p["at"]: p["vlan"] for p in sw.rows("ports")},
              {"ctl": "1", "five": "5", "trunk": "trunk", "nine": "9"}, "ports are listed with theirs")

# ---------------------------------------------------------------------- captures

with Switch("--pcap", "frames.pcap", "--pcap-limit", "20K") as sw, Client() as a, Client() as b:
    sent = [frame(BROADCAST, A, b"%d" % n, size=size) for n, size in enumerate((60, 1514, 9014))]
    for one in sent:
        a.send(one)
        b.recv()
    sw.stats()
    with open("frames.pcap", "rb") as f:
        captured = f.read()
    tap.equal(struct.unpack("<IHHIIII", captured[:24]), (0xa1b2c3d4, 2, 4, 0, 0, FRAME_MAX, 1),
              "--pcap: the header of a capture")
    found, pos = [], 24
    while pos < len(captured):
        size, full = struct.unpack("<II", captured[pos + 8:pos + 16])
        found.append(captured[pos + 16:pos + 16 + size])
        pos += 16 + size
    tap.equal(found, sent, "each frame is in it once")
    for n in range(3):
        tap.equal(receivers([b], a, sent[2]), [b], "frames go on beyond the limit")
    tap.ok(os.path.getsize("frames.pcap") <= 20 << 10, "but the capture does not")
    tap.match(sw.text(), r"--pcap frames.pcap: 20480 bytes", "which is told")
    tap.equal(stat.S_IMODE(os.stat("frames.pcap").st_mode), 0o600, "it is its owner's alone")
    if which("tcpdump"):
        with open("frames.pcap", "rb") as f:
            rc, text = host([which("tcpdump"), "-nn", "-e", "-r", "-"], stdin=f)
        tap.equal((rc, text.count("02:00:00:00:00:01 > ff:ff:ff:ff:ff:ff") >= 3), (0, True), "tcpdump reads it")
    else:
        tap.skip("no tcpdump", "tcpdump reads it")
os.unlink("frames.pcap")

# ----------------------------------------------------------------- start and end

with Switch() as sw:
    refused("a second switch", ["-unix", "ctl"], "ctl", "process %d has it" % sw.pid)
    tap.ok(accepted(), "the first goes on")
    tap.equal(sw.kill(signal.SIGKILL), -signal.SIGKILL, "SIGKILL")
tap.equal(here(), ["ctl", "mgmt"], "leaves its sockets behind")
with Switch() as sw:
    tap.ok(accepted(), "the next one replaces them")
    os.unlink("ctl")
    with open("ctl", "w") as f:
        f.write("mine")
tap.equal(here(), ["ctl"], "what is not its own it does not remove")
refused("a file in its place", ["-unix", "ctl"], "ctl", "no socket")
tap.ok(os.path.exists("ctl"), "the file stays")
os.unlink("ctl")

for sig in (signal.SIGINT, signal.SIGHUP):
    with Switch(preexec_fn=lambda: signal.signal(sig, signal.SIG_DFL)) as sw:
        tap.equal((sw.kill(sig), here()), (0, []), "%s ends it, too" % sig.name)
with Switch(preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)) as sw:
    os.kill(sw.pid, signal.SIGHUP)
    tap.ok(accepted(), "under nohup SIGHUP does not")

rc, text = host([host_tool("uml_switch"), "-daemon", "-unix", "ctl", "--mgmt", "mgmt"])
tap.equal(rc, 0, "-daemon: it goes to the background when it is ready")
tap.match(text, r"attached to unix socket 'ctl'", "and has said where it listens")
with socket.socket(socket.AF_UNIX) as s:
    s.connect("ctl")
    pid = struct.unpack("iII", s.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))[0]
tap.ok(accepted(), "it works there")
tap.equal(os.readlink("/proc/%d/cwd" % pid), "/", "in no directory")
tap.equal({os.readlink("/proc/%d/fd/%d" % (pid, fd)) for fd in range(3)}, {"/dev/null"}, "on no terminal")
tap.equal(os.getsid(pid), pid, "in a session of its own")
refused("a second one in the background", ["-daemon", "-unix", "ctl"], "ctl", "process %d has it" % pid)
os.kill(pid, signal.SIGTERM)
tap.ok(eventually(lambda: here() == []), "SIGTERM ends it, and it leaves nothing")
tap.ok(eventually(lambda: (reap(), stat_of(pid))[1] is None), "no process either")

master, slave = pty.openpty()
with Switch(stdin=slave, start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)) as sw:
    os.write(master, b"ports\nstats\n")
    tap.ok(eventually(lambda: "ports=0 " in sw.text()), "a terminal takes commands")
    os.write(master, b"\x04")
    tap.equal((sw.wait(), here()), (0, []), "its end of input is the end")
os.close(master)
os.close(slave)
with Switch(stdin=subprocess.DEVNULL) as sw:
    tap.ok(accepted(), "no input at all is not")

if os.path.lexists("/tmp/uml.ctl"):
    tap.skip("/tmp/uml.ctl is there", "without options")
else:
    with Switch(control=None) as sw, Client("/tmp/uml.ctl") as a, Client("/tmp/uml.ctl") as b:
        tap.equal(receivers([b], a, frame(BROADCAST, A)), [b], "without options: /tmp/uml.ctl")
    tap.ok(not os.path.lexists("/tmp/uml.ctl"), "which is removed, too")

# ------------------------------------------------------------------------- a tap


def with_tap():
    netns.need_tun()
    results = []
    if host([host_tool("tunctl"), "-q", "-t", "many"])[0]:
        raise netns.Unavailable("no tap interface can be made")
    with Switch("-tap", "tap0", "-tap", "many", "--vlan", "7", "-unix", "ctl", sanitize=True) as sw:
        for name in ("tap0", "many"):
            for argv in (["link", "set", name, "mtu", "9000"], ["link", "set", name, "up"]):
                host([which("ip")] + argv)
        raw = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        raw.bind(("tap0", 0))
        raw.settimeout(TIMEOUT)
        with Client() as a:
            one = frame(BROADCAST, A, b"to the host", size=9014)
            a.send(one)
            got = raw.recv(1 << 16)
            while got[6:12] != A:
                got = raw.recv(1 << 16)
            results.append((got == one, "-tap: a frame of a client comes out of the interface"))
            raw.send(frame(A, B, b"from the host", size=9014))
            got = a.recv()
            while got[6:12] != B:
                got = a.recv()
            results.append((got == frame(A, B, b"from the host", size=9014), "and one goes in there"))
            ports = {p["at"]: p for p in sw.rows("ports")}
            results.append((ports["many"]["vlan"] == "7", "-tap takes interfaces of several queues, and VLANs"))
            host([which("ip"), "link", "del", "tap0"])
            results.append((eventually(lambda: "tap0: the interface was deleted" in sw.text()),
                            "it notes that an interface is deleted"))
            results.append((eventually(lambda: sw.stats()["ports"] == 2), "and goes on without it"))
        raw.close()
        results.append((sw.kill(signal.SIGTERM) == 0, "no memory was misused or lost"))
    return results


try:
    if not which("ip"):
        raise netns.Unavailable("no ip (Debian: iproute2)")
    for good, name in netns.run(with_tap):
        tap.ok(good, name)
except netns.Unavailable as e:
    tap.skip(e, "-tap")
tap.equal(here(), [], "nothing is left")
no_leftovers()
tap.done()
