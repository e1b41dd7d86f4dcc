"""What the judge and a jailed process say to each other, message by message; both import it.

The judge speaks first. Each of its messages to a program is a ticket of random bytes and a body; the answer repeats the
ticket, so that no answer is older than its question, and nobody but the program asked can have given it.

    job          ("functions", sources, name)   define a program whose function `name` will be called
                 ("methods", sources, name)     the same, of its class Solution where it has one, with the prelude
                 ("script", sources)            run a program with the prelude, as the main module
                 ("tests", sources, name)       define HumanEval's tests and run them on a candidate
    answer       DONE                           defined
                 VALUE and an encoded value     what the call gave
                 UNPLAIN                        it gave something that cannot be encoded
                 RAISED and a name              it raised this: the nearest built-in type
                 MISSING                        the program has no such function
    to tests     GO                             run; then the answer to each CALL
    of tests     CALL and an encoded (arguments, named arguments): they want the candidate called
                 DONE                           they hold
    of a script  RAISED and a name              only where it raised; its output and its exit status say the rest
"""

from __future__ import annotations

import builtins

TICKET = 8  # bytes

DONE, VALUE, UNPLAIN, RAISED, MISSING, GO, CALL = b".", b"=", b"?", b"!", b"-", b">", b"("

EXCEPTIONS: dict[str, type[BaseException]] = {
    name: kind
    for name, kind in vars(builtins).items()
    if isinstance(kind, type) and issubclass(kind, BaseException) and kind.__name__ == name
}
"""The built-in exceptions: what a program can be said to have raised."""
