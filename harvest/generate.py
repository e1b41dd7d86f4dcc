"""The only file that imports vllm: language models that sample, reward models that score."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from harvest.confidence import TOP, confidence
from harvest.config import ModelConfig, SamplingConfig
from harvest.engine import Messages, Request, Response
from harvest.progress import Report
from ttcsim.errors import InputError


def engine_version() -> str:
    """Version of the installed vllm."""
    return str(_vllm({}).__version__)


def _vllm(environment: Mapping[str, str]) -> Any:
    os.environ.setdefault("VLLM_LOGGING_STREAM", "ext://sys.stderr")
    os.environ.setdefault("VLLM_LOGGING_LEVEL", "ERROR")
    os.environ.update(environment)
    try:
        import vllm
    except ImportError as error:
        raise InputError(f"vllm cannot be imported ({error}); run `make test-harvest`, or pip install vllm") from error
    return vllm


def _on_cpu() -> bool:
    from vllm.platforms import current_platform

    return bool(current_platform.is_cpu())


class _Loaded:
    """A model in vLLM."""

    answers: bool  # whether a rendered conversation ends where the model's turn begins
    no_template: str  # what is wrong without a chat template

    def __init__(self, model: ModelConfig, arguments: dict[str, Any], environment: Mapping[str, str]) -> None:
        vllm = _vllm(environment)
        try:
            self._llm = vllm.LLM(model=model.path, revision=model.revision, disable_log_stats=True, **arguments)
        except Exception as error:  # whatever a wrong path, a wrong argument or a full device raises
            lines = [line for line in str(error).splitlines() if line.strip()] or [type(error).__name__]
            raise InputError(f"vllm cannot load '{model.path}': {lines[0][:300]}; see [model] and [engine]") from error
        self._tokenizer = self._llm.get_tokenizer()

    def render(self, messages: Messages) -> str:
        """A conversation as text, by the model's chat template."""
        if getattr(self._tokenizer, "chat_template", None) is None:
            raise InputError(self.no_template)
        text = self._tokenizer.apply_chat_template(messages, tokenize=False, add_generation_prompt=self.answers)
        return str(text)

    def _tokens(self, text: str) -> dict[str, Any] | None:
        """A text as token ids; None of one that leaves no room in the model's context."""
        # A rendered chat begins with the tokenizer's own opening token already.
        opening = getattr(self._tokenizer, "bos_token", None)
        ids = self._tokenizer.encode(text, add_special_tokens=not (opening and text.startswith(opening)))
        limit = int(self._llm.llm_engine.vllm_config.model_config.max_model_len)
        return {"prompt_token_ids": ids} if len(ids) < limit else None

    def close(self) -> None:
        """Free the device."""
        import gc

        from vllm.distributed import cleanup_dist_env_and_memory

        self._llm.llm_engine.engine_core.shutdown()
        del self._llm.llm_engine
        gc.collect()
        cleanup_dist_env_and_memory()


class VllmGenerator(_Loaded):
    """A language model in vLLM.

    Parameters
    ----------
    engine : mapping
        Arguments of ``vllm.LLM``. Where they leave it open, prefix caching is on, and on a CPU the block size is 32
        (the default of 128 shares no prompt shorter than that) and prompts are never scheduled in parts (which would
        crash with a seed per request).
    """

    answers = True
    no_template = "the model has no chat template; set task.chat = false and write the prompt out"

    def __init__(
        self, model: ModelConfig, engine: Mapping[str, Any], sampling: SamplingConfig, environment: Mapping[str, str]
    ) -> None:
        _vllm(environment)
        arguments = {"enable_prefix_caching": True, "seed": sampling.seed, **engine}
        if _on_cpu():
            arguments = {"block_size": 32, "enable_chunked_prefill": sampling.seeds == "engine", **arguments}
        self.arguments = arguments
        super().__init__(model, arguments, environment)
        self._ahead = 2 * int(self._llm.llm_engine.vllm_config.scheduler_config.max_num_seqs)
        self._asked = 0

    def facts(self) -> dict[str, Any]:
        """Engine and its version, for the manifest."""
        return {"vllm": engine_version(), "device": "cpu" if _on_cpu() else "gpu", **self.arguments}

    def begin(self, received: Path, report: Report) -> None:
        """Nothing: what is drawn here costs nothing to draw again."""

    def costs(self) -> dict[str, Any]:
        """Nothing."""
        return {}

    def fresh(self) -> None:
        """Forget cached prefixes, which change the last bits of what follows."""
        self._llm.reset_prefix_cache()

    def stream(self, requests: Iterable[Request], sampling: SamplingConfig) -> Iterator[tuple[Any, list[Response]]]:
        """Responses by key, as they are ready. The engine always has twice as much to do as it can run at once."""
        waiting = iter(requests)
        running: dict[str, Request] = {}
        queued = 0
        try:
            while True:
                while queued < self._ahead and (request := next(waiting, None)):
                    prompt = self._tokens(request.prompt)
                    if prompt is not None:
                        running[self._add(prompt, request, sampling)] = request
                        queued += request.n
                    elif request.grown:
                        yield request.key, [Response.none(request)] * request.n
                    else:
                        raise InputError(
                            f"the prompt of {request.key} leaves no room in the model's context; raise "
                            "engine.max_model_len"
                        )
                if not running:
                    return
                for output in self._llm.llm_engine.step():
                    if output.finished:
                        request = running.pop(output.request_id)
                        queued -= request.n
                        read = len(output.prompt_token_ids)
                        yield request.key, [_response(o, read, request.window) for o in output.outputs]
        finally:
            if running:
                self._llm.llm_engine.abort_request(list(running))

    def _add(self, prompt: dict[str, Any], request: Request, sampling: SamplingConfig) -> str:
        from vllm import SamplingParams
        from vllm.sampling_params import RequestOutputKind

        name = str(self._asked)
        self._asked += 1
        temperature = sampling.temperature if request.temperature is None else request.temperature
        parameters = SamplingParams(
            n=request.n if temperature > 0 else 1,
            temperature=temperature,
            top_p=sampling.top_p,
            top_k=sampling.top_k,
            min_p=sampling.min_p,
            max_tokens=request.max_tokens or sampling.max_tokens,
            stop=list(sampling.stop if request.stop is None else request.stop),
            include_stop_str_in_output=request.keep_stop,
            seed=request.seed if sampling.seeds == "request" else None,
            logprobs=0 if request.window is None else TOP,
            flat_logprobs=request.window is not None,
            output_kind=RequestOutputKind.FINAL_ONLY,
        )
        self._llm.llm_engine.add_request(name, prompt, parameters)
        return name

    def choose(self, prompts: Sequence[str], yes: Sequence[str], no: Sequence[str]) -> list[float]:
        """Probability of a `yes` token against `yes` and `no` ones, right after each prompt; 0 after one too long."""
        import math

        from vllm import SamplingParams

        ids = {word: self._tokenizer.encode(word, add_special_tokens=False)[0] for word in (*yes, *no)}
        right, wrong = {ids[w] for w in yes}, {ids[w] for w in no}
        if right & wrong:
            raise InputError("a `yes` and a `no` of the judge begin with the same token; choose other words")
        parameters = SamplingParams(max_tokens=1, temperature=0.0, logprob_token_ids=sorted(right | wrong))
        asked = [self._tokens(p) for p in prompts]
        fitting = [a for a in asked if a is not None]
        outputs = iter(self._llm.generate(fitting, parameters, use_tqdm=False) if fitting else ())
        chances = []
        for one in asked:
            if one is None:
                chances.append(0.0)
                continue
            output = next(outputs)
            found = {i: math.exp(p.logprob) for i, p in output.outputs[0].logprobs[0].items()}
            agreed = sum(found.get(i, 0.0) for i in right)
            total = agreed + sum(found.get(i, 0.0) for i in wrong)
            chances.append(agreed / total if total > 0 else 0.5)
        return chances


def _response(output: Any, prompt_tokens: int, window: int | None) -> Response:
    return Response(
        output.text,
        max(1, len(output.token_ids)),
        float(output.cumulative_logprob or 0.0),
        prompt_tokens,
        cut=output.finish_reason == "length",
        confidence=None if window is None else confidence(_of_tokens(output.logprobs), window),
    )


def _of_tokens(flat: Any) -> NDArray[np.float64]:
    """Confidence of each token: its place has the log-probability of the token itself, then those of the likeliest."""
    means: NDArray[np.float64] = np.asarray(flat.logprobs, np.float64).reshape(-1, 1 + TOP)[:, 1:].mean(axis=1)
    return -means


class VllmRewardModel(_Loaded):
    """A reward model behind vLLM's pooling interface.

    Parameters
    ----------
    step_tag : str, optional
        The token at which a process reward model is read; None for outcome reward models.
    """

    answers = False
    no_template = "the reward model has no chat template; set chat = false in its [[reward]]"

    def __init__(
        self, path: str, engine: Mapping[str, Any], step_tag: str | None, environment: Mapping[str, str]
    ) -> None:
        _vllm(environment)
        from vllm.config import PoolerConfig

        arguments: dict[str, Any] = {"runner": "pooling", **engine}
        if step_tag is not None:
            arguments["pooler_config"] = PoolerConfig(tok_pooling_type="STEP", step_tag_id=_tag_id(path, step_tag))
        super().__init__(ModelConfig(path=path), arguments, environment)

    def outcomes(self, prompts: Sequence[str]) -> list[list[float] | None]:
        """Logits of each text as a whole: of the classifier, or of the last token of a token-wise reward model."""
        whole = "classify" in self._llm.llm_engine.get_supported_tasks()
        rows = self._encode(prompts, "classify" if whole else "token_classify")
        return [None if r is None else [float(x) for x in (r if whole else r[-1]).reshape(-1)] for r in rows]

    def steps(self, prompts: Sequence[str]) -> list[list[list[float]] | None]:
        """Logits at every step tag of each text."""
        rows = self._encode(prompts, "token_classify")
        return [None if row is None else [[float(x) for x in tag] for tag in row] for row in rows]

    def _encode(self, prompts: Sequence[str], task: str) -> list[Any]:
        from vllm import PoolingParams

        tokens = [self._tokens(p) for p in prompts]
        fitting = [t for t in tokens if t is not None]
        how = PoolingParams(use_activation=False)
        outputs = iter(self._llm.encode(fitting, how, pooling_task=task, use_tqdm=False) if fitting else ())
        return [None if t is None else next(outputs).outputs.data for t in tokens]


def _tag_id(path: str, tag: str) -> int:
    from transformers import AutoTokenizer

    ids = AutoTokenizer.from_pretrained(path).encode(tag, add_special_tokens=False)
    if len(ids) != 1:
        raise InputError(
            f"the step tag '{tag}' is {len(ids)} tokens of '{path}', not one; see step_tag of its [[reward]]"
        )
    return int(ids[0])
