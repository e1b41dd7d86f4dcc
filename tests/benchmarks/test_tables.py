"""What a benchmark found is told as it was found."""

from tables import Compared, Found, Table, from_json, to_json, to_markdown

FOUND = Found(
    ("Of one core:", Table(("queries", "cost"), ("{:,}", "{:.1f} ns"), [(1000, 2.345), (10**6, None)])),
    [Compared("uniform", "draws/s", 3.0, "C", 2.0, 0.8)],
)


def test_markdown_rounds_and_leaves_out_what_is_not_there():
    assert (
        to_markdown(FOUND) == "Of one core:\n\n| queries | cost |\n| --- | --- |\n| 1,000 | 2.3 ns |\n| 1,000,000 |  |"
    )


def test_numbers_come_back_whole():
    again = from_json(to_json(FOUND))
    assert to_markdown(again) == to_markdown(FOUND)
    assert again.parts[1].rows[0] == [1000, 2.345]
    assert again.compared == list(FOUND.compared) and again.compared[0].ratio == 1.5
