"""A Ray cluster of two machines, both of them this one, each with one CPU: as a program, and for tests that use it.

The program tells the address, and does what lines on its standard input say until that ends.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SMALL = {"num_cpus": 1, "object_store_memory": 80_000_000}


def environment(folder):
    """What processes are told that keep what they have of Ray in a folder, and know of no other cluster."""
    others = {name: value for name, value in os.environ.items() if not name.startswith("RAY_")}
    return {**others, "PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "RAY_TMPDIR": folder}


def new_folder():
    """A folder with a short name: sockets lie in it, whose names have at most 107 bytes."""
    return tempfile.mkdtemp(prefix="ray")


class TwoMachines:
    """The program, running."""

    def __init__(self):
        self.folder = new_folder()
        self.environment = environment(self.folder)
        self._program = subprocess.Popen(
            [sys.executable, __file__], env=self.environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            start_new_session=True,
        )  # fmt: skip
        self.address = self._answer()

    def do(self, words):
        """Have it do one of `ORDERS`; what it says of it."""
        self._program.stdin.write(f"{words}\n")
        self._program.stdin.flush()
        return self._answer()

    def _answer(self):
        answer = self._program.stdout.readline()
        assert answer, "the cluster has ended"
        return answer.strip()

    def end(self):
        """End every process of it."""
        with contextlib.suppress(BrokenPipeError, subprocess.TimeoutExpired):
            self._program.communicate(timeout=30)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._program.pid, signal.SIGKILL)
        shutil.rmtree(self.folder, ignore_errors=True)


def processes(words):
    """Processes whose command line has these words, by number."""
    found = []
    for file in Path("/proc").glob("[0-9]*/cmdline"):
        with contextlib.suppress(OSError):
            if words in file.read_bytes().replace(b"\0", b" ").decode(errors="replace"):
                found.append(int(file.parent.name))
    return found


def _parent(pid):
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def kill_worker(nodes):
    """Kill a process that runs a part, as soon as there is one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        ours = {info.process.pid for node in nodes for info in node.all_processes["raylet"]}
        for pid in processes("ray::replay_part"):
            with contextlib.suppress(OSError):
                if _parent(pid) in ours:
                    os.kill(pid, signal.SIGKILL)
                    return "killed"
        time.sleep(0.01)
    return "nobody works"


def settle(cluster, nodes):
    """Wait until the cluster knows who has died and who is new."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        if sum(node["Alive"] for node in cluster.global_state.node_table()) == len(nodes):
            return "settled"
        time.sleep(0.1)
    return "it does not"


def main():
    from ray.cluster_utils import Cluster

    cluster = Cluster(initialize_head=True, head_node_args={**SMALL, "include_dashboard": False})
    try:
        nodes = [cluster.head_node, cluster.add_node(**SMALL)]
        print(cluster.address, flush=True)
        for line in sys.stdin:
            order, _, rest = line.strip().partition(" ")
            if order == "kill-worker":
                told = kill_worker(nodes)
            elif order == "kill-machine":
                cluster.remove_node(nodes.pop(), allow_graceful=False)
                told = "killed"
            elif order == "add-machine":  # whose Python looks for packages in this folder first
                path = os.pathsep.join([rest, os.environ["PYTHONPATH"]])
                nodes.append(cluster.add_node(**SMALL, env_vars={"PYTHONPATH": path}))
                told = "added"
            elif order == "settle":
                told = settle(cluster, nodes)
            print(told, flush=True)
    finally:
        cluster.shutdown()


if __name__ == "__main__":
    main()
