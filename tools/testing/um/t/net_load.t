#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
# Many guests on one switch, that all talk at once while some are killed and others come:
# none of the others is lost, and nothing is left behind.  And one under a flood.
# umtest: slow 2
#
# Short in `make check', 24 guests for ten minutes in `make soak'.  Environment:
#   UMTEST_SEED  what random choices start from (default: the time)
import os
import random
import sys
sys.dont_write_bytecode = True
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from umtest import *

need_linux()
import threading
from net import *
from switch import Switch
from umlnet import do

GUESTS, SECONDS, PAUSE, FLOODED = (24, 600, 4, 200) if SOAK else (6, 12, 3, 10)
seed = int(os.environ.get("UMTEST_SEED") or time.time())
tap.diag("seed: UMTEST_SEED=%d" % seed)


class Place:
    """A port of the switch, and the guest that is there now; by its number a task knows
    whether that is still the same one."""

    def __init__(self, n, spec):
        self.n, self.spec = n, spec
        self.life = 0
        self.node = None
        self.start()

    def start(self):
        node = Node(self.spec, self.n)
        node.serve()
        self.life += 1
        # Not before it serves: others look here.
        self.node = node

    def replace(self):
        old, self.node = self.node, None
        old.guest.kill(signal.SIGKILL)
        old.guest.wait(TIMEOUT)
        old.guest.close()
        self.start()


def sends(a, b, rng):
    return a.pump("send", b, rng.randrange(1, 4))


def fetches(a, b, rng):
    return a.pump("fetch", b, rng.randrange(1, 4))


def pings(a, b, rng):
    return a.ping(b, "-s %d" % rng.choice((16, 1000, 1472, 8000)))


def blasts(a, b, rng):
    """Small datagrams: some arrive."""
    return not a.run("pump blast %s %d %d" % (b, PORT, rng.randrange(50, 300)), 60)[0]


def asks_all(a, b, rng):
    """To all at once: a group, and who has an address."""
    return a.text("ping -c 2 -W 1 -s 500 224.0.0.1 >/dev/null 2>&1; arping -c 2 -w 2 -I eth0 %s >/dev/null 2>&1; echo done" % b) == "done"


TASKS = (sends, fetches, pings, blasts, asks_all)


class Load:
    """One thread for each place, and what they have seen."""

    def __init__(self, places):
        self.places = places
        self.stop = threading.Event()
        self.lock = threading.Lock()
        self.done = dict.fromkeys((t.__name__ for t in TASKS), 0)
        self.bad = []
        self.threads = [threading.Thread(target=self.work, args=(p, random.Random(seed + p.n))) for p in places]
        for t in self.threads:
            t.start()

    def work(self, place, rng):
        while not self.stop.is_set():
            other = rng.choice([p for p in self.places if p is not place])
            task, lives = rng.choice(TASKS), (place.life, other.life)
            node = place.node
            if not node or not other.node:
                time.sleep(0.2)
                continue
            try:
                good = task(node, NET + str(other.n), rng)
            except Exception as e:
                good = repr(e)
            if (place.life, other.life) != lives or not place.node or not other.node:
                continue
            with self.lock:
                if good is True:
                    self.done[task.__name__] += 1
                else:
                    self.bad.append("%s from %d to %d: %s" % (task.__name__, place.n, other.n, good))

    def end(self):
        self.stop.set()
        for t in self.threads:
            t.join()


def held(pid):
    """Descriptors of a process, and what it has in memory, in kB."""
    with open("/proc/%d/status" % pid) as f:
        return len(os.listdir("/proc/%d/fd" % pid)), int(re.search(r"^VmRSS:\s+(\d+)", f.read(), re.M).group(1))


@part
def many(r):
    do("ip link set lo up")
    os.chdir(tmpdir())
    rng = random.Random(seed)
    with Switch() as s:
        places = [Place(n, "daemon,,unix," + os.path.abspath("ctl")) for n in range(1, GUESTS + 1)]
        # All are known, and have been heard.
        for p in places:
            r.ok(p.node.pings(places[p.n - 2].node.addr), "guest %d: ping" % p.n)
        fds, rss = held(s.pid)
        load = Load(places)
        end, killed = time.monotonic() + SECONDS, 0
        while time.monotonic() < end:
            time.sleep(rng.uniform(0.5, 1.5) * PAUSE)
            rng.choice(places).replace()
            killed += 1
        load.end()
        tap_note("%d guests, %d killed and replaced; %s" % (GUESTS, killed, load.done))
        r.equal(load.bad, [], "what two guests do that live on, works")
        r.ok(all(load.done.values()), "all kinds of traffic were there", load.done)
        r.ok(eventually(lambda: held(s.pid)[0] == fds), "the switch has as many descriptors as before", (fds, held(s.pid)))
        r.ok(held(s.pid)[1] - rss < 2048 + 100 * GUESTS, "and no more memory", (rss, held(s.pid)))
        for p in places:
            r.ok(p.node.pings(places[p.n - 2].node.addr), "guest %d: ping at the end" % p.n)
            tap_note("guest %d: %s" % (p.n, p.node.drops()))
        tap_note("switch: %s" % s.stats())
        for p in places:
            p.node.end(r, "guest %d" % p.n)
            p.node.guest.close()
        r.ok(eventually(lambda: held(s.pid)[0] <= fds - 2 * GUESTS + 1), "the guests end: so do their ports", held(s.pid))
    return r


@part
def flooded(r):
    """Interrupts that follow one another closely are put off: none is lost."""
    do("ip link set lo up")
    os.chdir(tmpdir())
    with Switch():
        a, b = (Node("daemon,,unix," + os.path.abspath("ctl"), n) for n in (1, 2))
        b.serve()
        r.ok(a.pings(b.addr), "two guests: ping")
        r.ok(not a.run("pump rtt %s %d 5000" % (b.addr, PORT), 120)[0], "5,000 questions, an answer to each")
        b.run("(while :; do :; done & echo $! > /tmp/hog)")
        r.ok(not a.run("pump rtt %s %d 1000" % (b.addr, PORT), 120)[0], "1,000 to a guest with other work")
        r.ok(a.pump("send", b.addr, 20) and a.pump("fetch", b.addr, 20), "and TCP both ways")
        b.run("kill $(cat /tmp/hog)")
        a.run("(while :; do pump blast %s %d 200; done >/dev/null 2>&1 & echo $! > /tmp/flood)" % (b.addr, PORT))
        for i in range(FLOODED):
            rc, text = b.ask("remove", "eth0")
            if not rc:
                rc, text = b.ask("config", "eth0=" + b.spec)
            if rc:
                break
            b.configure()
            b.run("usleep %d" % (1000 * (i % 8) ** 2))
        r.equal((rc, i + 1), (0, FLOODED), "removed and added under a flood, %d times" % FLOODED)
        a.run("kill $(cat /tmp/flood)")
        r.ok(a.pings(b.addr), "ping afterwards")
        for g in (a, b):
            g.end(r, "guest %d of two" % g.n)
            g.guest.close()
    return r


many()
flooded()
no_leftovers()
tap.done()
