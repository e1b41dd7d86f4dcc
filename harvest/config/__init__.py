"""The one TOML file that says what a harvest measures, checked before anything is loaded."""

from harvest.config.config import Config as Config
from harvest.config.config import ModelConfig as ModelConfig
from harvest.config.config import OutputConfig as OutputConfig
from harvest.config.config import SamplingConfig as SamplingConfig
from harvest.config.config import VerifierConfig as VerifierConfig
from harvest.config.config import check_config as check_config
from harvest.config.config import load_config as load_config
from harvest.config.config import recipes as recipes
from harvest.config.rewards import JudgeReward as JudgeReward
from harvest.config.rewards import LogprobReward as LogprobReward
from harvest.config.rewards import ModelReward as ModelReward
from harvest.config.rewards import OutcomeReward as OutcomeReward
from harvest.config.rewards import ProcessReward as ProcessReward
from harvest.config.rewards import RewardConfig as RewardConfig
from harvest.config.rewards import RolloutsReward as RolloutsReward
from harvest.config.strategies import BeamStrategy as BeamStrategy
from harvest.config.strategies import LookaheadStrategy as LookaheadStrategy
from harvest.config.strategies import RevisionsStrategy as RevisionsStrategy
from harvest.config.strategies import SearchStrategy as SearchStrategy
from harvest.config.strategies import StrategyConfig as StrategyConfig
from harvest.config.tasks import ArithmeticTask as ArithmeticTask
from harvest.config.tasks import FileTask as FileTask
from harvest.config.tasks import GymTask as GymTask
from harvest.config.tasks import LinesTask as LinesTask
from harvest.config.tasks import LiveCodeBenchTask as LiveCodeBenchTask
from harvest.config.tasks import TaskConfig as TaskConfig
