"""All bits of a result as one short text."""

import hashlib


def bits(result):
    """A hash of every number that a sweep gives, of its config and of its frame."""
    found = hashlib.sha256(repr(result.config).encode())
    for outcome in result.outcomes:
        for field in ("per_rep", "per_query", "slope", "taught"):
            for metric, values in getattr(outcome, field).items():
                found.update(f"{field} {metric} {values.dtype} {values.shape}".encode() + values.tobytes())
        for field in ("spent", "exhausted", "draws", "cost"):
            found.update(getattr(outcome, field).tobytes())
    found.update(result.frame.write_csv(float_precision=17).encode())
    return found.hexdigest()
