"""Which models are loaded: one at a time, but for search, which needs the generator and the scorer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from harvest.config import (
    Config,
    JudgeReward,
    ModelConfig,
    OutcomeReward,
    ProcessReward,
    RolloutsReward,
    SamplingConfig,
)
from harvest.engine import Generator, RewardModel
from harvest.rewards import Judge, Outcome, Process, Rollouts, Scorer
from harvest.verify_beside import VerifyBeside
from ttcsim.errors import InputError

OwnModel = OutcomeReward | ProcessReward | JudgeReward


@dataclass(frozen=True)
class Factory:
    """How models are made; tests make others."""

    generator: Callable[[ModelConfig, dict[str, object], SamplingConfig, dict[str, str]], Generator]
    reward_model: Callable[[str, dict[str, object], str | None, dict[str, str]], RewardModel]


def vllm_factory() -> Factory:
    """Models in vLLM."""
    from harvest.generate import VllmGenerator, VllmRewardModel

    return Factory(VllmGenerator, VllmRewardModel)


def endpoint(model: ModelConfig, sampling: SamplingConfig) -> Generator:
    """A model at an endpoint."""
    try:
        from harvest.endpoint.generator import EndpointGenerator
    except ImportError as error:
        raise InputError(f"{error}; model.endpoint needs: pip install 'ttcsim[endpoint]'") from error
    return EndpointGenerator(model, sampling)


class Models:
    """The models of a harvest, loaded when first asked for."""

    def __init__(self, config: Config, factory: Factory) -> None:
        self.config, self.factory = config, factory
        self._generator: Generator | None = None
        self._other: tuple[str, Generator | RewardModel, Scorer] | None = None

    def generator(self) -> Generator:
        """The model that is sampled."""
        if self._generator is None:
            c = self.config
            if c.model.endpoint is not None:
                self._generator = endpoint(c.model, c.sampling)
            else:
                self._generator = self.factory.generator(c.model, dict(c.engine), c.sampling, dict(c.environment))
        return self._generator

    def scorer(self, reward: RolloutsReward | OwnModel, verify: VerifyBeside, *, beside: bool) -> Scorer:
        """The scorer of a reward; `beside` keeps the generator loaded."""
        if isinstance(reward, RolloutsReward):
            return Rollouts(reward, self.generator(), self.config.sampling, verify)
        if isinstance(reward, JudgeReward) and reward.model is None:
            return Judge(reward, self.generator())
        if self._other is None or self._other[0] != reward.name:
            self.close(generator=not beside)
            self._other = (reward.name, *self._load(reward))
        return self._other[2]

    def _load(self, reward: OwnModel) -> tuple[Generator | RewardModel, Scorer]:
        engine, environment = dict(reward.engine), dict(self.config.environment)
        assert reward.model is not None
        if isinstance(reward, JudgeReward):
            judging = SamplingConfig(n=1, seed=self.config.sampling.seed)
            judge = self.factory.generator(ModelConfig(path=reward.model), engine, judging, environment)
            return judge, Judge(reward, judge)
        tag = reward.step_tag if isinstance(reward, ProcessReward) else None
        model = self.factory.reward_model(reward.model, engine, tag, environment)
        return model, Process(reward, model) if isinstance(reward, ProcessReward) else Outcome(reward, model)

    def close(self, *, generator: bool = True) -> None:
        """Free the device."""
        if self._other is not None:
            self._other[1].close()
            self._other = None
        if generator and self._generator is not None:
            self._generator.close()
            self._generator = None
