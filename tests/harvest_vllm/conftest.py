"""A harvest in peace, which other ones are held against; and to each worker its cores."""

import os

import pytest

from tests.harvest_vllm.test_real import SMALL, finished, harvest


def pytest_configure():
    """Two engines that both use all cores wait for each other at every barrier."""
    worker, workers = os.environ.get("PYTEST_XDIST_WORKER"), int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1))
    if worker is not None:
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[int(worker.removeprefix("gw")) :: workers] or cores)


@pytest.fixture(scope="session")
def config(tmp_path_factory):
    path = tmp_path_factory.mktemp("config") / "small.toml"
    path.write_text(SMALL)
    return path


@pytest.fixture(scope="session")
def whole(config, tmp_path_factory):
    """A harvest in peace: 12 queries x 16 samples; one for all workers."""
    from filelock import FileLock  # vLLM brings it along

    folder = tmp_path_factory.getbasetemp()
    out = (folder.parent if "PYTEST_XDIST_WORKER" in os.environ else folder) / "whole"
    with FileLock(f"{out}.lock"):
        if not out.exists():
            finished(harvest(config, "--out", out))
    return out
