"""Damaged inputs of every kind that a command reads, each made of a valid one by a seed and a number.

A kind is a function of (dice, folder, seeds): it writes files into the empty `folder` and gives the command's words.
What a command writes goes to ``folder/out``.
"""

import io
import json
import random
import shutil
import zipfile
from pathlib import Path

import polars as pl
from fuzz import mutate

DATA = Path(__file__).parents[1] / "importers" / "data"
SAMPLES = pl.DataFrame(
    {
        "query_id": ["a", "a", "b", "b", "c", "c"],
        "sample": [0, 1, 0, 1, 0, 1],
        "correct": [True, False, False, True, False, False],
        "tokens": [5, 6, 7, 8, 9, 9],
        "reward": [0.1, 0.2, 0.3, 1.0, 0.0, 0.5],
        "answer": ["1", None, "2", "3", "", "1"],
        "logprob": [-1.0, -2.0, -3.0, -4.0, 0.0, -1.0],
        "chain": [None, None, 0, 0, None, None],
        "step": [None, None, 0, 1, None, None],
    }
)
COUNTS = pl.DataFrame({"query_id": ["a", "b", "c"], "n": [4, 5, 6], "c": [1, 0, 6], "model": ["m", "m", "m"]})
CURVE = pl.DataFrame({"k": [1, 2, 4, 8, 16], "coverage": [0.3, 0.4, 0.5, 0.6, 0.65]})
PROBLEM = {"question": "1 + 1?", "gt_answer": "2", "samples": ["2", "3", "2"], "is_corrects": [True, False, True]}
RUNS = pl.DataFrame(
    [
        {"query_id": q, "strategy": s, "budget": b, "run": r, "correct": (r + b) % 2 == 0, "tokens": 10 * b}
        for q in "abc" for s in ("beam(m=2)", "large_model") for b in (1, 2) for r in range(2)
    ]
)  # fmt: skip


def make_seeds(folder):
    """The valid inputs that take a command to make: a pool folder, and a run folder of `sweep --out`."""
    import commands

    SAMPLES.write_parquet(folder / "samples.parquet")
    for words in (
        ("pool", "import", "samples", folder / "samples.parquet", folder / "pool"),
        ("sweep", folder / "pool", "-p", "uniform,elimination", "-b", "1,2", "--reps", 4, "--out", folder / "run"),
        ("report", folder / "run", "--out", folder / "page.html"),  # makes its script, once
    ):
        done = commands.run(*words)
        assert done.returncode == 0, done.stderr
    pl.DataFrame({"query_id": ["a", "b", "c"], "level": [1, 2, 3]}).write_parquet(folder / "pool" / "queries.parquet")
    RUNS.write_parquet(folder / "pool" / "strategies.parquet")
    manifest = json.loads((folder / "pool" / "manifest.json").read_text())
    (folder / "pool" / "manifest.json").write_text(
        json.dumps({**manifest, "adaptive": {"initial": 1, "until_solved": 2}})
    )
    return folder


def _json_lines(rows, dice):
    return "\n".join(rows if isinstance(rows, str) else map(mutate.text_of, rows)).encode("utf-8", "surrogatepass")


ASKED = (
    ["--task", "all"], ["--task", "tiny_sums"], ["--task", "sums"], ["--task", ","], ["--model", "tiny/alpha"],
    ["--model", "mockllm/alpha,mockllm/beta"], ["--sources"], ["--sources", "--task", "all"], ["--limit", "1"],
    ["--where", "run=2026-11-22T00-24-02.008952"], ["--where", "temperature=0.2"], ["--where", "file="],
    ["--map", "reward=exact_match"], ["--map", "reward=match", "--map", "correct=match"], ["--map", "answer=x"],
    ["--rescale", "reward=0:1"], ["--rescale", "reward=a:b:c"], ["--rescale", "correct=logistic"],
)  # fmt: skip
"""Options that every import knows, and that many have to refuse."""


def _folder_of(name, dice, folder):
    """A folder as a tool left it, with one damaged file."""
    shutil.copytree(DATA / name, folder / name)
    hit = dice.choice(sorted(f for f in (folder / name).rglob("*") if f.is_file()))
    if hit.suffix == ".json" and dice.random() < 0.7:
        value = json.loads(hit.read_text())
        if "config" in value and dice.random() < 0.7:  # where it is read
            key = dice.choice(["config", "configs", "model_name", "chat_template"])
            value[key] = mutate.mutated(value.get(key), dice)
        hit.write_text(mutate.text_of(mutate.mutated(value, dice)))
    else:
        hit.write_bytes(mutate.damaged(hit.read_bytes(), dice))
    return folder / name


def lm_eval(dice, folder, seeds):
    """``samples_*.jsonl`` of lm-evaluation-harness."""
    if dice.random() < 0.25:
        source = _folder_of("lm_eval_runs", dice, folder)
        return ["pool", "import", "lm-eval", source, folder / "out", *dice.choice(ASKED), *dice.choice(ASKED)]
    source = dice.choice(sorted((DATA / "lm_eval").rglob("*.jsonl")))
    file = folder / f"samples_t_{source.name[-30:]}"
    if dice.random() < 0.3:
        file.write_bytes(mutate.damaged(source.read_bytes(), dice))
    else:
        lines = [json.loads(line) for line in source.read_text().splitlines()]
        if dice.random() < 0.3:
            lines = [mutate.mutated(line, random.Random(dice.choice("ab"))) for line in lines]
        else:
            at = dice.randrange(len(lines))
            lines[at] = mutate.mutated(lines[at], dice, dice.choice([1, 1, 2, 5]))
        file.write_bytes(_json_lines(lines, dice))
    options = dice.choice(
        [
            [],
            [],
            [],
            ["--map", "correct=exact_match"],
            ["--map", dice.choice(["correct=doc", "correct=target", "correct=metrics"])],
            ["--where", "filter=all"],
        ]
    )
    return ["pool", "import", "lm-eval", dice.choice([file, folder]), folder / "out", *options]


def inspect(dice, folder, seeds):
    """Logs of Inspect."""
    if dice.random() < 0.25:
        source = _folder_of("inspect_runs", dice, folder)
        return ["pool", "import", "inspect", source, folder / "out", *dice.choice(ASKED), *dice.choice(ASKED)]
    form = dice.choice(["json", "eval", "eval"])
    source = DATA / "inspect" / f"tiny.{form}"
    file = folder / f"log.{form}"
    if dice.random() < 0.3:
        file.write_bytes(mutate.damaged(source.read_bytes(), dice))
    elif form == "json":
        log = json.loads(source.read_text())
        if dice.random() < 0.8:
            key = dice.choice(["samples", "samples", "samples", "eval", "version"])
            log[key] = mutate.mutated(log[key], dice, dice.choice([1, 3, 20])) if key != "version" else "x"
        else:
            log = mutate.mutated(log, dice, 3)
        for sample in log["samples"] if isinstance(log, dict) and isinstance(log.get("samples"), list) else ():
            if isinstance(sample, dict) and dice.random() < 0.5:  # where it is read
                key = dice.choice(["id", "epoch", "scores", "output"])
                sample[key] = mutate.mutated(sample.get(key), dice)
        file.write_text(mutate.text_of(log))
    else:
        file.write_bytes(_eval_log(json.loads((DATA / "inspect" / "tiny.json").read_text()), dice))
    options = dice.choice([[], [], [], ["--map", "correct=match"], ["--where", "task=tiny"]])
    return ["pool", "import", "inspect", dice.choice([file, folder]), folder / "out", *options]


def _eval_log(log, dice):
    """An .eval archive with damaged members, stored, deflated, or in Zstandard frames with or without their size."""
    header = {"eval": log["eval"], "status": "success"}
    members = {"header.json": header, **{f"samples/{s['id']}_epoch_{s['epoch']}.json": s for s in log["samples"]}}
    hit = dice.choice(list(members))
    buffer = io.BytesIO()
    with zipfile.ZipFile(
        buffer, "w", dice.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2])
    ) as archive:
        for name, value in members.items():
            content = mutate.text_of(mutate.mutated(value, dice, 2) if name == hit else value).encode()
            if dice.random() < 0.1:
                content = mutate.damaged(content, dice)
            if name == hit and dice.random() < 0.1:
                name = dice.choice(
                    [
                        "header.json",
                        "../x.json",
                        "samples/\udcff.json".encode("utf-8", "replace").decode(),
                        "samples/.json",
                    ]
                )
            archive.writestr(name, content)
    packed = bytearray(buffer.getvalue())
    if dice.random() < 0.2:  # say that the members are Zstandard
        for signature, at in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
            start = packed.find(signature)
            while start >= 0:
                packed[start + at] = 93
                start = packed.find(signature, start + 1)
    return mutate.damaged(bytes(packed), dice) if dice.random() < 0.2 else bytes(packed)


def counts(dice, folder, seeds):
    """Tables of counts, in every form of table."""
    file = _table(COUNTS, "counts", dice, folder)
    options = dice.choice(
        [[], [], ["--where", "model=m"], ["--where", "n=4"], ["--map", "n=c"], ["--map", "query_id=model"]]
    )
    more = dice.choice(ASKED) if dice.random() < 0.3 else []
    return ["pool", "import", "counts", file, folder / "out", *options, *more]


def _table(table, name, dice, folder):
    form = dice.choice(["csv", "csv", "jsonl", "parquet"])
    file = folder / f"{name}.{form}"
    if form == "jsonl":
        rows = table.to_dicts()
        at = dice.randrange(len(rows))
        rows[at] = mutate.mutated(rows[at], dice, dice.choice([1, 2]))
        content = _json_lines(rows, dice)
    elif form == "csv":
        cells = [list(row) for row in [table.columns, *table.rows()]]
        for _ in range(dice.choice([1, 1, 2, 9])):
            row = dice.choice(cells)
            if row:
                row[dice.randrange(len(row))] = dice.choice(mutate.HOSTILE)
        if dice.random() < 0.2:
            dice.choice(cells).append("more")
        content = "\n".join(",".join("" if c is None else str(c) for c in row) for row in cells).encode(
            "utf-8", "surrogatepass"
        )
    else:
        content = mutate.parquet(mutate.odd_table(table, dice)) or b""
    file.write_bytes(mutate.damaged(content, dice) if dice.random() < 0.25 else content)
    return file


def parquet(dice, folder, seeds):
    """Parquet files of samples, as pools."""
    content = mutate.parquet(mutate.odd_table(SAMPLES, dice)) or b""
    file = folder / "samples.parquet"
    file.write_bytes(mutate.damaged(content, dice) if dice.random() < 0.4 else content)
    return ["pool", "describe", file, *dice.choice([[], ["--json"]])]


def samples(dice, folder, seeds):
    """Tables of samples to import, folders of data sets among them."""
    if dice.random() < 0.2:
        source = folder / "set"
        shutil.copytree(DATA / "datasets" / "flat", source)
        hit = dice.choice(["state.json", "state.json", "data-00000-of-00002.arrow"])
        content = (source / hit).read_bytes()
        if hit == "state.json" and dice.random() < 0.7:
            content = mutate.text_of(mutate.mutated(json.loads(content), dice)).encode()
        else:
            content = mutate.damaged(content, dice)
        (source / hit).write_bytes(content)
        options = ["--map", "query_id=problem", "--map", "correct=passed", "--map", "tokens=length"]
    else:
        source = _table(SAMPLES, "samples", dice, folder)
        options = dice.choice(
            [[]] * 3 + [["--map", m] for m in ("correct=tokens", "answer=sample", "tokens=reward")]
            + [["--where", w] for w in ("query_id=a", "correct=true")]
        )  # fmt: skip
    more = dice.choice(ASKED) if dice.random() < 0.3 else []
    return ["pool", "import", "samples", source, folder / "out", *options, *more]


YAML = (
    'a: &a ["x","x"]\nb: &b [*a,*a]\nc: [*b,*b]', "? [a]\n: 1", "a: !!python/object:os.system x", "{a: 1}: 2", "<<: 1",
    "samples: !!timestamp 2020-99-99", "is_corrects: [!!int x]", "a: *b", "---\n---\n", "- 1", "is_corrects: &x [*x]",
    "is_corrects: [1e999, .nan]", "is_corrects: 2020-01-01", "samples: !!binary ====",
)  # fmt: skip


def monkeys(dice, folder, seeds):
    """Files of Large Language Monkeys."""
    import yaml

    source = folder / "graded"
    source.mkdir()
    for name in ("a", "b"):
        form = dice.choice(["json", "yaml"])
        value = mutate.mutated(PROBLEM, dice) if dice.random() < 0.7 else PROBLEM
        text = mutate.text_of(value)
        if form == "yaml" and dice.random() < 0.5 and "@" not in json.dumps(value):
            text = yaml.dump(value, allow_unicode=False)
        if dice.random() < 0.1:
            text = dice.choice(YAML)
        content = text.encode("utf-8", "surrogatepass")
        (source / f"{name}.{form}").write_bytes(mutate.damaged(content, dice) if dice.random() < 0.25 else content)
    more = dice.choice(ASKED) if dice.random() < 0.2 else []
    return ["pool", "import", "monkeys", source, folder / "out", *more]


def folders(dice, folder, seeds):
    """Pool folders: manifest, queries, parts."""
    pool = folder / "pool"
    shutil.copytree(seeds / "pool", pool)
    hit = dice.choice(["manifest.json"] * 3 + ["queries.parquet", "samples/part-00000.parquet"])
    if hit == "manifest.json":
        content = (pool / hit).read_bytes()
        value = mutate.mutated(json.loads(content), dice, dice.choice([1, 2]))
        content = mutate.damaged(content, dice) if dice.random() < 0.25 else mutate.text_of(value).encode()
    else:
        (pool / "manifest.json").unlink()
        content = mutate.parquet(mutate.odd_table(pl.read_parquet(pool / hit), dice)) or b""
        content = mutate.damaged(content, dice) if dice.random() < 0.25 else content
    (pool / hit).write_bytes(content)
    return dice.choice(
        [["pool", "describe", pool], ["pool", "describe", pool, "--json"], ["pool", "initial", pool, folder / "out"],
         ["pool", "merge", pool, pool, folder / "out"], ["pool", "hard", pool, folder / "out", "--after", "1"]]
    )  # fmt: skip


def runs(dice, folder, seeds):
    """Run folders of ``sweep --out``."""
    run = folder / "run"
    shutil.copytree(seeds / "run", run)
    page = dice.random() < 0.06  # it takes a second
    tables = ["frame", "compare", "allocation", "wins", "queries", "per_query"] if page else ["frame"]
    texts = ["pool.json"] if page else ["config.json"] * 6
    hit = dice.choice(texts + [f"{table}.parquet" for table in tables])
    content = (run / hit).read_bytes()
    if hit in texts and dice.random() < 0.75:
        content = mutate.text_of(mutate.mutated(json.loads(content), dice, dice.choice([1, 1, 3]))).encode()
    elif hit not in texts and dice.random() < 0.5:
        content = mutate.parquet(mutate.odd_table(pl.read_parquet(run / hit), dice)) or b""
    else:
        content = mutate.damaged(content, dice)
    (run / hit).write_bytes(content)
    return ["report", run] if page else ["rerun", run, "--pool", seeds / "pool"]


def strategies(dice, folder, seeds):
    """``strategies.parquet`` of a pool folder."""
    pool = folder / "pool"
    shutil.copytree(seeds / "pool", pool)
    content = mutate.parquet(mutate.odd_table(RUNS, dice)) or b""
    (pool / "strategies.parquet").write_bytes(mutate.damaged(content, dice) if dice.random() < 0.25 else content)
    return ["strategies", "describe", pool, "--select", "oracle", *dice.choice([[], ["--json"]])]


NUMBERS = (
    "0", "-0", "-1", "1", "0.5", "nan", "inf", "-inf", "1e400", "1e-400", "1e308", "9" * 30, "9" * 5000, str(2**63),
    str(2**64 - 1), str(2**63 - 1), "1_0", "0x10", "١", "true", "none", "", " ", "1e", "+1", "1;2", "'1'", "é",
    "[/red]", "\udcff", "-", "--", "1,",
)  # fmt: skip
POLICIES = {
    "uniform": ("k", "cap"),
    "elimination": ("k", "gamma", "cap", "stream"),
    "ucb": ("weight", "k", "cap", "signal"),
    "two-stage": ("share",),
    "thompson": ("a", "b"),
}
POLICY_TEXTS = (
    *["{name}({field}={value})"] * 12, "{name}({value})", "{name}({value}={value})", "{name}{brackets}",
    "{name}({field}={value},{field}={value})", "{value}", "{value}:{value}", "{folder}:X", "{folder}/none.py:X",
    "os:system",
    "{name}({field}='{value}'x)", "{name}\0", "[/red]", "{name}({many})", ".:X", ":",
)  # fmt: skip


def policies(dice, folder, seeds):
    """Policies as texts."""
    name = dice.choice(list(POLICIES))
    field, value = dice.choice(POLICIES[name]), dice.choice(NUMBERS)
    more = {"brackets": "(" * 3000, "many": "a=1," * 5000, "folder": folder}
    text = dice.choice(POLICY_TEXTS).format(name=name, field=field, value=value, **more)
    return ["sweep", seeds / "pool", "-p", text, "-b", "1", "--reps", "2", *dice.choice([[], ["--json"]])]


WORLD_TEXTS = (
    "beta({one},{two})", "kumaraswamy({one},{two})", "scaled-beta({one},1,{two})", "constant({one})",
    "linear(unsolvable={one})", "beta({one},1,unsolvable={two})", "{one}", "beta({one}",
)  # fmt: skip


def worlds(dice, folder, seeds):
    """Worlds as texts."""
    one, two = dice.choice(NUMBERS), dice.choice(NUMBERS)
    text = dice.choice(WORLD_TEXTS).format(one=one, two=two)
    sizes = dice.choice([["-n", "5", "-m", "4"]] * 5 + [["-n", one, "-m", "4"], ["-n", "5", "-m", two]])
    seed = dice.choice([[], ["--seed", dice.choice(NUMBERS)]])
    return ["pool", "make", folder / "out", "--world", text, *sizes, *seed]


def curves(dice, folder, seeds):
    """Tables and points of `predict`."""
    if dice.random() < 0.7:
        return [
            "predict",
            _table(CURVE, "curve", dice, folder),
            "-b",
            dice.choice(["1,2", "1,2", dice.choice(NUMBERS)]),
        ]
    parts = [
        dice.choice(["8:0.7", "31:0.8", *NUMBERS, f"{dice.choice(NUMBERS)}:{dice.choice(NUMBERS)}"]) for _ in range(2)
    ]
    return ["predict", "--points", ",".join(parts)]


PLACES = (
    "/dev/null", "/dev/zero", "", ".", "x" * 300, "x/" * 3000, "a\0b", "builtin:", "builtin:[/red]", "/",
    "/proc/self/mem", "\udcff", "*", "[a]", "file\n\x1b[31mname", "~", "-", "http://127.0.0.1:9/x", "s3://x/y", "hf://datasets/x",
)  # fmt: skip
ARGUMENTS = """
sweep {pool} -p uniform -b {n} --reps 2
sweep {pool} -p uniform -b 1 --reps {n}
sweep {pool} -p uniform -b 1 --reps 2 --seed {n}
sweep {pool} -p uniform -b 1 --reps 2 --threads {n}
sweep {pool} -p uniform -b 1 --reps 2 --precision {n}
sweep {pool} -p uniform -b 1 --reps 2 --cost {n}
sweep {pool} -p uniform -b 1 --reps 2 --replay {n}
sweep {pool} -p uniform -b 1 --reps 2 --select {n}
sweep {pool} -p uniform -b 1 --reps 2 --select best --reward {n}
sweep {pool} -p uniform -b 1 --reps 2 --out {place}
sweep {place} -p {n} -b {n}
rerun {place}
rerun {run} --threads {n}
report {place}
check --world linear -n {n} -m 2 --reps 2
check --world linear -n 3 -m {n} --reps 2
check {pool} --reps {n}
check {pool} -b {n} --reps 2
regret {pool} -p uniform -b {n} --reps 2
extrapolate {pool} -k {n} --resamples 2
extrapolate {pool} --resamples {n}
extrapolate {pool} --family {n}
extrapolate {pool} --seed {n} --resamples 2
predict {place}
predict --points 8:0.7,31:0.8 -b {n}
pool describe {place}
pool hard {pool} {out} --after {n}
pool hard {pool} {out} --seed {n}
pool initial {pool} {out} --samples {n}
pool make {place} --world linear -n 3 -m 2
pool merge {place}
pool merge {place} {pool} {out}
pool import samples {place} {out}
pool import counts {place} {out}
pool import lm-eval {place} {out}
pool import inspect {place} {out}
pool import monkeys {place} {out}
pool {n}
strategies describe {place}
strategies describe {pool} -b {n}
strategies describe {pool} --seed {n} -b 1
strategies describe {pool} --select {n}
strategies describe --world tree(noise={n}) -n 3 --runs 1 -b 1
strategies describe --world tree -n {n} --runs 1 -b 1
strategies describe --world tree -n 2 --runs {n} -b 1
strategies bins {pool} --bins {n} -b 1
strategies bins {pool} --samples {n} -b 1
strategies bins {pool} --reward {n}
strategies bins {pool} --difficulty {n}
strategies bins {pool} -b 1 --figure {place}
strategies flops {pool} -M {n}
strategies flops {pool} -R {n}
strategies ratio {pool} -b {n}
strategies bandit {pool} -b {n} --reps 2
{n} {place}
""".strip().splitlines()


def arguments(dice, folder, seeds):
    """Numbers, words and names of files as arguments."""
    told = {"n": dice.choice(NUMBERS), "place": dice.choice([folder, *PLACES]), "out": folder / "out"}
    told |= {"pool": seeds / "pool", "run": seeds / "run"}
    return [word.format(**told) for word in dice.choice(ARGUMENTS).split()]


KINDS = {
    lm_eval: 600, inspect: 550, counts: 300, parquet: 370, samples: 400, monkeys: 300, folders: 350, runs: 200,
    strategies: 150, policies: 200, worlds: 100, curves: 100, arguments: 180,
}  # fmt: skip
"""How many inputs of each kind the long run makes: 3,800."""


def make(kind, number, seed, folder, seeds):
    """The words of one case, whose files are in the empty `folder`."""
    return [str(word) for word in kind(random.Random(f"{kind.__name__} {seed} {number}"), folder, seeds)]
