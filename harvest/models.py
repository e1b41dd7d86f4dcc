"""Which models are loaded: one at a time, but for search, which needs the generator and the scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harvest.config import Config, ModelConfig, RewardConfig, SamplingConfig
from harvest.engine import Generator, RewardModel
from harvest.rewards import Judge, Outcome, Process, Rollouts, Scorer
from harvest.verify_beside import VerifyBeside


@dataclass(frozen=True)
class Factory:
    """How models are made; tests make others."""

    generator: Callable[[ModelConfig, dict[str, object], SamplingConfig, dict[str, str]], Generator]
    reward_model: Callable[[str, dict[str, object], str | None, dict[str, str]], RewardModel]


def vllm_factory() -> Factory:
    """Models in vLLM."""
    from harvest.generate import VllmGenerator, VllmRewardModel

    return Factory(VllmGenerator, VllmRewardModel)


class Models:
    """The models of a harvest, loaded when first asked for."""

    def __init__(self, config: Config, factory: Factory) -> None:
        self.config, self.factory = config, factory
        self._generator: Generator | None = None
        self._other: tuple[str, Generator | RewardModel] | None = None

    def generator(self) -> Generator:
        """The model that is sampled."""
        if self._generator is None:
            c = self.config
            self._generator = self.factory.generator(c.model, dict(c.engine), c.sampling, dict(c.environment))
        return self._generator

    def scorer(self, reward: RewardConfig, verify: VerifyBeside, *, beside: bool) -> Scorer:
        """The scorer of a reward; `beside` keeps the generator loaded."""
        if reward.kind == "rollouts":
            return Rollouts(reward, self.generator(), self.config.sampling, verify)
        if reward.kind == "judge" and reward.model is None:
            return Judge(reward, self.generator())
        assert reward.model is not None
        if self._other is None or self._other[0] != reward.name:
            self.close(generator=not beside)
            environment = dict(self.config.environment)
            model: Generator | RewardModel
            if reward.kind == "judge":
                judging = SamplingConfig(n=1, seed=self.config.sampling.seed)
                model = self.factory.generator(
                    ModelConfig(path=reward.model), dict(reward.engine), judging, environment
                )
            else:
                tag = reward.step_tag if reward.kind == "process" else None
                model = self.factory.reward_model(reward.model, dict(reward.engine), tag, environment)
            self._other = (reward.name, model)
        loaded = self._other[1]
        if reward.kind == "judge":
            return Judge(reward, loaded)  # type: ignore[arg-type]
        return (Process if reward.kind == "process" else Outcome)(reward, loaded)  # type: ignore[arg-type]

    def close(self, *, generator: bool = True) -> None:
        """Free the device."""
        if self._other is not None:
            self._other[1].close()
            self._other = None
        if generator and self._generator is not None:
            self._generator.close()
            self._generator = None
