"""What figures show is what the tables say, each policy looks the same in all, and nothing lies on anything else."""

import itertools
import xml.etree.ElementTree as ET

import matplotlib.pyplot as plt
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.collections import LineCollection
from matplotlib.colors import to_hex
from matplotlib.text import Annotation, Text

import ttcsim
from ttcsim import plot
from ttcsim.errors import InputError
from ttcsim.plot.labels import apart
from ttcsim.plot.style import COLOURS, run_styles, styles_of
from ttcsim.pool.worlds import make_pool

BUDGETS = [1.0, 2.0, 4.0]


@pytest.fixture(scope="module")
def result():
    pool = make_pool("beta(0.5,1)", 20, 30)
    mine = {"mine": "elimination(k=2)", "uniform": "uniform", "elimination": "elimination", "prophet": "prophet"}
    return ttcsim.sweep(pool, mine, BUDGETS, reps=20, selectors=["best"])


@pytest.fixture(scope="module")
def short():
    """A result some of whose values lean on the end of the pool."""
    with pytest.warns(UserWarning, match="ran out"):
        return ttcsim.sweep(make_pool("beta(0.5,1)", 20, 6), ["uniform", "elimination"], [1.0, 4.0], reps=20)


def curve(axes, policy):
    """The line that is labelled with a policy."""
    (line,) = [line for line in axes.get_lines() if str(line.get_label()).split("\n")[0] == policy]
    return line


def keys(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def names(axes):
    return [text.get_text() for text in axes.texts if isinstance(text, Annotation)]


@pytest.mark.parametrize(
    ("name", "x", "value"), [("coverage", "spent", "mean"), ("difference", "budget", "difference")]
)
def test_curves_and_bars_are_the_numbers_of_the_table(result, name, x, value):
    axes = result.plot(name, ax=plot.canvas())
    table = result.frame if name == "coverage" else result.compare()
    bars = [c.get_segments() for c in axes.collections if isinstance(c, LineCollection)]
    for policy in ("mine", "elimination", "prophet"):
        rows = table.filter(policy=policy, metric="coverage").sort("budget")
        np.testing.assert_array_equal(curve(axes, policy).get_xydata(), rows.select(x, value).to_numpy())
        segments = [[[at, low], [at, high]] for at, low, high in rows.select(x, "lo_queries", "hi_queries").iter_rows()]
        assert any(np.array_equal(np.array(segments), np.array(drawn)) for drawn in bars), policy
    assert keys(axes) == ["replay noise, 95 %", "new queries, 95 %"]
    low, high = axes.get_ylim()
    drawn = table.filter(metric="coverage")
    assert low <= drawn["lo_queries"].min() and drawn["hi_queries"].max() <= high


def test_efficiency_points_up_where_it_is_a_lower_bound():
    pool = make_pool("beta(0.5,1)", 100, 30)
    for budget, beyond in ((1.0, False), (16.0, True)):
        result = ttcsim.sweep(pool, ["uniform", "prophet"], [budget], reps=10)
        assert result.compare()["efficiency_hi"].is_null().any() == beyond
        assert ("at least" in keys(result.plot("efficiency", ax=plot.canvas()))) == beyond


def test_a_policy_looks_the_same_in_every_figure(result):
    looks = {}
    for name in ("coverage", "accuracy_best", "difference", "efficiency"):
        axes = result.plot(name, ax=plot.canvas())
        for policy in ("mine", "elimination", "prophet"):
            line = curve(axes, policy)
            looks.setdefault(policy, set()).add((line.get_color(), line.get_marker(), str(line.get_linestyle())))
    assert [len(found) for found in looks.values()] == [1, 1, 1]
    assert len(set.union(*looks.values())) == 3
    axes = result.plot("allocation", ax=plot.canvas())
    for bars in axes.containers:
        if bars.get_label() in looks:
            assert to_hex(bars[0].get_facecolor()).upper() == next(iter(looks[bars.get_label()]))[0]


def test_what_figures_name_has_the_first_colours():
    pool = make_pool("beta(0.5,1)", 20, 30)
    policies = [*(f"two-stage(share=0.{i})" for i in range(1, 9)), "ucb", "uniform", "elimination", "prophet"]
    result = ttcsim.sweep(pool, [*policies, ttcsim.policy("uniform", label="mine")], BUDGETS, reps=20)
    axes = result.plot(ax=plot.canvas())
    assert any(key.endswith(" others") for key in keys(axes))
    named = [name.split("\n")[0] for name in names(axes)]
    # `mine` is uniform and `ucb` is elimination where there is only a verifier: they share lines.
    assert {"uniform", "elimination", "prophet"} <= set(named) and len(named) == 8
    assert any("= mine" in name for name in names(axes)) and "ucb" not in named
    styles = run_styles(result.frame)
    assert len({styles[name].color for name in named}) == 8
    assert styles["prophet"].color not in COLOURS


def test_56_policies_differ_and_names_can_be_read():
    styles = styles_of(f"policy-{i}" for i in range(56))
    assert len({(s.color, s.marker, str(s.linestyle)) for s in styles.values()}) == 56
    assert len({(s.color, str(s.linestyle)) for s in list(styles.values())[:28]}) == 28
    oracles = styles_of(["clairvoyant", "uniform", "prophet", "clairvoyant(cap=8)"])
    assert len({(s.color, str(s.linestyle), s.hatch) for s in oracles.values()}) == 4
    for style in (*styles.values(), *oracles.values()):
        rgb = np.array([int(style.ink[i : i + 2], 16) / 255 for i in (1, 3, 5)])
        linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
        assert 1.05 / (linear @ (0.2126, 0.7152, 0.0722) + 0.05) >= 4.45


def test_values_that_lean_on_the_pool_s_end_are_hollow(short, result):
    for name, expected in (("coverage", {("elimination", 4.0)}), ("difference", {("elimination", 4.0)})):
        axes = short.plot(name, ax=plot.canvas())
        assert "not that of fresh samples" in keys(axes)
        hollow = [line for line in axes.get_lines() if line.get_markerfacecolor() == "white" and len(line.get_xdata())]
        assert len(hollow) == len(expected)
        rows = (short.frame if name == "coverage" else short.compare()).filter(policy="elimination", budget=4.0)
        assert hollow[0].get_ydata()[0] == rows["mean" if name == "coverage" else "difference"][0]
    assert "not that of fresh samples" not in keys(result.plot(ax=plot.canvas()))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0.01, 0.3)), min_size=1, max_size=12))
def test_labels_are_apart_and_no_further_from_their_lines_than_that_takes(pairs):
    wanted, heights = np.array(sorted(w for w, _ in pairs)), np.array([h for _, h in pairs])
    places = apart(wanted, heights)
    gaps = (heights[1:] + heights[:-1]) / 2
    assert np.all(np.diff(places) >= gaps - 1e-9)
    if gaps.sum() <= 1:
        assert places[0] >= -1e-9 and places[-1] <= 1 + 1e-9
    if np.all(np.diff(wanted) >= gaps):
        np.testing.assert_allclose(places, wanted, atol=1e-9)


@pytest.mark.parametrize("size", plot.SIZES)
def test_no_name_lies_on_another_or_outside_the_figure(size):
    rows = [
        {"policy": f"policy-{i}\nb", "budget": b, "metric": "coverage", "mean": 0.5 + 0.001 * i * b, "lo": 0.4,
         "hi": 0.6, "lo_queries": 0.3, "hi_queries": 0.7, "spent": b, "biased_by": None}
        for i in range(8) for b in BUDGETS
    ]  # fmt: skip
    axes = plot.metric(pl.DataFrame(rows, schema_overrides={"biased_by": pl.String}), ax=plot.canvas(size))
    axes.figure.draw_without_rendering()
    texts = [Text.get_window_extent(t) for t in axes.texts if isinstance(t, Annotation)]
    assert len(texts) == 8
    for one, other in itertools.combinations(texts, 2):
        assert not one.overlaps(other)
    width, height = axes.figure.bbox.size
    assert all(t.x0 >= 0 and t.x1 <= width and t.y0 >= 0 and t.y1 <= height for t in texts)


def test_axes_of_the_caller_without_room_beside_them_get_a_legend(result):
    figure, (one, two) = plt.subplots(1, 2)
    assert result.plot(ax=one) is one and "mine" in keys(one) and not names(one)
    result.plot(ax=two, labels="ends", title="$a_b^c$")
    assert "mine" in names(two) and keys(two) == ["replay noise, 95 %", "new queries, 95 %"]
    plt.close(figure)


def test_letters_of_vector_figures_are_letters(result, tmp_path):
    axes, again = (result.plot(ax=plot.canvas("column"), title="mine & <others> \x00 $x_1$ \ud83d") for _ in range(2))
    pdf = plot.save(axes, tmp_path / "new" / "figure.pdf").read_bytes()
    assert b"/Type3" not in pdf and b"/FontFile2" in pdf
    svg = plot.save(axes, tmp_path / "figure.SVG").read_text()
    texts = ["".join(t.itertext()) for t in ET.fromstring(svg).iter("{http://www.w3.org/2000/svg}text")]
    assert {"mine", "elimination", "mine & <others> \\x00 $x_1$ \\ud83d"} <= set(texts)
    assert "<image" not in svg
    assert plot.encoded(again, "pdf") == pdf and plot.encoded(again, "svg").decode() == svg
    assert plot.save(axes, tmp_path / "figure.png").read_bytes().startswith(b"\x89PNG")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["figure.SVG", "figure.png", "new"]


def test_unknown_sizes_formats_and_figures_are_one_line(result, tmp_path):
    with pytest.raises(InputError, match=r"size 'poster': unknown; use screen, page, column or"):
        plot.canvas("poster")
    with pytest.raises(InputError, match=r"x.doc: figures are \.png, \.pdf, \.svg"):
        plot.save(plot.canvas(), tmp_path / "x.doc")
    with pytest.raises(InputError, match=r"'accuracy': did you mean 'accuracy_best'\? there are cov"):
        result.plot("accuracy", ax=plot.canvas())
    alone = ttcsim.sweep(result.pool, ["uniform"], BUDGETS, reps=5)
    with pytest.raises(InputError, match="one policy; sweep two"):
        alone.plot("efficiency", ax=plot.canvas())
    for name in ("coverage", "allocation"):
        plot.encoded(alone.plot(name, ax=plot.canvas((3.0, 2.0, 6.0))))


def test_a_single_replication_and_a_single_query_are_drawn(tmp_path):
    pool = make_pool("beta(0.5,1)", 1, 8)
    one = ttcsim.sweep(pool, ["uniform", "elimination"], [1.0], reps=1)
    for name in ("coverage", "difference", "efficiency", "allocation"):
        plot.encoded(one.plot(name, ax=plot.canvas()))


@pytest.mark.parametrize("size", plot.SIZES)
def test_long_names_leave_room_for_the_figure_and_bars_are_never_hidden(result, size):
    path = "/home/someone/experiments/policies/mine.py:Thrifty(weight=2.0,cap=16,signal=reward_judge,k=12)"
    long = {"mine": path, "elimination": "a label of words that goes on for longer than anybody would ever read it" * 2}
    frame = result.frame.with_columns(pl.col("policy").replace(long))
    table = ttcsim.allocation(result).with_columns(pl.col("policy").replace(long))
    axes = plot.metric(frame, ax=plot.canvas(size))
    plot.encoded(axes)  # a layout that fails is a warning, and so an error here
    assert axes.get_position().width > 0.3
    assert any("mine.py:Thrifty" in name for name in names(axes)) and not any("/home" in name for name in names(axes))
    bars = plot.allocation(table, frame=frame, ax=plot.canvas(size))
    plot.encoded(bars)
    box = bars.get_legend().get_window_extent()
    assert not any(box.overlaps(bar.get_window_extent()) for bar in bars.patches if bar.get_height())


def test_profiles_are_the_shares_of_the_table(result):
    """Steps from the best pool to the worst, where the name stands."""
    other = ttcsim.sweep(
        make_pool("beta(1,3)", 20, 30), {str(o.policy): o.policy for o in result.outcomes}, BUDGETS, reps=20
    )
    table = ttcsim.profiles({"one": result, "other": other}).filter(budget=4.0)
    axes = plot.profiles(table, ax=plot.canvas())
    for policy in ("mine", "elimination", "prophet"):
        line = curve(axes, policy)
        own = table.filter(policy=policy)["threshold"].to_list()
        assert line.get_drawstyle() == "steps-pre" and len(own) == 2
        assert line.get_xydata().tolist() == [[0.0, max(own)], [0.5, max(own)], [1.0, min(own)]]
    assert {name.split("\n")[0] for name in names(axes)} == {"mine", "elimination", "prophet"}
    assert axes.get_xlim() == (0, 1)
