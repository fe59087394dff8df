# SPDX-License-Identifier: GPL-2.0
"""What the tests of the port share: TAP output, booting and driving guests,
building initramfs and disk images, and cleaning up after all of it.

Environment:
  LINUX    the executable under test (default <repository>/linux)
  BUILD    where everything generated goes (default <repository>/build)
  UMTEST_TIMEOUT   guard in seconds on every wait (default 120)
  UMTEST_ENGINE    engine= of all guests (default: what auto takes)
  UMTEST_SOAK      set by run-tests --soak: take longer, look deeper
"""
import atexit
import ctypes
import fcntl
import functools
import os
import pty
import re
import select
import shutil
import signal
import stat
import struct
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TOP = os.path.dirname(os.path.dirname(os.path.dirname(HERE)))
LINUX = os.path.abspath(os.environ.get("LINUX") or os.path.join(TOP, "linux"))
BUILD = os.path.abspath(os.environ.get("BUILD") or os.path.join(TOP, "build"))
WORK = os.path.join(BUILD, "test-work")
LOGS = os.path.join(BUILD, "test-logs")
TIMEOUT = float(os.environ.get("UMTEST_TIMEOUT") or 120)
# After so many seconds without a word a busy guest is looked at.
LONG = 60
ENGINE = os.environ.get("UMTEST_ENGINE")
SOAK = bool(os.environ.get("UMTEST_SOAK"))
TEST = os.path.splitext(os.path.basename(sys.argv[0]))[0] or "umtest"

# A shell that runs the tests in the background has them ignore SIGINT, and so
# would the guests.
signal.signal(signal.SIGINT, signal.default_int_handler)

PR_SET_CHILD_SUBREAPER = 36


# ---------------------------------------------------------------- TAP output

class Tap:
    """Test Anything Protocol on stdout; one instance, tap, serves a script.

    prove shows nothing of stdout: what a failure says, and what was said
    since the test before it, goes to stderr too, EXPLAIN rows at most.
    """

    EXPLAIN = 150

    def __init__(self):
        self.count = 0
        self.failed = 0
        self.planned = False
        self.said = []
        # Rows of stderr that the failure at hand has left.
        self.left = 0

    def line(self, text):
        sys.stdout.write(text + "\n")
        sys.stdout.flush()

    def explain(self, rows):
        """Show rows where a harness hides stdout."""
        if "HARNESS_ACTIVE" in os.environ and self.left > 0:
            rows = rows[-self.left:]
            self.left -= len(rows)
            sys.stderr.write("".join("\n" + row for row in rows))
            sys.stderr.flush()

    @staticmethod
    def clean(text):
        text = re.sub(r"[\x00-\x1f\x7f]+", " ", str(text))
        return text.replace("#", "\\#").strip()

    def ok(self, good, name):
        self.count += 1
        row = "%sok %d - %s" % ("" if good else "not ", self.count,
                                self.clean(name))
        self.line(row)
        self.left = 0
        if not good:
            self.failed += 1
            self.left = self.EXPLAIN
            self.explain([row] + self.said[-20:])
        self.said = []
        return bool(good)

    def equal(self, got, want, name):
        good = self.ok(got == want, name)
        if not good:
            self.diag("got:  %r\nwant: %r" % (got, want))
        return good

    def match(self, text, regex, name):
        good = self.ok(re.search(regex, text, re.M), name)
        if not good:
            self.diag("no match for /%s/ in:\n%s" % (regex, tail(text)))
        return good

    def no_match(self, text, regex, name):
        found = re.search(regex, text, re.M)
        good = self.ok(not found, name)
        if not good:
            self.diag("unwanted: %r" % found.group(0))
        return good

    def skip(self, reason, name):
        self.count += 1
        self.line("ok %d - %s # SKIP %s" % (self.count, self.clean(name),
                                            self.clean(reason)))

    def diag(self, text):
        rows = ["# " + re.sub(r"[\x00-\x08\x0b-\x1f\x7f]", "?", row)
                for row in str(text).splitlines()]
        for row in rows:
            self.line(row)
        self.said = (self.said + rows)[-self.EXPLAIN:]
        self.explain(rows)

    def skip_all(self, reason):
        self.planned = True
        self.line("1..0 # SKIP " + self.clean(reason))
        sys.exit(0)

    def done(self):
        if not self.planned:
            self.planned = True
            self.line("1..%d" % self.count)
        sys.exit(1 if self.failed else 0)


tap = Tap()


def _on_exception(kind, value, trace):
    """What a script did not expect ends it as a failure that says where."""
    rows = traceback.format_exception(kind, value, trace)
    tap.ok(False, "the script gets to its end (%s)" % kind.__name__)
    tap.diag("".join(rows))
    tap.line("1..%d" % tap.count)
    sys.stdout.flush()


sys.excepthook = _on_exception


def tail(text, rows=25):
    return "\n".join(str(text).splitlines()[-rows:])


# ------------------------------------------------- processes and temporaries

_tmpdirs = []
_guests = []


def tmpdir():
    """A directory that goes away with the script.  On a real disk, because
    sparse images of guests do not belong into a host's tmpfs."""
    os.makedirs(WORK, exist_ok=True)
    path = tempfile.mkdtemp(prefix=TEST + ".", dir=WORK)
    _tmpdirs.append(path)
    return path


def stat_of(pid):
    """(state, ppid, utime + stime in ticks) of a host process, or None."""
    try:
        with open("/proc/%d/stat" % pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return fields[0], int(fields[1]), int(fields[11]) + int(fields[12])
    except (OSError, IndexError, ValueError):
        return None


def descendants(root=None, zombies=False):
    """All processes below root (default: this script)."""
    root = root or os.getpid()
    parent = {}
    for name in os.listdir("/proc"):
        if name.isdigit():
            st = stat_of(int(name))
            if st:
                parent[int(name)] = (st[1], st[0])
    below, front = [], [root]
    while front:
        top = front.pop()
        for pid, (ppid, state) in parent.items():
            if ppid == top:
                front.append(pid)
                if zombies or state not in "ZX":
                    below.append(pid)
    return below


def reap():
    """Collect orphans that came to us; never a child Popen waits for."""
    ours = {g.proc.pid for g in _guests}
    for pid in descendants(zombies=True):
        st = stat_of(pid)
        if st and st[0] == "Z" and st[1] == os.getpid() and pid not in ours:
            try:
                os.waitpid(pid, os.WNOHANG)
            except OSError:
                pass


def kill_pids(pids):
    for pid in pids:
        try:
            os.kill(pid, signal.SIGKILL)
        except OSError:
            pass


def cleanup():
    for guest in list(_guests):
        guest.close()
    for _ in range(50):
        left = descendants()
        if not left:
            break
        kill_pids(left)
        time.sleep(0.05)
        reap()
    for path in _tmpdirs:
        shutil.rmtree(path, ignore_errors=True)


def _on_term(signum, frame):
    sys.exit(128 + signum)


# Orphans of a guest (its stub processes) come to us, so none can escape.
ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
signal.signal(signal.SIGTERM, _on_term)
atexit.register(cleanup)


def eventually(condition, timeout=TIMEOUT, step=0.05):
    """Wait until condition() is true; its last value."""
    end = time.monotonic() + timeout
    while True:
        value = condition()
        if value or time.monotonic() > end:
            return value
        time.sleep(step)


def need_linux():
    if not os.access(LINUX, os.X_OK):
        tap.diag("%s is not there: build it first" % LINUX)
        tap.ok(False, "the executable under test exists")
        tap.done()


_config = None


def config(name):
    """The value of CONFIG_name in the executable under test, or None."""
    global _config
    if _config is None:
        rows = host([LINUX, "--showconfig"])[1].splitlines()
        _config = dict(r[7:].split("=", 1) for r in rows if r.startswith("CONFIG_") and "=" in r)
    return _config.get(name)


def locked(name):
    """Serialise the building of shared things between parallel scripts."""
    os.makedirs(WORK, exist_ok=True)
    f = open(os.path.join(WORK, name + ".lock"), "w")
    fcntl.flock(f, fcntl.LOCK_EX)
    return f


def host(argv, **kw):
    """Run a host command; (status, output)."""
    kw.setdefault("timeout", TIMEOUT)
    kw.setdefault("stdin", subprocess.DEVNULL)
    try:
        r = subprocess.run(argv, stdout=subprocess.PIPE,
                           stderr=subprocess.STDOUT, text=True,
                           errors="replace", **kw)
        return r.returncode, r.stdout
    except subprocess.TimeoutExpired as e:
        out = e.stdout or b""
        return 124, out.decode("utf-8", "replace") if isinstance(out, bytes) else out
    except OSError as e:
        return 127, str(e)


# ------------------------------------------------------------------- archive

class Cpio:
    """A newc archive, written without privilege, device nodes included."""

    def __init__(self):
        self.out = bytearray()
        self.inode = 721
        self.seen = set()

    def _add(self, name, mode, data=b"", rdev=(0, 0)):
        name = name.strip("/")
        if name in self.seen:
            return
        self.seen.add(name)
        raw = name.encode() + b"\0"
        self.inode += 1
        self.out += b"070701" + b"".join(b"%08X" % v for v in (
            self.inode, mode, 0, 0, 1, 0, len(data), 0, 0,
            rdev[0], rdev[1], len(raw), 0)) + raw
        self._pad()
        self.out += data
        self._pad()

    def _pad(self):
        self.out += b"\0" * (-len(self.out) % 4)

    def parents(self, name):
        parts = name.strip("/").split("/")[:-1]
        for i in range(len(parts)):
            self._add("/".join(parts[:i + 1]), stat.S_IFDIR | 0o755)

    def dir(self, name, mode=0o755):
        self.parents(name)
        self._add(name, stat.S_IFDIR | mode)

    def node(self, name, kind, major, minor, mode=0o600):
        self.parents(name)
        self._add(name, (stat.S_IFCHR if kind == "c" else stat.S_IFBLK) | mode,
                  rdev=(major, minor))

    def link(self, name, target):
        self.parents(name)
        self._add(name, stat.S_IFLNK | 0o777, target.encode())

    def file(self, name, data, mode=0o644):
        self.parents(name)
        if isinstance(data, str):
            data = data.encode()
        self._add(name, stat.S_IFREG | mode, bytes(data))

    def copy(self, name, path):
        with open(path, "rb") as f:
            self.file(name, f.read(), stat.S_IMODE(os.stat(path).st_mode))

    def finish(self, path):
        self._add("TRAILER!!!", 0)
        self.out += b"\0" * (-len(self.out) % 512)
        new = "%s.%d" % (path, os.getpid())
        with open(new, "wb") as f:
            f.write(self.out)
        os.replace(new, path)
        return path


def busybox():
    for path in ("/bin/busybox", "/usr/bin/busybox"):
        if os.path.exists(path):
            return path
    tap.skip_all("no busybox (Debian: busybox-static)")


def guest_binaries():
    """Build guest/; the directory with guest-tests and init in it."""
    out = os.path.join(WORK, "guest")
    with locked("guest"):
        os.makedirs(out, exist_ok=True)
        rc, text = host(["make", "-s", "-C", os.path.join(HERE, "guest"),
                         "O=" + out, "-j4"], timeout=600)
    if rc:
        tap.diag(text)
        tap.ok(False, "guest programs build")
        tap.done()
    return out


@functools.cache
def host_lacks():
    """A word for a guest's command line, from which its programs know what the
    host lacks (guest/lacks.c); None: nothing."""
    rc, text = host([os.path.join(guest_binaries(), "guest-tests"), "--helper", "lacks"], timeout=60)
    if rc:
        raise RuntimeError("what the host lacks: status %s: %s" % (rc, tail(text, 3)))
    return "umlacks=" + ",".join(text.split()) if text.split() else None


def host_binary(name, static=False, shared=False):
    """Build host/NAME.c; its path.  Static, it runs in guests as well; shared, it is
    a library."""
    out = os.path.join(WORK, "host")
    src = os.path.join(HERE, "host", name + ".c")
    dst = os.path.join(out, name)
    with locked("host"):
        os.makedirs(out, exist_ok=True)
        if not os.path.exists(dst) or os.path.getmtime(dst) < os.path.getmtime(src):
            rc, text = host(["gcc", "-O2", "-Wall", "-pthread"] + ["-static"] * static +
                            ["-shared", "-fPIC"] * shared + ["-o", dst, src])
            if rc:
                tap.diag(text)
                tap.ok(False, "host helper %s builds" % name)
                tap.done()
    return dst


@functools.cache
def host_tool(name, sanitize=False):
    """Build a program of tools/ with tools/Makefile; its path.  With sanitize an
    error in memory, or undefined behaviour, ends it with a report."""
    out = os.path.join(WORK, "tools-sanitized" if sanitize else "tools")
    argv = ["make", "-s", "-C", os.path.join(TOP, "tools"), "O=" + out]
    if sanitize:
        argv.append("CFLAGS=-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all")
    with locked("tools"):
        rc, text = host(argv, timeout=600)
    if rc:
        tap.diag(text)
        tap.ok(False, "the programs of tools/ build")
        tap.done()
    return os.path.join(out, name)


APPLETS = None


def applets():
    global APPLETS
    if APPLETS is None:
        APPLETS = host([busybox(), "--list-full"])[1].split()
    return APPLETS


def populate(cpio, files=None):
    """What every test guest has; files: {guest path: host path or bytes}."""
    bins = guest_binaries()
    for name in ("proc", "sys", "dev", "tmp", "root", "mnt", "run", "etc",
                 "bin", "sbin", "usr/bin", "usr/sbin", "var/tmp", "tests"):
        cpio.dir(name)
    cpio.node("dev/console", "c", 5, 1)
    cpio.node("dev/null", "c", 1, 3, 0o666)
    for name, src in (files or {}).items():
        if isinstance(src, (bytes, bytearray)):
            cpio.file(name, src, 0o755)
        elif os.path.islink(src):
            cpio.link(name, os.readlink(src))
        else:
            cpio.copy(name, src)
    cpio.copy("init", os.path.join(bins, "init"))
    cpio.link("sbin/init", "/init")
    cpio.copy("tests/guest-tests", os.path.join(bins, "guest-tests"))
    cpio.copy("bin/busybox", busybox())
    for applet in applets():
        cpio.link(applet, "/bin/busybox")
    cpio.file("etc/passwd", "root::0:0:root:/root:/bin/sh\n"
              "user::1000:1000:user:/tmp:/bin/sh\n"
              "nobody:x:65534:65534:nobody:/:/bin/false\n")
    cpio.file("etc/group", "root:x:0:\nuser:x:1000:\nnogroup:x:65534:\n")
    cpio.file("etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")


def initramfs(files=None):
    """The quick-boot archive, with more files if given; its path."""
    cpio = Cpio()
    populate(cpio, files)
    if files:
        return cpio.finish(os.path.join(tmpdir(), "initramfs.cpio"))
    # Scripts may run side by side and share this; it is replaced as a whole.
    return cpio.finish(os.path.join(WORK, "initramfs.cpio"))


def extract(cpio, top):
    """Unpack a Cpio object's regular files, links and directories."""
    data, pos = bytes(cpio.out), 0
    while pos < len(data):
        field = [int(data[pos + 6 + 8 * i:pos + 14 + 8 * i], 16) for i in range(13)]
        name = data[pos + 110:pos + 110 + field[11] - 1].decode()
        pos += (110 + field[11] + 3) & ~3
        body = data[pos:pos + field[6]]
        pos += (field[6] + 3) & ~3
        path = os.path.join(top, name)
        mode = field[1]
        if stat.S_ISDIR(mode):
            os.makedirs(path, exist_ok=True)
        elif stat.S_ISLNK(mode):
            os.symlink(body.decode(), path)
        elif stat.S_ISREG(mode):
            with open(path, "wb") as f:
                f.write(body)
            os.chmod(path, stat.S_IMODE(mode))


def which(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/sbin:/usr/sbin")


def ext4_image(path, files=None, mib=96):
    """A bootable ext4 image with what the initramfs has; its path."""
    mke2fs = which("mke2fs")
    if not mke2fs:
        return None
    cpio = Cpio()
    populate(cpio, files)
    top = os.path.join(tmpdir(), "tree")
    os.makedirs(top)
    extract(cpio, top)
    sparse(path, mib << 20)
    rc, text = host([mke2fs, "-q", "-F", "-t", "ext4", "-d", top,
                     "-E", "root_owner=0:0", path])
    shutil.rmtree(top, ignore_errors=True)
    if rc:
        tap.diag(text)
        return None
    return path


def sparse(path, size):
    with open(path, "wb") as f:
        f.truncate(size)
    return path


def scratch_copy(image):
    """A private copy of an image, sparse and shared where the host can."""
    path = os.path.join(tmpdir(), os.path.basename(image))
    rc, text = host(["cp", "--reflink=auto", "--sparse=always", image, path],
                    timeout=900)
    if rc:
        raise RuntimeError(text)
    return path


def libraries(binary):
    """The shared objects a host binary needs, for files= of initramfs()."""
    need = {}
    for row in host(["ldd", binary])[1].splitlines():
        m = re.search(r"(?:=>\s*)?(/\S+)\s+\(0x", row)
        if m:
            need[m.group(1)] = os.path.realpath(m.group(1))
    return need


# --------------------------------------------------------------------- guest

class Timeout(Exception):
    pass


class Guest:
    """One run of the executable under test.

    With tty=True it runs on a pseudo terminal as its controlling terminal,
    otherwise on pipes.  All it prints goes to a log file and to self.text.
    """

    number = 0

    def __init__(self, *args, tty=False, initrd=None, mem="256M", con=True,
                 linux=None, wrap=(), cwd=None, env=None, name=None,
                 stdin=None, pass_fds=()):
        Guest.number += 1
        os.makedirs(LOGS, exist_ok=True)
        self.log_path = os.path.join(LOGS, "%s-%02d%s.log" % (
            TEST, Guest.number, "-" + name if name else ""))
        argv = list(wrap) + [linux or LINUX]
        if initrd:
            argv.append("initrd=" + initrd)
        if mem:
            argv.append("mem=" + mem)
        if con:
            argv += ["con=null", "con0=fd:0,fd:1"]
        # In front: what is behind a lone -- is init's.
        if ENGINE and not any(a.startswith("engine=") for a in args if a):
            argv.append("engine=" + ENGINE)
        argv += [a for a in args if a]
        self.argv = argv
        self.tty = tty
        self.buf = ""
        self.pos = 0
        self.eof = False
        self.long = ""
        self.cond = threading.Condition()
        self.log = open(self.log_path, "wb")
        self.log.write(("$ %s\n" % " ".join(argv)).encode())
        full = dict(os.environ)
        full.setdefault("HOME", "/tmp")
        full.update(env or {})
        self.home = full["HOME"]
        self.started = time.monotonic()
        if tty:
            self.master, self.slave = pty.openpty()
            fcntl.ioctl(self.slave, termios.TIOCSWINSZ,
                        struct.pack("HHHH", 24, 80, 0, 0))
            self.attr = termios.tcgetattr(self.slave)

            def controlling():
                fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            self.proc = subprocess.Popen(
                argv, stdin=self.slave, stdout=self.slave, stderr=self.slave,
                start_new_session=True, preexec_fn=controlling, cwd=cwd,
                env=full)
            self.rfd = self.master
        else:
            self.proc = subprocess.Popen(
                argv, stdin=subprocess.PIPE if stdin is None else stdin,
                stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                start_new_session=True, cwd=cwd, env=full, pass_fds=pass_fds)
            self.rfd = self.proc.stdout.fileno()
        _guests.append(self)
        self.thread = threading.Thread(target=self._reader, daemon=True)
        self.thread.start()

    def _reader(self):
        while True:
            try:
                data = os.read(self.rfd, 65536)
            except OSError:
                data = b""
            if not data:
                break
            if not self.log.closed:
                self.log.write(data)
                self.log.flush()
            with self.cond:
                self.buf += data.decode("utf-8", "replace").replace("\r\n", "\n")
                self.cond.notify_all()
        with self.cond:
            self.eof = True
            self.cond.notify_all()

    @property
    def pid(self):
        return self.proc.pid

    @property
    def text(self):
        with self.cond:
            return self.buf

    def expect(self, regex, timeout=None):
        """Wait for regex in what came since the last match; the match."""
        end = time.monotonic() + (timeout or TIMEOUT)
        rx = re.compile(regex, re.M)
        while True:
            # On a terminal end of file never comes while we hold the slave.
            gone = self.proc.poll() is not None
            with self.cond:
                m = rx.search(self.buf, self.pos)
                if m:
                    self.pos = m.end()
                    return m
                if self.eof or time.monotonic() > end:
                    break
                if not gone:
                    self.cond.wait(0.2)
                    continue
            time.sleep(0.2)
            with self.cond:
                m = rx.search(self.buf, self.pos)
                if m:
                    self.pos = m.end()
                    return m
            break
        if self.eof or self.proc.poll() is not None:
            raise Timeout("end of output while waiting for /%s/\n%s" % (regex, tail(self.text)))
        if LINUX in self.argv:
            from autopsy import autopsy
            autopsy(self)
        raise Timeout("time ran out while waiting for /%s/\n%s" % (regex, tail(self.text)))

    def write(self, data):
        if isinstance(data, str):
            data = data.encode()
        if self.tty:
            os.write(self.master, data)
        else:
            self.proc.stdin.write(data)
            self.proc.stdin.flush()

    def send(self, line):
        self.write(line + "\n")

    def shell(self, timeout=None):
        """Wait for the shell that init starts for the word umsh."""
        self.expect(r"@@SHELL@@", timeout)
        self.send("stty -echo; PS1=; PS2=; echo @@'READY'@@")
        self.expect(r"@@READY@@", timeout)
        return self

    def run(self, cmd, timeout=None):
        """Run a command line in the guest's shell; (status, output)."""
        self.send(cmd + "\necho @@'RC='$?@@")
        with self.cond:
            start = self.pos
        m = self.expect(r"@@RC=(\d+)@@\n?", timeout)
        with self.cond:
            out = self.buf[start:m.start()]
        return int(m.group(1)), out.lstrip("\n")

    def wait(self, timeout=None):
        """Exit status as the host sees it: negative for a signal."""
        try:
            rc = self.proc.wait(timeout or TIMEOUT)
        except subprocess.TimeoutExpired:
            return None
        # Let the reader take what is still on its way.
        if self.tty:
            eventually(lambda: not select.select([self.master], [], [], 0)[0], 2)
            time.sleep(0.05)
        else:
            self.thread.join(5)
        return rc

    def wait_busy(self, silence):
        """Like wait(), for as long as it prints something now and then.  What it
        is seen doing when that is long ago goes to self.long."""
        size, since = -1, time.monotonic()
        while self.proc.poll() is None:
            now = len(self.text)
            silent = time.monotonic() - since
            if now != size:
                size, since, looks = now, time.monotonic(), 0
            elif silent > silence:
                return None
            elif silent > LONG * (looks + 1) and looks < 2:
                from autopsy import busy
                looks += 1
                self.long += "silent for %d s:\n%s\n" % (silent, busy(self))
            time.sleep(0.1)
        return self.wait()

    def poweroff(self, timeout=None):
        self.send("exec poweroff -f")
        rc = self.wait(timeout)
        if rc is None:
            from autopsy import autopsy
            autopsy(self)
        return rc

    def children(self):
        return descendants(self.pid)

    def cpu_seconds(self):
        ticks = 0
        for pid in [self.pid] + self.children():
            st = stat_of(pid)
            if st:
                ticks += st[2]
        return ticks / os.sysconf("SC_CLK_TCK")

    def kill(self, sig=signal.SIGKILL):
        try:
            os.kill(self.pid, sig)
        except OSError:
            pass

    def close(self):
        below = self.children()
        if self.proc.poll() is None:
            self.proc.kill()
            try:
                self.proc.wait(10)
            except subprocess.TimeoutExpired:
                pass
        kill_pids(below)
        if self in _guests:
            _guests.remove(self)
        if self.tty:
            for fd in (self.master, self.slave):
                try:
                    os.close(fd)
                except OSError:
                    pass
        else:
            self.thread.join(5)
            for f in (self.proc.stdin, self.proc.stdout):
                try:
                    if f:
                        f.close()
                except OSError:
                    pass
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self.close()
        return False


def boot(*args, **kw):
    """A guest on the shared initramfs, at its shell prompt."""
    kw["initrd"] = kw.get("initrd") or initramfs()
    g = Guest("umsh", "quiet", *args, **kw)
    try:
        return g.shell()
    except Timeout:
        g.close()
        raise


def boot_to_end(*args, timeout=None, **kw):
    """Boot, let it end by itself; (status or None on a hang, text)."""
    with Guest(*args, **kw) as g:
        rc = g.wait(timeout)
        if rc is None:
            tap.diag("still running after %gs, killed; log %s" %
                     (timeout or TIMEOUT, g.log_path))
        return rc, g.text


def leftovers(grace=3):
    """Host processes that a guest left behind (should be none)."""
    def none_left():
        reap()
        return not descendants()
    if eventually(none_left, grace):
        return []
    left = []
    for pid in descendants():
        try:
            with open("/proc/%d/cmdline" % pid) as f:
                left.append("%d %s" % (pid, f.read().replace("\0", " ").strip()))
        except OSError:
            pass
    return left


def no_leftovers(name="no host process is left behind"):
    left = leftovers()
    if not tap.ok(not left, name):
        tap.diag("\n".join(left))
        kill_pids(descendants())


# ------------------------------------------------- results of in-guest areas

def areas():
    """The areas that guest-tests knows: {name: seconds}."""
    rc, text = host([os.path.join(guest_binaries(), "guest-tests"), "--list"])
    return {row.split()[0]: int(row.split()[1]) for row in text.splitlines()}


def relay(text, names):
    """Turn what a guest printed into results of this script."""
    state, current, saw = {}, None, 0
    for row in text.splitlines():
        m = re.match(r"@@AREA (\S+)$", row)
        if m:
            current, saw = m.group(1), 0
            continue
        m = re.match(r"@@END (\S+) (\d+) (.*)$", row)
        if m:
            state[m.group(1)] = m.group(3)
            tap.ok(m.group(3) == "ok" and saw == int(m.group(2)),
                   "%s: all of it ran (%s)" % (m.group(1), m.group(3)))
            if saw != int(m.group(2)):
                tap.diag("%d of %s results arrived" % (saw, m.group(2)))
            current = None
            continue
        if not current:
            continue
        m = re.match(r"(not )?ok (\d+) - (.*?)(?: # (SKIP|TODO)\s*(.*))?$", row)
        if m:
            saw += 1
            name = "%s: %s" % (current, m.group(3))
            if m.group(4) == "SKIP":
                tap.skip(m.group(5), name)
            else:
                tap.ok(not m.group(1), name)
        elif row.startswith("#"):
            tap.diag("%s: %s" % (current, row[1:].strip()))
    for name in names:
        if name not in state:
            tap.ok(False, "%s: all of it ran (no end seen)" % name)
    return state


def run_areas(names, *args, **kw):
    """Run the named areas in one boot; results are relayed.  An area that ends
    or hangs the guest costs another boot for those behind it."""
    known = areas()
    kw["initrd"] = kw.get("initrd") or initramfs()
    kw.setdefault("mem", "512M")
    names = list(names)
    while names:
        patience = max(known.get(n, 60) for n in names) + TIMEOUT / 2
        with Guest("umtest=" + ",".join(names), "loglevel=3", host_lacks(), *args, **kw) as g:
            rc = g.wait_busy(patience)
            text, log = g.text, g.log_path
        ended = re.findall(r"^@@END (\S+) ", text, re.M)
        behind = [n for n in names if n not in ended]
        state = relay(text, names[:len(names) - len(behind) + 1] if behind else names)
        if behind or "hung" in state.values():
            tap.diag(g.long)
        m = re.search(r"^@@LOG (.*)$", text, re.M)
        if behind or not m:
            tap.ok(False, "%s: the guest lives on (%s)" %
                   (behind[0] if behind else TEST, "hangs" if rc is None else "status %s" % rc))
            tap.diag("log: %s\n%s" % (log, tail(text, 40)))
        else:
            tap.ok(rc in (0, 1), "the guest ends by itself (%s)" % rc)
            good = tap.ok(m.group(1) == "clean", "no warning or backtrace in the kernel's log")
            if not good:
                tap.diag("\n".join(re.findall(r"^@@KMSG (.*)$", text, re.M)))
        names = behind[1:]
    no_leftovers()
