"""A whole harvest against bare ``LLM.generate`` on the same prompts and engine, in one run (needs `make test-harvest`).

The bare call is as well configured as the harvest (block size, prefix caching, all prompts at once) and does nothing
else; the harvest seeds every request, verifies, writes and syncs its parts and assembles the pool. With [confidence] it
asks for 20 log-probabilities of every token as well.
"""

from __future__ import annotations

import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path

from harvest.config import ConfidenceConfig, Config, load_config
from harvest.generate import VllmGenerator, VllmRewardModel
from harvest.models import Factory
from harvest.progress import Report
from harvest.queries import make_queries
from harvest.run import run

ROUNDS = 5


def main() -> None:
    model = sys.argv[1] if len(sys.argv) > 1 else ".venv-harvest/smollm2-135m-instruct"
    with tempfile.TemporaryDirectory() as folder:
        config = load_config(
            "recipe:builtin-smollm2",
            [f"model.path={model}", f"output.path={folder}/pool", "sampling.n=64", "task.options.size=2", "reward=[]",
             "output.queries_per_part=8", "output.overlap=true"],
        )  # fmt: skip
        generator = VllmGenerator(config.model, config.engine, config.sampling, config.environment)
        generator.close = lambda: None  # type: ignore[method-assign]
        prompts = [q.prompt for q in make_queries(config, generator.render)]
        bare(generator, prompts, config)  # warms up both: the engine is the same
        confident = config.model_copy(update={"confidence": ConfidenceConfig()})
        times: dict[str, list[float]] = {"bare": [], "harvest": [], "confident": []}
        for _ in range(ROUNDS):
            times["bare"].append(bare(generator, prompts, config))
            times["harvest"].append(harvest(generator, config))
            times["confident"].append(harvest(generator, confident))
    samples = len(prompts) * config.sampling.n
    median = {name: samples / statistics.median(t) for name, t in times.items()}
    print(f"{samples} samples of {len(prompts)} prompts, {ROUNDS} rounds in turn, medians\n")
    print("| | samples/s |\n|---|---|")
    print(f"| bare LLM.generate | {median['bare']:.1f} |\n| harvest, verified and written | {median['harvest']:.1f} |")
    print(f"| harvest with [confidence] | {median['confident']:.1f} |")
    print(f"\nharvest / bare: {_ratio(times, 'bare', 'harvest'):.3f} (paired median)")
    print(f"\nwith / without [confidence]: {_ratio(times, 'harvest', 'confident'):.3f} (paired median)")


def _ratio(times: dict[str, list[float]], of: str, to: str) -> float:
    return statistics.median(a / b for a, b in zip(times[of], times[to], strict=True))


def bare(generator: VllmGenerator, prompts: list[str], config: Config) -> float:
    from vllm import SamplingParams

    s = config.sampling
    parameters = SamplingParams(
        n=s.n, temperature=s.temperature, top_p=s.top_p, max_tokens=s.max_tokens, stop=list(s.stop), logprobs=0
    )
    generator.fresh()
    started = time.perf_counter()
    generator._llm.generate(prompts, parameters, use_tqdm=False)
    return time.perf_counter() - started


def harvest(generator: VllmGenerator, config: Config) -> float:
    generator.fresh()
    started = time.perf_counter()
    pool = run(config, factory=Factory(lambda *_: generator, VllmRewardModel), report=Report(quiet=True))
    spent = time.perf_counter() - started
    shutil.rmtree(Path(pool))
    return spent


if __name__ == "__main__":
    main()
