"""Waves in a sweep: how many there are, how long they take, what is refused; and sources on the command line."""

import polars as pl
import pytest

import ttcsim
from ttcsim.pool.checks import pool_from_frame


def pool_of(tokens, size=8, correct=lambda q, i: False):
    rows = [(q, correct(q, i), tokens[q]) for q in tokens for i in range(size)]
    frame = pl.DataFrame(rows, schema=["query_id", "correct", "tokens"], orient="row")
    return pool_from_frame(frame, where="test", name="test")


def test_a_wave_takes_as_long_as_its_longest_sample():
    pool = pool_of({"short": 10, "long": 30})
    frame = ttcsim.sweep(pool, ["uniform"], [1, 2.5, 4], reps=3, wave=2, speed=5).frame
    assert frame["waves"].to_list() == [1.0, 3.0, 4.0]
    # Of the third wave at 2.5 draws a query only one of the two is drawn, which is random.
    assert frame["seconds"][0] == 30 / 5 and frame["seconds"][2] == 4 * 30 / 5
    assert 2 * 6 + 2 <= frame["seconds"][1] <= 3 * 6


def test_the_draws_of_a_wave_share_streams():
    """Uniform draws 10, 10, 30 and 30 tokens in a wave of four, in a random order; on one stream these add up."""
    pool = pool_of({"a": 10, "b": 10, "c": 30, "d": 30})
    own, *shared = (
        ttcsim.sweep(pool, ["uniform", "prophet"], [2], reps=40, wave=4, speed=5, streams=s) for s in (None, 1, 2, 4, 9)
    )
    one, two, *enough = (result.outcomes[0].seconds[:, 0] for result in shared)
    assert (one == 2 * 80 / 5).all()
    # On two, both waves alike: 10 30 10 30 and 30 10 10 30 last 50 tokens, the four other orders 40.
    assert set(two) == {2 * 40 / 5, 2 * 50 / 5}
    assert all((seconds == own.outcomes[0].seconds[:, 0]).all() for seconds in enough)
    assert shared[0].outcomes[1].seconds is None  # the prophet decides nothing


def test_a_stream_of_queries_is_served_in_waves_of_draws():
    """Each query gets a wave of three where one draw would do, as far as what has accrued allows."""
    pool = pool_of({f"q{i}": 7 for i in range(6)}, correct=lambda q, i: True)
    frame = ttcsim.sweep(pool, ["elimination(stream=true)"], [2, 3], reps=2, wave=3, speed=7, streams=2).frame
    assert frame["spent"].to_list() == [2.0, 3.0] and frame["mean"].to_list() == [1.0, 1.0]
    # At 2 every query has its 2 draws on a stream each; at 3 a stream has two of the three.
    assert frame["waves"].to_list() == [6.0, 6.0] and frame["seconds"].to_list() == [6.0, 12.0]


def test_stopping_leaves_waves_unused():
    pool = pool_of({f"q{i}": 7 for i in range(6)}, correct=lambda q, i: True)
    frame = ttcsim.sweep(pool, ["elimination", "uniform", "prophet"], [4], reps=2, wave=3, speed=7).frame
    assert frame["waves"].to_list() == [2.0, 8.0, None] and frame["seconds"].to_list() == [2.0, 8.0, None]
    assert frame["spent"].to_list() == [1.0, 4.0, 1.0]


def test_wide_waves_draw_what_nobody_needed():
    """All four draws of a query are decided at once where one would have done."""
    pool = pool_of({f"q{i}": 7 for i in range(6)}, correct=lambda q, i: True)
    frame = ttcsim.sweep(pool, ["elimination"], [4], reps=2, wave=24).frame
    assert frame["spent"].to_list() == [4.0] and frame["waves"].to_list() == [1.0]


def test_one_at_a_time_is_what_it_was():
    pool = pool_of({"short": 10, "long": 30})
    frame = ttcsim.sweep(pool, ["uniform"], [2], reps=3, wave=1).frame
    assert not {"waves", "seconds"} & set(frame.columns)


@pytest.mark.parametrize(
    ("policy", "options", "message"),
    [
        ("uniform", {"wave": 0}, "wave: 0 is no whole number from 1"),
        ("uniform", {"wave": 2.5}, "wave: 2.5 is no whole number"),
        ("uniform", {"wave": 4, "speed": -1}, "speed: -1 tokens a second; give a positive number"),
        ("uniform", {"wave": 1, "speed": 50}, "give --wave, the draws of one"),
        ("uniform", {"wave": 4, "speed": 5, "streams": 0}, "streams: 0 is no whole number from 1"),
        ("uniform", {"wave": 4, "streams": 2}, "streams: tell how long waves take; give --speed"),
    ],
)
def test_what_waves_do_not_go_with(policy, options, message):
    with pytest.raises(ttcsim.InputError, match=message):
        ttcsim.sweep(pool_of({"a": 1}), [policy], [1], **options)


def test_a_speed_needs_tokens():
    pool = pool_from_frame(pl.DataFrame({"query_id": ["q"], "correct": [True]}), where="test", name="test")
    with pytest.raises(ttcsim.InputError, match="needs the column 'tokens', which pool test lacks"):
        ttcsim.sweep(pool, ["uniform"], [1], wave=4, speed=50)


def test_models_dollars_and_waves_come_back_from_a_run_folder(tmp_path, command):
    prices = tmp_path / "prices.toml"
    prices.write_text("[default]\noutput = 0.6\n[gpt-oss-20b]\ninput = 0\noutput = 0.2\n")
    asked = ("sweep", "builtin:aime2025", "-p", "index", "-p", "uniform(on=mixed)", "--cost", "dollars", "--prices")
    out = tmp_path / "run"
    code, printed, err = command(
        *asked, prices, "-b", "0.01,0.02", "--wave", 8, "--speed", 40, "--streams", 3, "--reps", 5, "--out", out
    )
    assert code == 0 and "index" in printed and "samples have no token count" in err
    assert command("rerun", out)[:2] == (0, f"{out}: every number is the same\n")
    _, frame = ttcsim.read_run(out)
    assert frame["seconds"].min() > 0 and (frame["spent"] <= 0.02).all()
    assert command("report", out)[0] == 0
    assert "coverage of each policy over seconds for all queries" in (out / "report.html").read_text()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ("-p uniform --source Qwen3-4", "has no source 'Qwen3-4'; did you mean 'Qwen3-4B'?"),
        ("-p uniform", "policy 'uniform' chooses queries only, and pool aime2025 has 11 sources"),
        ("-p uniform(on=gpt4)", "has no source 'gpt4'"),
        ("-p cascade(order=Qwen3-4B>nope)", "order: the pool has no source 'nope'"),
        ("-p index --cost dollars", "cost 'dollars' needs prices"),
        ("-p index --cost dollars --prices none.toml", "none.toml"),
        ("-p index --prices none.toml", "prices: cost 'samples' takes none"),
    ],
)
def test_what_is_wrong_with_sources_is_one_line(arguments, message, command):
    code, out, err = command("sweep", "builtin:aime2025", "-b", "1", "--reps", "2", *arguments.split())
    assert (code, out) == (2, "") and message in err and err.count("\n") == 1


def test_commands_on_one_source_say_so(command, tmp_path):
    for words in (
        ("extrapolate", "builtin:aime2025"), ("pool", "hard", "builtin:aime2025", tmp_path / "hard"),
        ("pool", "continue", "builtin:aime2025", tmp_path / "longer"),
    ):  # fmt: skip
        code, _, err = command(*words)
        assert code == 2 and "has 11 sources; name one with --source" in err, words
    assert command("pool", "pick", "builtin:aime2025", tmp_path / "one", "--source", "Qwen3-4B")[0] == 0
    assert ttcsim.load(tmp_path / "one").sources == ("Qwen3-4B",)
    assert command("pool", "join", f"a={tmp_path / 'one'}", "b=builtin:aime2025", tmp_path / "both")[0] == 2


def test_a_figure_over_seconds():
    pool = pool_of({"short": 10, "long": 30}, correct=lambda q, i: i % 3 == 0)
    frame = ttcsim.sweep(pool, ["uniform", "elimination", "prophet"], [1, 2, 4], reps=3, wave=2, speed=5).frame
    ax = ttcsim.plot.metric(frame, over="seconds", ax=ttcsim.plot.canvas())
    drawn = {tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 3}
    own = {tuple(frame.filter(policy=name)["seconds"]) for name in ("uniform", "elimination")}
    assert own <= drawn and ax.get_xlabel() == "seconds for all queries"
    with pytest.raises(ttcsim.InputError, match=r"over='minutes'.*this result has spent, waves, seconds"):
        ttcsim.plot.metric(frame, over="minutes", ax=ttcsim.plot.canvas())
