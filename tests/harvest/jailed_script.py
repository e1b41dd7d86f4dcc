"""What the tests run inside the sandbox: Python source, message by message, with `say` to answer.

The last answer to a source is ``done``, or the exception that ended it.
"""

import os
import struct


def _read(descriptor, size):
    got = b""
    while len(got) < size:
        part = os.read(descriptor, size - len(got))
        if not part:
            raise SystemExit(0)
        got += part
    return got


def main(read, write):
    def say(what):
        message = what if isinstance(what, bytes) else str(what).encode("utf-8", "replace")
        message = struct.pack("!I", len(message)) + message
        while message:
            message = message[os.write(write, message) :]

    while True:
        program = _read(read, *struct.unpack("!I", _read(read, 4)))
        try:
            exec(compile(program, "program.py", "exec"), {"__name__": "__main__", "say": say, "raw": (read, write)})
            said = "done"
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        say(said)
