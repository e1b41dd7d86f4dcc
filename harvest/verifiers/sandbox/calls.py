"""The calls of the kernel that Python needs, and nothing else: a filter of seccomp, built once outside."""

from __future__ import annotations

import errno
import functools
import tempfile
from typing import Any

from harvest.verifiers.sandbox.jail import PID
from ttcsim.errors import InputError

_ALLOWED = """
read write readv writev pread64 pwrite64 preadv pwritev preadv2 pwritev2 close close_range lseek dup dup2 dup3 pipe
pipe2 stat fstat lstat newfstatat statx statfs fstatfs access faccessat faccessat2 readlink readlinkat getcwd chdir
fchdir open openat creat mkdir mkdirat rmdir unlink unlinkat rename renameat renameat2 link linkat symlink symlinkat
truncate ftruncate fallocate fsync fdatasync getdents getdents64 sendfile copy_file_range
poll ppoll select pselect6 epoll_create epoll_create1 epoll_ctl epoll_wait epoll_pwait eventfd eventfd2
mprotect munmap mremap brk msync rseq set_robust_list set_tid_address futex futex_waitv sched_yield getcpu
nanosleep clock_nanosleep clock_gettime clock_getres gettimeofday time times getrusage alarm setitimer getitimer
getpid gettid getppid getuid geteuid getgid getegid getresuid getresgid getgroups getpgrp uname sysinfo getrandom
getrlimit setrlimit rt_sigaction rt_sigprocmask rt_sigreturn rt_sigpending rt_sigtimedwait rt_sigsuspend sigaltstack
pause restart_syscall exit exit_group
""".split()  # noqa: SIM905

# What a program may well try is refused in words that fit; the rest is not there at all (ENOSYS).
_FORBIDDEN = """
fork vfork execve execveat socket socketpair connect bind ptrace tkill chmod fchmod fchmodat chown fchown lchown
fchownat utime utimes utimensat setuid setgid setpgid setsid setpriority sched_setscheduler mount umount2 chroot
mknod mknodat umask flock
""".split()  # noqa: SIM905

_THREADS = (0x3D0F00, 0x7D0F00)  # the flags with which libc (glibc, musl) makes a thread
_THREAD = 0x10000  # a process is made without this one
_FCNTL = (0, 1, 2, 3, 4, 1030, 1032)  # duplicate, flags, size of a pipe; no locks, leases, seals nor signals
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # a terminal? its size, bytes waiting, blocking, at exec
_PRCTL = (15, 16, 0x53564D41)  # names of threads and of memory
_MADVISE = (0, 1, 2, 3, 4, 8, 14, 15, 16, 17)
_MAP_UNSWAPPABLE = 0x42000  # huge pages and locked memory are the machine's


@functools.cache
def make_filter() -> bytes:
    """The filter as the kernel takes it, `PID` standing for the process's own id."""
    try:
        import pyseccomp as seccomp

        return _make(seccomp)
    except (ImportError, RuntimeError, OSError, AttributeError) as error:
        why = " ".join(str(error).split())
        raise InputError(
            f"code cannot be shut in here: libseccomp cannot be used ({why}); install libseccomp2"
        ) from error


def _make(seccomp: Any) -> bytes:
    refuse, arg, equal, masked = seccomp.ERRNO(errno.EPERM), seccomp.Arg, seccomp.EQ, seccomp.MASKED_EQ
    rules = seccomp.SyscallFilter(defaction=seccomp.ERRNO(errno.ENOSYS))

    def add(action: int, name: str, *conditions: Any) -> None:
        try:
            rules.add_rule(action, name, *conditions)
        except OSError as error:  # this processor, or this libseccomp, has no such call
            if error.errno not in (errno.EINVAL, errno.EDOM, errno.EFAULT, errno.ENOSYS):
                raise

    for name in _ALLOWED:
        add(seccomp.ALLOW, name)
    for name in _FORBIDDEN:
        add(refuse, name)
    by_first = {"clone": _THREADS, "prctl": _PRCTL, "sched_getaffinity": (0, PID), "prlimit64": (0, PID)}
    for name, values in by_first.items():
        for value in values:
            add(seccomp.ALLOW, name, arg(0, equal, value))
    for name, at, values in (("fcntl", 1, _FCNTL), ("ioctl", 1, _IOCTL), ("madvise", 2, _MADVISE)):
        for value in values:
            add(seccomp.ALLOW, name, arg(at, equal, value))
    for name in ("kill", "tgkill"):
        add(seccomp.ALLOW, name, arg(0, equal, PID))
        add(refuse, name, arg(0, seccomp.NE, PID))
    add(refuse, "clone", arg(0, masked, _THREAD, 0))
    add(seccomp.ALLOW, "mmap", arg(3, masked, _MAP_UNSWAPPABLE, 0))
    with tempfile.TemporaryFile() as exported:
        rules.export_bpf(exported)
        exported.seek(0)
        return exported.read()
