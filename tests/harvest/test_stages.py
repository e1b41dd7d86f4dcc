"""The one loop that carries out every stage."""

import polars as pl

from harvest.config import VerifierConfig
from harvest.progress import Report
from harvest.queries import make_queries
from harvest.stages.stage import Stage, Work, carry_out, one_by_one
from harvest.store import Store
from harvest.verify_beside import VerifyBeside


def test_a_stage_makes_what_is_missing_and_says_how_far_it_is(make_config, tmp_path):
    config = make_config()
    queries = make_queries(config, lambda messages: "")
    made, said = [], []

    class Listens(Report):
        def begin(self, name, total, done=0):
            said.append((name, total, done))

    def make(part):
        made.append(part.number)
        return pl.DataFrame({"query_id": [q.query_id for q in part.queries], "part": part.number})

    with Store(tmp_path / "p", {}, "", resume=False) as store, VerifyBeside(VerifierConfig(workers=1)) as verify:
        work = Work(config, queries, None, verify, store, Listens(quiet=True))
        parts = work.cut("counting", queries, each=5)
        assert [(p.number, len(p.queries), p.work) for p in parts] == [(0, 2, 10), (1, 2, 10), (2, 2, 10)]
        store.write("counting", 1, pl.DataFrame({"query_id": ["kept"], "part": [9]}))
        for _ in range(2):
            carry_out(Stage("samples", "counting", parts, one_by_one(make)), work)
        assert made == [0, 2]
        assert said == [("counting", 30, 10), ("counting", 30, 30)]
        assert [work.read(p)["part"][0] for p in parts] == [0, 9, 2]
