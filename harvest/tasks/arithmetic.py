"""Queries a 135M-parameter model solves sometimes: few-shot families with exact answers, made from a seed."""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from itertools import islice

from harvest.config import ArithmeticTask
from harvest.tasks.problem import Problem, Task
from ttcsim.errors import InputError, among

_WORDS = """
planet window garden yellow silver basket camera dragon engine forest guitar hammer island jacket kitten ladder magnet
needle orange pepper rabbit saddle ticket velvet walnut zipper banana cactus donkey falcon goblin helmet insect jungle
kernel lizard muffin noodle oyster pirate quartz rocket spider tunnel violin wizard button candle
""".split()  # noqa: SIM905


def _sum(r: random.Random, low: int, high: int) -> tuple[str, str]:
    a, b = r.randint(low, high), r.randint(low, high)
    return f"What is {a} + {b}?", str(a + b)


def _product(r: random.Random, low: int, high: int) -> tuple[str, str]:
    a, b = r.randint(2, 9), r.randint(low, high)
    return f"What is {a} times {b}?", str(a * b)


def _largest(r: random.Random) -> tuple[str, str]:
    numbers = r.sample(range(10, 100), 4)
    return f"Which is the largest of {', '.join(map(str, numbers))}?", str(max(numbers))


def _last_letter(r: random.Random) -> tuple[str, str]:
    word = r.choice(_WORDS)
    return f"What is the last letter of the word {word}?", word[-1]


def _letter_count(r: random.Random) -> tuple[str, str]:
    word = r.choice(_WORDS)
    letter = r.choice(word)
    return f"How many times does the letter {letter} occur in the word {word}?", str(word.count(letter))


def _remainder(r: random.Random) -> tuple[str, str]:
    a, b = r.randint(10, 60), r.randint(3, 9)
    return f"What is the remainder of {a} divided by {b}?", str(a % b)


def _difference(r: random.Random) -> tuple[str, str]:
    a, b = sorted(r.sample(range(10, 100), 2))
    return f"What is {b} - {a}?", str(b - a)


def _sum_of_three(r: random.Random) -> tuple[str, str]:
    a, b, c = (r.randint(2, 19) for _ in range(3))
    return f"What is {a} + {b} + {c}?", str(a + b + c)


def _backwards(r: random.Random) -> tuple[str, str]:
    word = r.choice(_WORDS)
    return f"Spell the word {word} backwards.", word[::-1]


def _sort(r: random.Random) -> tuple[str, str]:
    numbers = r.sample(range(1, 20), 3)
    return f"Sort {', '.join(map(str, numbers))} from small to large.", " ".join(map(str, sorted(numbers)))


FAMILIES: dict[str, Callable[[random.Random], tuple[str, str]]] = {
    "sum-1": lambda r: _sum(r, 1, 9),
    "sum-2": lambda r: _sum(r, 10, 99),
    "product-1x1": lambda r: _product(r, 2, 9),
    "product-1x2": lambda r: _product(r, 11, 29),
    "difference-2": _difference,
    "largest-of-4": _largest,
    "last-letter": _last_letter,
    "letter-count": _letter_count,
    "remainder": _remainder,
    "sort-3": _sort,
    "sum-of-3": _sum_of_three,
    "backwards": _backwards,
}
"""Each family maps a random source to (question, gold answer)."""

SHOTS = 4


_MISSES = 10_000  # in a row, after which a family is taken to have no further question


def _questions(family: str, seed: int) -> Iterator[tuple[str, str]]:
    source = random.Random(f"{family}/{seed}")
    seen: set[str] = set()
    misses = 0
    while misses < _MISSES:
        question, gold = FAMILIES[family](source)
        misses += 1
        if question not in seen:
            misses = 0
            seen.add(question)
            yield question, gold


def load(task: ArithmeticTask) -> list[Problem]:
    """`size` different queries (default 20) of every family (option `families`, default all), none a solved example."""
    names = FAMILIES if task.options.families is None else task.options.families
    unknown = sorted(set(names) - set(FAMILIES))
    if unknown:
        raise InputError(f"task 'arithmetic': no family '{unknown[0]}'; {among(unknown[0], FAMILIES)}")
    seed, size = task.options.seed, task.options.size
    problems = []
    for family in names:
        own = list(islice(_questions(family, seed), SHOTS, SHOTS + size))
        if len(own) < size:
            raise InputError(f"task 'arithmetic': family '{family}' has only {len(own)} questions; lower options.size")
        problems += [
            Problem(f"{family}-{i:03d}", question, gold, family, "arithmetic", check={"family": family})
            for i, (question, gold) in enumerate(own)
        ]
    return problems


def examples(task: ArithmeticTask, problem: Problem) -> Sequence[Problem]:
    """Solved examples of the problem's family."""
    shown = islice(_questions(problem.level, task.options.seed), SHOTS)
    return [Problem("", question, gold, problem.level, solution=gold) for question, gold in shown]


_NUMBER = re.compile(r"-?\d+")
_SPELT = {"last-letter": re.compile(r"[A-Za-z]\b"), "backwards": re.compile(r"[A-Za-z]{2,}")}


def extract_answer(text: str, family: str) -> str | None:
    """The final answer in a response: its first number, letter or list of numbers; None when there is none."""
    if family in _SPELT:
        found = _SPELT[family].search(text)
        return found[0].lower() if found else None
    numbers = [str(int(n)) for n in _NUMBER.findall(text)]
    if family == "sort-3":
        return " ".join(numbers[:3]) if len(numbers) >= 3 else None
    return numbers[0] if numbers else None


ARITHMETIC = {
    "arithmetic": Task(
        load, f"{len(FAMILIES)} families that a very small model solves sometimes; options size, seed, families",
        "arithmetic", prompt="Q: {question}\nA:", example="Q: {question}\nA: {solution}\n\n", chat=False,
        examples=examples,
    ),
}  # fmt: skip
"""Tasks by name."""
