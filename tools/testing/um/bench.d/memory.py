# SPDX-License-Identifier: GPL-2.0
"""The host's memory that a guest takes, over all of its host processes."""
import ctypes
import os

from umtest import descendants

SYS_KCMP, KCMP_VM = 312, 1
libc = ctypes.CDLL(None, use_errno=True)


def processes(root):
    """A guest's host processes: all below it, and all of its session, which it
    leads."""
    found = {root, *descendants(root)}
    for name in os.listdir("/proc"):
        if name.isdigit():
            try:
                if os.getsid(int(name)) == root:
                    found.add(int(name))
            except OSError:
                pass
    return sorted(found)


def one_space(a, b):
    """Whether two processes share an address space, as clone(CLONE_VM) makes
    them: then each shows all of its memory as its own."""
    result = libc.syscall(SYS_KCMP, a, b, KCMP_VM, 0, 0)
    if result < 0 and ctypes.get_errno() != 3:   # ESRCH
        raise PermissionError(ctypes.get_errno(), "kcmp: " + os.strerror(ctypes.get_errno()))
    return result == 0


def spaces(pids):
    """One process for each address space."""
    kept = []
    for pid in pids:
        if not any(one_space(pid, other) for other in kept):
            kept.append(pid)
    return kept


def rollup(pid):
    """{name: kB} of a process; nothing for one that has ended."""
    try:
        with open("/proc/%d/smaps_rollup" % pid) as f:
            rows = f.read().splitlines()[1:]
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {row.split(":")[0]: int(row.split()[1]) for row in rows}


def memory_files(pid):
    """{identity: bytes} of files without a name that a process has open and that
    take memory: a memfd, or one in a tmpfs."""
    found = {}
    folder = "/proc/%d/fd" % pid
    try:
        names = os.listdir(folder)
    except OSError:
        return found
    for name in names:
        path = os.path.join(folder, name)
        try:
            target = os.readlink(path)
            if not target.endswith(" (deleted)"):
                continue
            st = os.stat(path)
        except OSError:
            continue
        if st.st_nlink == 0 and target.startswith(("/memfd:", "/dev/shm/", "/tmp/", "/run/")):
            found[st.st_dev, st.st_ino] = st.st_blocks * 512
    return found


def taken(root):
    """MiB, each address space once: what several map is counted once in pss and
    in each of them in rss; files is guest memory that the host has given, mapped
    by somebody just now or not."""
    pids = processes(root)
    pss = rss = 0
    files = {}
    for pid in spaces(pids):
        kb = rollup(pid)
        pss += kb.get("Pss", 0)
        rss += kb.get("Rss", 0)
        files.update(memory_files(pid))
    return {"pss": pss / 1024, "rss": rss / 1024, "files": sum(files.values()) / (1 << 20),
            "processes": len(pids)}
