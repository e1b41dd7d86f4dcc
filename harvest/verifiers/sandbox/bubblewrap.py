"""bubblewrap, where it works: a mount, process, network, IPC, host-name and user namespace around the zygote."""

from __future__ import annotations

import shutil
import subprocess
from typing import NamedTuple

IN_MEMORY = "/dev/shm"
"""Where programs' folders are inside: a small file system in memory, which is not the machine's of that name."""


class Bubblewrap(NamedTuple):
    """An installed one."""

    path: str
    version: str

    def command(self, size: int) -> list[str]:
        """What stands before a command: all of the machine read-only, and that many bytes `IN_MEMORY`."""
        return [
            self.path, "--unshare-user-try", "--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts",
            "--unshare-cgroup-try", "--cap-drop", "ALL", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc",
            "--perms", "0700", "--size", str(size), "--tmpfs", IN_MEMORY, "--chdir", "/", "--",
        ]  # fmt: skip


def find_bubblewrap() -> Bubblewrap | None:
    """The one on the path, if any; whether it works here one sees by trying."""
    path = shutil.which("bwrap")
    if path is None:
        return None
    try:
        said = subprocess.run([path, "--version"], capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    return Bubblewrap(path, said.split()[-1] if said.split() else "unknown")
