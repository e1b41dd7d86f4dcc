"""Inputs that once ended in a traceback, a crash or never, each by hand; and a few of every kind of the fuzzer."""

import gzip
import io
import json
import os
import subprocess
import sys
import zipfile

import commands
import polars as pl
import pytest
import zstandard
from fuzz import inputs, mutate
from fuzz.judge import fault

import ttcsim
from ttcsim.errors import InputError
from ttcsim.pool import reading
from ttcsim.pool.importers import inspect_logs

SAMPLES = pl.DataFrame({"query_id": ["a", "a", "b"], "correct": [True, False, True]})
LINE = {"doc_id": 0, "target": "2", "filtered_resps": ["2"], "filter": "all", "metrics": ["exact"], "exact": 1.0}
LOG = {
    "eval": {"task": "t"},
    "samples": [{"id": "a", "epoch": 1, "scores": {"match": {"value": "C", "answer": "1"}}, "output": {}}],
}


@pytest.fixture(scope="module")
def seeds(tmp_path_factory):
    return inputs.make_seeds(tmp_path_factory.mktemp("seeds"))


def refused(*words, said, out=None):
    """One line, exit 2, nothing left behind; the line says `said`."""
    assert fault([*map(str, words)], out) is None
    done = commands.run(*words)
    assert (done.returncode, done.stdout) == (2, "") and said in done.stderr, done.stderr


@pytest.mark.parametrize("kind", inputs.KINDS, ids=lambda kind: kind.__name__)
def test_a_few_of_every_kind(kind, tmp_path, seeds, monkeypatch):
    monkeypatch.chdir(tmp_path)  # some names are relative
    for number in range(4):
        folder = tmp_path / str(number)
        folder.mkdir()
        words = inputs.make(kind, number, 0, folder, seeds)
        assert fault(words, folder / "out") is None, words


class TestNames:
    """What a name of a file or of anything else holds means itself."""

    def test_globs(self, tmp_path, seeds, command):
        SAMPLES.write_parquet(tmp_path / "p[1].parquet")
        SAMPLES.head(1).write_parquet(tmp_path / "p1.parquet")
        assert ttcsim.load(tmp_path / "p[1].parquet").n_samples == 3
        inputs.COUNTS.write_csv(tmp_path / "c[1].csv")
        inputs.COUNTS.head(1).write_csv(tmp_path / "c1.csv")
        assert command("pool", "import", "counts", tmp_path / "c[1].csv", tmp_path / "out[1]")[0] == 0
        assert ttcsim.load(tmp_path / "out[1]").n_queries == 3
        for name, reps in (("run[1]", 3), ("run1", 4)):
            words = ("sweep", seeds / "pool", "-p", "uniform", "-b", "1", "--reps", reps, "--out", tmp_path / name)
            assert command(*words)[0] == 0
        assert command("rerun", tmp_path / "run[1]")[0] == 0
        (tmp_path / "run1" / "frame.parquet").unlink()
        assert command("rerun", tmp_path / "run[1]")[0] == 0  # `run1` is none of its business
        (tmp_path / "run[1]" / "frame.parquet").unlink()
        refused("rerun", tmp_path / "run[1]", said="run[1]/frame.parquet: there is no such file")

    def test_bytes_that_are_no_utf_8(self, tmp_path, command):
        odd = os.fsdecode(os.fsencode(tmp_path) + b"/\xff[red]")
        SAMPLES.write_parquet(tmp_path / "t.parquet")
        os.rename(tmp_path / "t.parquet", odd + ".parquet")
        assert ttcsim.load(odd + ".parquet").name == "?[red]"
        assert command("pool", "import", "samples", odd + ".parquet", odd)[0] == 0
        assert command("sweep", odd, "-p", "uniform", "-b", "1", "--reps", 2, "--out", odd + " run")[0] == 0
        assert command("rerun", odd + " run")[0] == 0
        refused("pool", "describe", odd + " none", said="\\udcff[red] none: no such file")
        words = ["-m", "ttcsim", "pool", "import", "samples", odd + ".parquet", odd + "2"]
        done = subprocess.run([sys.executable, *words], capture_output=True)
        assert done.returncode == 0 and b"\xff[red]2: " in done.stdout.replace(b"\n", b"")

    def test_markup_and_control_characters(self, tmp_path, command):
        name = "[/red]\x1b[31m$\\frac$"
        table = pl.DataFrame({"query_id": [name, name, "b"], "correct": [True, False, True], "reward_[/red]": 0.5})
        table.write_parquet(tmp_path / f"{name.replace('/', '')}.parquet")
        path = tmp_path / f"{name.replace('/', '')}.parquet"
        for words in (("pool", "describe", path), ("sweep", path, "-p", "uniform", "-b", "1", "--reps", 2)):
            assert command(*words)[0] == 0
        refused("sweep", path, "-p", "elimination(signal='reward_[/x]')", "-b", "1", said="reward_[/x]")
        refused("pool", "describe", tmp_path / name, said="[/red]\\x1b[31m")
        refused("sweep", path, "-p", "[/red]\0", "-b", "1", said="[/red]\\x00")


class TestPlaces:
    """Where a file should be is something else."""

    @pytest.mark.parametrize(
        "words", [("pool", "describe"), ("predict",), ("report",), ("rerun",), ("strategies", "describe")]
    )
    @pytest.mark.parametrize("place", ["pipe", "loop", "empty", "x" * 5000, "/dev/zero", "/proc/self/mem", ""])
    def test_no_file_to_read(self, words, place, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        os.symlink("loop", tmp_path / "loop")
        (tmp_path / "empty").mkdir()
        assert fault([*words, str(tmp_path / place) if place else ""]) is None

    def test_nor_what_only_python_can_name(self):
        """No argument of a process has a NUL."""
        with pytest.raises(InputError, match="no such file"):
            ttcsim.load("a\0b")

    @pytest.mark.parametrize("form", ["samples", "counts", "lm-eval", "inspect", "monkeys", "best-of-infinity"])
    def test_nor_to_import(self, form, tmp_path):
        os.mkfifo(tmp_path / "pipe.csv")
        os.symlink("loop", tmp_path / "loop")
        (tmp_path / "folder.parquet").mkdir()
        for place in ("pipe.csv", "loop", "folder.parquet", "x" * 5000, "a\0b", "none"):
            out = tmp_path / "out"
            assert fault(["pool", "import", form, str(tmp_path / place), str(out)], out) is None
            assert not out.exists()

    def test_opening_never_waits(self, tmp_path):
        os.mkfifo(tmp_path / "pipe")
        for place in (tmp_path / "pipe", reading.Path("/dev/null")):
            with pytest.raises(ttcsim.InputError, match="no regular file"):
                reading.open_file(place)


class TestTables:
    def test_narrow_tokens_are_tokens(self, tmp_path):
        for kind in (pl.Int8, pl.UInt8, pl.Int16, pl.UInt64):
            SAMPLES.with_columns(tokens=pl.lit(5, kind), sample=pl.Series([0, 1, 0], dtype=kind)).write_parquet(
                tmp_path / "t"
            )
            assert ttcsim.load(tmp_path / "t").tokens.tolist() == [5, 5, 5]
        SAMPLES.with_columns(tokens=pl.lit(2**64 - 1, pl.UInt64)).write_parquet(tmp_path / "t")
        refused("pool", "describe", tmp_path / "t", said="row 1 (query 'a') is 18446744073709551615; a sample costs")

    @pytest.mark.parametrize("column", range(len(mutate.ODD)))
    def test_odd_columns_anywhere(self, column, tmp_path, seeds):
        file = tmp_path / "t.parquet"
        for table, words in (
            (SAMPLES, ("pool", "describe", file)), (inputs.CURVE, ("predict", file)),
            (inputs.COUNTS, ("pool", "import", "counts", file, tmp_path / "out")),
        ):  # fmt: skip
            for name in table.columns:
                content = mutate.parquet(table.with_columns(mutate.ODD[column](table.height).alias(name)))
                if content is not None:
                    file.write_bytes(content)
                    assert fault([*map(str, words)]) is None, name

    def test_more_rows_than_memory(self, tmp_path, monkeypatch):
        pl.select(query_id=pl.repeat("a", 10**6), correct=pl.repeat(True, 10**6)).write_parquet(tmp_path / "t.parquet")
        assert (tmp_path / "t.parquet").stat().st_size < 20_000
        monkeypatch.setattr("ttcsim.room.memory", lambda: 2**20)
        monkeypatch.setattr("ttcsim.room.disk", lambda folder: 2**19)
        refused("pool", "describe", tmp_path / "t.parquet", said="1,000,000 rows of 2 columns would take")
        refused(
            "pool", "import", "samples", tmp_path / "t.parquet", tmp_path / "out", said="1,000,000 rows of 2 columns"
        )

    def test_panics_of_polars_are_one_line(self, tmp_path, monkeypatch, capfd):
        def panic(*_, **__):
            os.write(2, b"thread panicked at ...\n")
            raise pl.exceptions.PanicException("index out of bounds")

        SAMPLES.write_parquet(tmp_path / "t.parquet")
        monkeypatch.setattr(pl.LazyFrame, "collect", panic)
        refused("pool", "describe", tmp_path / "t.parquet", said="not a whole Parquet file (index out of bounds)")
        assert "panicked" not in capfd.readouterr().err

    def test_counts_beyond_memory(self, tmp_path):
        rows = "".join(f"q{i},2000000000,1\n" for i in range(10_000))
        for text, said in ((rows, "would take"), (f"a,{2**62},1", "at most 2147483647"), ("", "holds no rows")):
            (tmp_path / "c.csv").write_text("query_id,n,c\n" + text)
            refused("pool", "import", "counts", tmp_path / "c.csv", tmp_path / "out", said=said, out=tmp_path / "out")


class TestBombs:
    def test_text_that_is_packed(self, tmp_path):
        packers = {"gzip": gzip.compress, "Zstandard": zstandard.compress}
        for name, pack in packers.items():
            for ending, content in (("csv", b"query_id,n,c\na,1,1\n"), ("jsonl", b'{"query_id":"a","n":1,"c":1}\n')):
                file = tmp_path / f"t.{ending}"
                file.write_bytes(pack(content * 1000))
                refused(
                    "pool", "import", "counts", file, tmp_path / "out", said=f"compressed ({name}); unpack it first"
                )

    @pytest.mark.parametrize("pack", ["zip", "zstd", "zstd of an unknown size"])
    def test_members_of_a_log(self, pack, tmp_path, monkeypatch):
        monkeypatch.setattr(inspect_logs, "_MOST_UNPACKED", 1 << 16)
        sample = LOG["samples"][0]
        large = json.dumps({**sample, "more": " " * (1 << 17)}).encode()
        file = tmp_path / "t.eval"
        file.write_bytes(_archive({"header.json": json.dumps(LOG).encode(), "samples/a.json": large}, pack))
        refused("pool", "import", "inspect", file, tmp_path / "out", said="samples/a.json unpacks to more than 0 MiB")
        small = json.dumps(sample).encode()
        file.write_bytes(_archive({"header.json": json.dumps(LOG).encode(), "samples/a.json": small}, pack))
        assert inspect_logs.import_inspect(file).n_samples == 1
        monkeypatch.setattr(inspect_logs, "_MOST_LOG", 100)
        refused("pool", "import", "inspect", file, tmp_path / "out", said="header.json unpacks to more")

    @pytest.mark.parametrize(
        ("text", "said"),
        [
            ("a: &a [x,x]\nb: &b [*a,*a]\nsamples: [*b,*b]", "it has aliases"),
            ("is_corrects: &x [*x]", "it has aliases"),
            ("[" * 100_000, "cannot be read ("),  # the loader in C died of it; newer ones have a limit of their own
            ("[" * 200, "nested deeper than 100"),
            ("a: " + "{a: " * 200 + "1" + "}" * 200, "nested deeper than 100"),
        ],
    )
    def test_yaml(self, text, said, tmp_path):
        (tmp_path / "a.yaml").write_text(text)
        refused("pool", "import", "monkeys", tmp_path, tmp_path / "out", said=said)

    def test_deep_json(self, tmp_path, seeds):
        deep = "[" * 100_000
        for name, words in {
            "samples_t_1.jsonl": ("pool", "import", "lm-eval"), "t.json": ("pool", "import", "inspect"),
            "graded/a.json": ("pool", "import", "monkeys"), "manifest.json": ("pool", "describe"),
            "config.json": ("rerun",), "state.json": ("predict",),
        }.items():  # fmt: skip
            file = tmp_path / name
            file.parent.mkdir(exist_ok=True)
            file.write_text(deep)
            place = file if name[0] in "st" and name != "state.json" else file.parent
            refused(
                *words,
                place,
                *([tmp_path / "out"] if words[:2] == ("pool", "import") else []),
                said="nested too deeply",
            )


def _archive(members, pack):
    """A zip archive as Inspect writes it: members deflated, or Zstandard frames."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED if pack == "zip" else zipfile.ZIP_STORED) as archive:
        for name, content in members.items():
            if pack != "zip":
                content = zstandard.ZstdCompressor(write_content_size=pack == "zstd").compress(content)
            archive.writestr(name, content)
    packed = bytearray(buffer.getvalue())
    if pack == "zip":
        return bytes(packed)
    for signature, kind, size in ((b"PK\x03\x04", 8, 22), (b"PK\x01\x02", 10, 24)):
        at = -1
        for content in members.values():
            at = packed.index(signature, at + 1)
            packed[at + kind] = 93
            packed[at + size : at + size + 4] = len(content).to_bytes(4, "little")
    return bytes(packed)


class TestLogs:
    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"exact": {}}, "exact is a mapping of 0; a score lies in [0, 1]"),
            ({"exact": "1"}, "exact is '1'"),
            ({"exact": 10**400}, "exact is a number of many digits"),
            ({"exact": float("nan")}, "exact is nan"),
            ({"filtered_resps": []}, "'filtered_resps' is empty"),
            ({"resps": {"a": 1}}, "'resps' is a mapping of 1 and not a list"),
            ({"metrics": 5}, "'metrics' is 5 and not a list"),
            ({"metrics": [{}], "exact": 1, "b": 2}, "choose one with --map"),
            ({"doc_id": [1]}, "'doc_id' is a list of 1 and not a text or a whole number"),
        ],
    )
    def test_lm_eval(self, change, said, tmp_path):
        (tmp_path / "samples_t_1.jsonl").write_text(json.dumps({**LINE, **change}))
        refused("pool", "import", "lm-eval", tmp_path, tmp_path / "out", said=said, out=tmp_path / "out")

    def test_lines_end_at_line_feeds_only(self, tmp_path, command):
        line = json.dumps({**LINE, "filtered_resps": ["2\u2028\x85"]}, ensure_ascii=False)
        (tmp_path / "samples_t_1.jsonl").write_text(f"{line}\n")
        assert command("pool", "import", "lm-eval", tmp_path, tmp_path / "out")[0] == 0

    def test_halves_of_surrogate_pairs(self, tmp_path, command):
        line = json.dumps({**LINE, "filtered_resps": ["\ud83d"], "doc_id": "\ud83d"})
        (tmp_path / "samples_t_1.jsonl").write_text(line)
        (tmp_path / "t.json").write_text(json.dumps(LOG).replace('"a"', '"\\ud83d"').replace('"1"', '"\\ud83d"'))
        (tmp_path / "graded").mkdir()
        (tmp_path / "graded" / "a.json").write_text(
            '{"samples": ["\\ud83d"], "is_corrects": [true], "gt_answer": "\\ud83d"}'
        )
        for form, place in (("lm-eval", "samples_t_1.jsonl"), ("inspect", "t.json"), ("monkeys", "graded")):
            assert command("pool", "import", form, tmp_path / place, tmp_path / f"out {form}")[0] == 0
        assert ttcsim.load(tmp_path / "out lm-eval").query_ids == ("?",)

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"id": None}, "'id' is None and not a text or a whole number"),
            ({"scores": ["match"]}, "'scores' is a list of 1 and not a mapping"),
            ({"scores": {"match": 1}}, "'match' is 1 and not a mapping"),
            ({"scores": {"match": {"value": [1]}}}, "match gave a list of 1"),
            ({"output": "x"}, "'output' is 'x' and not a mapping"),
            ({"output": {"usage": []}}, "'usage' is a list of 0"),
            ({"output": {"usage": {"output_tokens": 2**70}}}, "'output_tokens' is a number of many digits"),
            ({"output": {"usage": {"output_tokens": "5"}}}, "'output_tokens' is '5' and not a whole number"),
            ({"output": {"choices": {"0": 1}}}, "'choices' is a mapping of 1 and not a list"),
            ({"output": {"choices": [1]}}, "choice 1 is 1 and not a mapping"),
            ({"output": {"choices": [{"message": "x"}]}}, "'message' is 'x' and not a mapping"),
        ],
    )
    def test_inspect(self, change, said, tmp_path):
        (tmp_path / "t.json").write_text(json.dumps({**LOG, "samples": [{**LOG["samples"][0], **change}]}))
        refused("pool", "import", "inspect", tmp_path, tmp_path / "out", said=said, out=tmp_path / "out")


class TestFolders:
    def test_pools(self, tmp_path, seeds, command):
        assert command("pool", "merge", seeds / "pool", seeds / "pool", tmp_path / "out")[0] == 2
        pool = tmp_path / "pool"
        ttcsim.write(ttcsim.load(seeds / "pool"), pool, facts={"adaptive": 5})
        refused("pool", "initial", pool, tmp_path / "out", said="tells of no adaptive harvest")
        manifest = json.loads((pool / "manifest.json").read_text())
        (pool / "manifest.json").write_text(json.dumps({**manifest, "files": {"x" * 5000: {}}}))
        refused("pool", "describe", pool, said="which is missing")

    @pytest.mark.parametrize(
        ("change", "said"),
        [
            ({"reps": 2.5}, "'reps' in config.json must be a whole number"),
            ({"budgets": [[1]]}, "'budgets' in config.json must be"),
            ({"policies": "uniform"}, "'policies' in config.json must be"),
            ({"selectors": None}, "'selectors' in config.json must be"),
            ({"seed": True}, "'seed' in config.json must be"),
            ({"seed": -1}, "seed: -1 must be"),
            ({"budgets": [1e308]}, "too much to count"),
        ],
    )
    def test_runs(self, change, said, tmp_path, seeds):
        run = tmp_path / "run"
        run.mkdir()
        (run / "frame.parquet").write_bytes((seeds / "run" / "frame.parquet").read_bytes())
        config = json.loads((seeds / "run" / "config.json").read_text())
        (run / "config.json").write_text(json.dumps({**config, **change}))
        refused("rerun", run, said=said)
        (run / "config.json").write_text(json.dumps({k: v for k, v in config.items() if k not in change}))
        refused("rerun", run, said="config.json lacks")


POOL = "builtin:smollm2-arithmetic"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (f"sweep {POOL} -p uniform -b 1e308", "no number up to 9007199254740992"),
        (f"sweep {POOL} -p uniform -b nan", "no number up to"),
        (f"sweep {POOL} -p uniform -b 1e400", "no number up to"),
        (f"sweep {POOL} -p uniform -b 18446744073709551616", "no number up to"),
        (f"sweep {POOL} -p uniform -b 9e14", "too much to count"),
        (f"sweep {POOL} -p uniform -b -0", "buys no draw"),
        (f"sweep {POOL} -p uniform -b ,", "give numbers with commas"),
        (f"sweep {POOL} -p uniform -b 1 --reps 10000000000", "Invalid value for"),
        (f"sweep {POOL} -p uniform -b 1 --seed -1", "Invalid value for"),
        (f"sweep {POOL} -p uniform -b 1 --threads 1000000", "Invalid value for"),
        (f"sweep {POOL} -p elimination(k=9223372036854775808) -b 1", "too large"),
        (f"sweep {POOL} -p elimination(k={'9' * 400}) -b 1", "beyond the largest number"),
        (f"sweep {POOL} -p elimination(k={'9' * 4400}) -b 1", "beyond the largest number"),
        (f"sweep {POOL} -p elimination(gamma=1e400) -b 1", "beyond the largest number"),
        (f"sweep {POOL} -p thompson(b=1e308) -b 1", "must be a number in [1e-9, 1e9]"),  # it drew for ever
        (f"sweep {POOL} -p slg(m=1000000000) -b 1", "must be a whole number in [2, 100000]"),
        (f"sweep {POOL} -p {'x' * 6000} -b 1", "characters are too many"),
        ("pool make out --world linear -n 3 -m 2 --seed -1", "Invalid value for"),
        ("pool make out --world linear -n 900000000 -m 900000000", "would take far more"),
        ("pool make out --world beta(1e400,1)", "beyond the largest number"),
        (f"pool make out --world linear(unsolvable={'9' * 300})", "must lie in [0, 1)"),
        (f"pool hard {POOL} out --seed 18446744073709551616", "Invalid value for"),
        ("check --world linear -n 3 -m 9223372036854775808", "Invalid value for"),
        (f"check {POOL} -b 18446744073709551615", "no number up to"),
        ("strategies describe --world tree --runs 9223372036854775808", "Invalid value for"),
        ("strategies describe --world tree(noise=1e30) -n 3 --runs 1 -b 1", "is not a number from"),
        ("strategies ratio --world revisions -b 999999999999999999999 -n 3 --runs 1", "no number up to"),
        ("strategies bins --world tree -n 3 --runs 1 -b 1 --figure no/such.png", "there is no folder"),
        ("strategies bins --world tree -n 3 --runs 1 -b 1 --figure x.doc", "figures are .png, .pdf, .svg"),
        ("strategies bins --world tree -n 3 --runs 1 -b 1 --figure folder.png", "is a folder"),
    ],
)
def test_numbers_and_outputs(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.png").mkdir()
    refused(*words.split(" "), said=said, out=tmp_path / "out")
    assert [p.name for p in tmp_path.iterdir()] == ["folder.png"]


def test_output_that_cannot_be_written(tmp_path, command):
    (tmp_path / "file").write_text("")
    refused(
        "pool", "make", tmp_path / "file" / "x", "--world", "linear", "-n", "3", "-m", "2", said="cannot write there"
    )
    refused("pool", "make", "/proc/x", "--world", "linear", "-n", "3", "-m", "2", said="cannot write there")
    for outlet, code, said in (("> /dev/full", 2, "No space left on device"), (">&-", 0, "")):
        done = subprocess.run(
            f"{sys.executable} -m ttcsim policies {outlet}", shell=True, capture_output=True, text=True
        )
        assert done.returncode == code and said in done.stderr and done.stderr.count("\n") == bool(said), done.stderr
