"""What was received is kept: by harvests and live runs whose server dies, which are killed, which run out of money."""

import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import polars as pl
import pytest

from harvest.deciding import Asked
from harvest.endpoint.journal import Journal
from harvest.live import live
from harvest.models import Factory
from harvest.progress import Report
from harvest.run import run
from tests.harvest.endpoint.asked import REQUESTS, expected
from tests.harvest.endpoint.asked import harvest as harvest_pool
from tests.harvest.endpoint.served import Served
from tests.harvest.fake import FACTORY
from tests.harvest.test_kills import ROOT, STOPPED, wait_for
from tests.harvest.test_live import as_toml
from tests.harvest.test_run import Stops, contents
from ttcsim.errors import InputError


@pytest.fixture
def whole(make_config):
    """The pool of an engine here."""
    return contents(run(make_config(), factory=FACTORY, report=Report(quiet=True)))


class Dies(Served):
    """A server that is no more after some answers."""

    def __init__(self, after, port=0):
        super().__init__(lambda number, *_: "drop" if number > after else None, port=port)


def once(*servers):
    """The responses that were sent, none of which was sent twice."""
    sent = [response for served in servers for response in served.answered]
    assert len(sent) == len(set(sent))
    return len(sent)


def test_a_server_that_dies_costs_nothing(at, whole, tmp_path):
    with Dies(5) as first, pytest.raises(InputError, match=r"does not answer .* for 0.1 s \(model.patience\)"):
        harvest_pool(at(first, {"patience": 0.1}))
    assert (tmp_path / "served.partial" / "received.jsonl").read_bytes().count(b"\n") == 5
    with Served(port=first.port) as later:
        with pytest.raises(InputError, match="go on with --resume"):
            harvest_pool(at(later))
        out = harvest_pool(at(later), resume=True)
        assert contents(out) == whole and once(first, later) == 36
        told = json.loads((out / "manifest.json").read_text())["harvest"]["endpoint"]
        assert told["requests"] == 12 and told["completion_tokens"] == pl.read_parquet(out / "samples")["tokens"].sum()
        assert not (tmp_path / "served.partial").exists()
        assert harvest_pool(at(later), resume=True) == out  # it is finished, and nobody is asked
    assert once(first, later) == 36


@pytest.mark.parametrize("after", [1, 4, 6])
def test_a_harvest_that_is_killed_asks_for_the_rest_alone(at, whole, after):
    class Kills(Report):
        left = after

        def advance(self, units, tokens=0):
            self.left -= 1
            if self.left == 0:
                raise Stops

    with Served() as served:
        with pytest.raises(Stops):
            harvest_pool(at(served, {"concurrency": 1}), report=Kills(quiet=True))
        assert len(served.asked) >= after
        assert contents(harvest_pool(at(served), resume=True)) == whole and once(served) == 36


@pytest.mark.usefixtures("hears_ctrl_c")
def test_ctrl_c_is_one_line_while_requests_are_under_way(at, tmp_path):
    with Served(lambda number, *_: time.sleep(60) if number > 2 else None) as served:
        (tmp_path / "c.toml").write_text(as_toml(at(served).model_dump(mode="json", exclude_defaults=True)))
        command = [sys.executable, "-m", "harvest", "run", str(tmp_path / "c.toml")]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            wait_for(lambda: len(served.asked) > 4)
            process.send_signal(signal.SIGINT)
            out, said = process.communicate(timeout=50)
        finally:
            process.kill()
            process.communicate()
    assert (process.returncode, out, said) == (130, "", f"{STOPPED}\n")
    assert (tmp_path / "served.partial" / "received.jsonl").read_bytes().count(b"\n") == 2


def test_another_server_is_another_harvest(at):
    with Dies(3) as first, pytest.raises(InputError):
        harvest_pool(at(first, {"patience": 0}))
    with Served() as other, pytest.raises(InputError, match=r"config.model.endpoint was \"http.* take back the change"):
        harvest_pool(at(other), resume=True)
    with Served(port=first.port) as later:  # how it is asked may change
        faster = {"choices": 2, "concurrency": 3, "retries": 9, "price": {"output": 1}, "requests_per_minute": 1e6}
        harvest_pool(at(later, faster), resume=True)
    assert once(first, later) == 36


@pytest.mark.usefixtures("here")
def test_a_live_run_goes_on(at, make_config):
    def decided(config, resume=False, factory=Factory(None, None)):  # noqa: B008
        return live(config, Asked("elimination", 5, wave=4), factory=factory, resume=resume, report=Report(quiet=True))

    whole = decided(make_config(), factory=FACTORY)
    with (
        Dies(4) as first,
        pytest.raises(InputError, match=r"for 0.1 s \(model.patience\), asked for query .*; what was received is kept"),
    ):
        decided(at(first, {"patience": 0.1, "choices": 1, "concurrency": 2}))
    second = Served(lambda number, *_: (401, {}, b"") if number > 3 else None, port=first.port)
    with second, pytest.raises(InputError, match="answers 401"):
        decided(at(second, {"choices": 1}), resume=True)
    with Served(port=first.port) as later:
        out = decided(at(later), resume=True)
    assert contents(out) == contents(whole) and once(first, second, later) == pl.read_parquet(out / "samples").height
    assert json.loads((out / "manifest.json").read_text())["harvest"]["endpoint"]["finish_reasons"]["stop"] >= 20


def test_dollars_stop_a_harvest_before_they_are_overrun(at, whole):
    """Whatever responses could have cost; raised, it goes on, and the bill is that of all requests."""
    price = {"input": 0, "output": 1e6}  # a dollar a token; a response has at most 16
    with Served() as served:
        with pytest.raises(
            InputError, match=r"model.max_dollars: \$\d+ of \$40 are spent, .* may cost \$16; .*--resume"
        ):
            harvest_pool(at(served, {"price": price, "max_dollars": 40}))
        spent = sum(r.tokens for rs in _responses(served) for r in rs)
        assert 24 < spent <= 40
        config = at(served, {"price": price, "max_dollars": 1000})
        out = harvest_pool(config, resume=True)
        assert contents(out) == whole and once(served) == 36
    told = json.loads((out / "manifest.json").read_text())["harvest"]["endpoint"]
    assert told["dollars"] == pl.read_parquet(out / "samples")["tokens"].sum() == told["completion_tokens"]


def _responses(served):
    for body in served.asked:
        yield [served.model.response(_Like(body), i) for i in range(body.get("n", 1))]


class _Like:
    """A request as the fake engine needs it."""

    def __init__(self, body):
        self.prompt, self.seed, self.temperature, self.window = body["prompt"], body["seed"], None, None


def test_dollars_are_shown_and_prompts_are_bounded_by_their_bytes(asking):
    with Served() as served, pytest.raises(InputError, match=r"\$0 of \$0.0001 are spent, .* may cost \$0.000267"):
        asking(served, {"price": {"input": 1}, "max_dollars": 1e-4})
    assert not served.asked


def test_progress_tells_dollars(at, capsys):
    with Served() as served:
        harvest_pool(at(served, {"price": {"output": 1e6}, "max_dollars": 1e6}), report=Report())
    assert " of $1e+06, 0 s left" in capsys.readouterr().err


def test_a_journal_drops_what_is_damaged_and_keeps_the_rest(tmp_path, asking):
    path = tmp_path / "received.jsonl"
    with Served() as served:
        asking(served)
        lines = path.read_bytes().splitlines(keepends=True)
        assert len(lines) == 12
        damaged = lines[3].replace(b"samples", b"simples")
        path.write_bytes(b"".join([*lines[:3], damaged, *lines[4:10], lines[10][:-20]]))
        found, _ = asking(served)
        assert found == expected() and len(served.asked) == 12 + 3
        assert path.read_bytes().count(b"\n") == 10 + 3
        found, _ = asking(served)
        assert found == expected() and len(served.asked) == 15


def test_a_journal_is_about_what_was_asked(asking):
    """The same prompt and seed at another temperature is another question."""
    with Served() as served:
        asking(served)
        asking(served, {"path": "other"})
        assert len(served.asked) == 24


def test_a_full_disk_is_one_line(tmp_path, monkeypatch):
    journal = Journal(tmp_path / "received.jsonl")
    assert list(journal.read()) == []
    journal.keep({"samples": {"a": ["text"]}})

    class Full:
        def write(self, content):
            raise OSError(28, "No space left on device")

    file = journal._file
    monkeypatch.setattr(journal, "_file", Full())
    with pytest.raises(InputError, match=r"received.jsonl: cannot be written \(No space left on device\)"):
        journal.keep({"samples": {"b": ["text"]}})
    monkeypatch.setattr(journal, "_file", file)
    journal.close()
    again = Journal(tmp_path / "received.jsonl")
    assert [answer["samples"] for answer in again.read()] == [{"a": ["text"]}]
    assert (again.find("a"), again.find("b")) == (["text"], None)
    again.close()


def test_prompts_that_models_have_filled_leave_empty_responses(asking):
    grown = [replace(r, n=1, grown=True) for r in REQUESTS]
    full = (400, {}, b'{"error": {"message": "maximum context length is 512 tokens"}}')
    with Served(lambda number, *_: full if number > 3 else None) as served:
        found, _ = asking(served, {"concurrency": 1}, grown)
    texts = [found[r.key][0].text for r in grown]
    assert all(texts[:3]) and texts[3:] == ["", "", ""] and found["q5"][0].cut
