"""Runs one untrusted program: a script of its own that shuts itself in first, by limits, Landlock and seccomp.

It imports nothing of this package, so that it starts quickly. It reads one JSON object from descriptor CONTROL_IN, then
reports on CONTROL_OUT: a line ``shut in`` or ``open: <why>``, and the object's `token` once the program has run to its
end. A program that leaves early, by whatever means, never gets to report.
"""

from __future__ import annotations

import json
import os
import resource
import sys

CONTROL_IN, CONTROL_OUT = 3, 4

_CLONE_THREAD = 0x00010000
# No processes but threads, no network, no signals, no change of the machine: what Landlock leaves open.
_DENIED = """
fork vfork socket kill tkill rt_sigqueueinfo rt_tgsigqueueinfo pidfd_open pidfd_send_signal pidfd_getfd ptrace
process_vm_readv process_vm_writev process_madvise kcmp mount umount2 mount_setattr move_mount fsopen open_tree
unshare setns pivot_root chroot reboot keyctl add_key request_key bpf perf_event_open io_uring_setup memfd_create
memfd_secret shmget shmat msgget semget mq_open setpriority ioprio_set sched_setscheduler sched_setparam
sched_setattr userfaultfd chmod fchmod fchmodat fchmodat2 chown fchown lchown fchownat utime utimes futimesat
utimensat setxattr lsetxattr fsetxattr removexattr lremovexattr fremovexattr truncate mknod mknodat settimeofday
clock_settime clock_adjtime adjtimex init_module finit_module delete_module kexec_load kexec_file_load swapon
swapoff sethostname setdomainname quotactl acct syslog personality name_to_handle_at open_by_handle_at fanotify_init
setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset vhangup iopl ioperm
""".split()  # noqa: SIM905


def _limit(job: dict[str, float]) -> None:
    limits = {
        resource.RLIMIT_AS: int(job["memory_mb"]) << 20,
        resource.RLIMIT_FSIZE: int(job["file_mb"]) << 20,
        resource.RLIMIT_CPU: int(job["timeout"]) + 2,
        resource.RLIMIT_CORE: 0,
        resource.RLIMIT_NOFILE: 64,
    }
    for kind, limit in limits.items():
        resource.setrlimit(kind, (limit, limit))


def _shut_files(folder: str) -> None:
    from landlock import FSAccess, Ruleset

    everything = FSAccess.all()
    read = everything & (FSAccess.EXECUTE | FSAccess.READ_FILE | FSAccess.READ_DIR)
    devices = FSAccess.MAKE_CHAR | FSAccess.MAKE_BLOCK | FSAccess.MAKE_SOCK
    rules = Ruleset()
    rules.allow("/", rules=read)
    rules.allow("/dev/null", rules=everything & (FSAccess.READ_FILE | FSAccess.WRITE_FILE))
    rules.allow(folder, rules=everything & ~devices)
    rules.apply()


def _shut_calls() -> None:
    import errno

    import pyseccomp as seccomp

    refuse = seccomp.ERRNO(errno.EPERM)
    calls = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    for name in _DENIED:
        try:
            calls.add_rule(refuse, name)
        except OSError:  # this processor has no such call
            continue
    calls.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, _CLONE_THREAD, 0))
    calls.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")  # its flags cannot be seen; libc goes back to clone
    calls.add_rule(refuse, "tgkill", seccomp.Arg(0, seccomp.NE, os.getpid()))
    calls.add_rule(refuse, "prlimit64", seccomp.Arg(0, seccomp.NE, 0))
    calls.add_rule(refuse, "sched_setaffinity", seccomp.Arg(0, seccomp.NE, 0))
    calls.load()


def main() -> None:
    """Read the job, shut in, run, report."""
    with os.fdopen(CONTROL_IN, "rb") as control:
        job = json.load(control)
    try:
        _shut_files(job["folder"])
        _shut_calls()
        state = "shut in"
    except Exception as error:  # both libraries raise what they like on an old kernel
        state = f"open: {type(error).__name__}: {error}".replace("\n", " ")
    os.write(CONTROL_OUT, (state + "\n").encode())
    if state != "shut in":
        os._exit(3)
    _limit(job)
    token: str = job["token"]
    program: str = job["program"]
    needs_end: bool = job["needs_end"]
    sys.argv = ["program.py"]
    del job
    scope = {"__name__": "__main__", "__file__": "program.py"}
    try:
        exec(compile(program, "program.py", "exec"), scope)
    except SystemExit as end:
        if needs_end or end.code not in (None, 0):
            raise
    sys.stdout.flush()
    os.write(CONTROL_OUT, token.encode())


if __name__ == "__main__":
    main()
