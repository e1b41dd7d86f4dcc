"""Replays of every policy have the bits that they had."""

import json

from golden import replays


def test_every_replay_has_the_bits_that_it_had():
    found, kept = replays.digests(), json.loads(replays.FILE.read_text())
    new = sorted(found.keys() - kept.keys())
    assert not new, f"no digest of {', '.join(new)}: write it with `python -m tests.golden.replays`"
    other = [name for name in kept if found.get(name) != kept[name]]
    assert not other, (
        f"{len(other)} replays differ, such as {', '.join(other[:3])}; where a change of choices is meant, say why and "
        "write them anew with `python -m tests.golden.replays`"
    )
