"""The only file that imports vllm: prompts in, sampled responses out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Response:
    """One sampled response."""

    text: str
    tokens: int  # generated tokens, the one that stopped it included; at least 1
    logprob: float  # summed over tokens, nats


def engine_version() -> str:
    """Version of the installed vllm."""
    import vllm

    return str(vllm.__version__)


def generate(
    model: Path,
    prompts: Sequence[str],
    *,
    engine: dict[str, Any],
    sampling: dict[str, Any],
    batch: int,
) -> Iterator[list[Response]]:
    """Yield the ``sampling["n"]`` responses of each prompt, in order.

    The seed is the engine's: a seed per request crashes vLLM's CPU build when n > 1 is scheduled in parts. `batch`
    prompts are handed over at a time.
    """
    from vllm import LLM, SamplingParams

    llm = LLM(model=str(model), **engine)
    params = SamplingParams(logprobs=0, **sampling)
    for at in range(0, len(prompts), batch):
        for output in llm.generate(list(prompts[at : at + batch]), params, use_tqdm=False):
            yield [
                Response(o.text, max(1, len(o.token_ids)), float(o.cumulative_logprob or 0.0)) for o in output.outputs
            ]
