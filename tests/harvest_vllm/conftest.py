"""A harvest in peace, which other ones are held against."""

import pytest

from tests.harvest_vllm.test_real import SMALL, finished, harvest


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def whole(config):
    """A harvest in peace: 12 queries x 32 samples."""
    out = config.with_name("whole")
    finished(harvest(config, "--out", out))
    return out
