"""A key is read from the environment, sent to its server, and is in no file, no line and no exception."""

import logging
import traceback

import polars as pl
import pytest

from harvest.config import ModelConfig, check_config
from harvest.endpoint.generator import EndpointGenerator
from harvest.endpoint.key import Key
from harvest.progress import Report
from tests.harvest.endpoint.asked import SAMPLING, Said, harvest
from tests.harvest.endpoint.served import Served
from tests.harvest.test_config import GOOD
from ttcsim.errors import InputError

KEY = "sk-proj-Zq3vN8xK2mT7wLpR"
AT = {"path": "m", "endpoint": "http://127.0.0.1:1/v1"}


@pytest.fixture(autouse=True)
def environment(monkeypatch):
    monkeypatch.setenv("SECRET", KEY)


def shows(text):
    """Whether six signs of the key in a row stand in a text."""
    return any(KEY[at : at + 6] in text for at in range(len(KEY) - 5))


ECHO = f'{{"error": {{"message": "Incorrect API key provided: {KEY}, that is {KEY[:10]}***{KEY[-8:]}"}}}}'.encode()


def saying(server, text):
    """A server whose responses, and whatever it says of itself, are that text."""
    server.model.words = lambda source, request: text
    answer = server.answer
    server.answer = lambda path, body: tuple(
        part.replace(b"fake/model", text.encode()) if isinstance(part, bytes) else part for part in answer(path, body)
    )
    return server


FAULTS = {
    "in an error": (400, {}, ECHO),
    "where it is refused": (401, {"WWW-Authenticate": KEY}, ECHO),
    "while it is busy": (429, {}, ECHO),
    "in garbage": (200, {}, ECHO * 3),
    "in what is no JSON": (200, {}, b"<html>" + f"Bearer {KEY}".encode() * 9),
    "in a header": (307, {"Location": f"http://127.0.0.1:1/{KEY}"}, b""),
    "in a reason": (500, {}, KEY.encode()),
}


@pytest.mark.parametrize("fault", [None, *FAULTS])
def test_nothing_but_the_server_sees_the_key(at, tmp_path, capfd, caplog, monkeypatch, fault):
    """Neither when all goes well nor when the server repeats it, with all that anybody logs."""
    monkeypatch.setattr("harvest.endpoint.client.FIRST_WAIT", 0.01)
    caplog.set_level(logging.DEBUG)
    seen = []

    def behave(number, body, headers):
        seen.append(headers["Authorization"])
        return FAULTS.get(fault) if number > 2 else None

    with saying(Served(behave), f" {KEY} 5") as served:
        config = at(served, {"api_key_env": "SECRET", "patience": 0.3, "retries": 1})
        if fault is None:
            harvest(config, report=Report())
        else:
            with pytest.raises(InputError) as caught:
                harvest(config, report=Report())
            assert not shows("".join(traceback.format_exception(caught.value)))
    assert set(seen) == {f"Bearer {KEY}"}
    files = [p for p in tmp_path.rglob("*") if p.is_file()]
    assert len(files) >= 3 and not any(shows(p.read_bytes().decode("latin-1")) for p in files)
    told = capfd.readouterr()
    assert not shows(told.out + told.err + caplog.text) and (told.err or fault)
    if fault is None:
        texts = pl.read_parquet(tmp_path / "served" / "texts" / "*.parquet")
        assert texts["text"].unique().to_list() == [" [key] 5"]


@pytest.mark.parametrize(
    ("url", "clear"), [("http://192.0.2.1/v1", 1), ("https://192.0.2.1/v1", 0), ("http://[::1]:8/v1", 0)]
)
def test_a_key_that_others_could_read_on_its_way_is_told(tmp_path, url, clear):
    said = Said()
    generator = EndpointGenerator(ModelConfig(path="m", endpoint=url, api_key_env="SECRET"), SAMPLING)
    generator.begin(tmp_path / "received.jsonl", said)
    generator.close()
    assert [line for line in said.lines if "over https" in line and not shows(line)] == said.lines
    assert len(said.lines) == clear


def test_no_key_is_sent_that_is_not_named(at, monkeypatch):
    """That of another server may be in the environment."""
    monkeypatch.setenv("OPENAI_API_KEY", KEY)
    seen = []
    with Served(lambda number, body, headers: seen.append(dict(headers))) as served:
        harvest(at(served))
    assert seen and not any(shows(str(headers)) or "Authorization" in headers for headers in seen)


@pytest.mark.parametrize(
    ("model", "said"),
    [
        ({"api_key": KEY}, "model: a key is not written in the config"),
        ({"token": KEY}, 'api_key_env = "OPENAI_API_KEY"'),
        ({"api_key_env": KEY}, "model.api_key_env: is no name of an environment variable"),
        ({"api_key_env": "abcdef0123456789"}, "is no name of an environment variable"),
        ({"endpoint": f"https://user:{KEY}@host/v1"}, "has more than scheme, host, port and path"),
        ({"endpoint": f"https://host/v1?key={KEY}"}, "has more than scheme, host, port and path"),
        ({"endpoint": f"https://host/{KEY}/v1", "api_key_env": "SECRET"}, "the key itself, as in .* SECRET, stands in"),
        ({"source": f"with {KEY}", "api_key_env": "SECRET"}, "the key itself"),
    ],
)
def test_a_key_in_a_config_is_refused_and_not_shown(model, said):
    with pytest.raises(InputError, match=said) as caught:
        check_config({**GOOD, "model": {**AT, **model}}, "here.toml")
    assert not shows(str(caught.value)) and "abcdef" not in str(caught.value)


def test_nor_may_it_stand_in_the_environment_of_the_config():
    table = {**GOOD, "model": {**AT, "api_key_env": "OTHER"}, "environment": {"OTHER": KEY}}
    with pytest.raises(InputError, match=r"environment.OTHER: a key is not written in the config") as caught:
        check_config(table, "here.toml")
    assert not shows(str(caught.value))


def test_a_variable_that_is_not_set_is_named(monkeypatch):
    with pytest.raises(InputError, match=r"NOT_SET_AT_ALL, which model.api_key_env names, is not set"):
        Key("NOT_SET_AT_ALL")
    monkeypatch.setenv("SECRET", "sk-\u00e4\u00f6\u00fc-0123456789")
    with pytest.raises(InputError, match="SECRET holds signs that no key has") as caught:
        Key("SECRET")
    assert "0123" not in str(caught.value)


def test_pieces_of_a_key_are_hidden():
    key = Key("SECRET")
    assert repr(key) == "Key(SECRET)" and KEY not in str(vars(type(key)))
    said = key.out_of_message(f"key {KEY}: {KEY[:7]}...{KEY[-6:]}; sk-pr and others")
    assert said == "key [key]: [key]...[key]; sk-pr and others"
