"""The proofs of the paper are those of ttcsim/theory/theory.md, so there is one of each: its Markdown becomes Typst.

A code span that is a formula is set as mathematics, as are letters with an index, single letters and Greek names
between words. What was measured stays behind: paragraphs that begin with one of `MEASURED`, and tables; the paper has
its own numbers, by name.
"""

from __future__ import annotations

import re
from importlib import resources
from pathlib import Path

from ttcsim.guarantees.explain import guarantees

PROVED = ("G1", "G2", "G3", "G4", "G5", "G6", "G7", "G9", "G18")
"""Those whose proofs the paper has; of the others it has the statement."""
MEASURED = ("Measured", "Example", "Consequence", "The published efficiencies", "So rankings", "|")
_UNBIASED = "## When a replay is unbiased\n"

_LONG = 50
"""Letters from which a formula has a line of its own."""
_OPERATORS = {"ceil", "sum", "product", "max", "min", "ln", "exp", "log"}
_GREEK = {"alpha", "delta", "gamma", "Gamma", "lambda", "mu", "theta"}
_CODE = re.compile(r"[\w-]+(?:[./][\w-]*[a-z_]{2}[\w-]*)+|(?:ttcsim|python) .*|[a-z]{3,}_[a-z]{2,}|[a-z][a-z-]+")
"""Code spans that are names of code: with a point or a slash between words, commands, and plain words."""
_BARE = re.compile(
    r"(?<![\w\\`'’-])(?:"
    r"pass[@^][A-Za-z]"  # pass@k
    r"|[A-Za-z]_\w+(?:\([\w, ]+\))?(?:\^\w+)?"  # T_q, X_q(i), p_q^k
    rf"|(?:{'|'.join(sorted(_GREEK))})|[b-zB-HJ-Z]"  # theta; k, but neither "a" nor "I"
    r")(?![\w'’-])"
)


def appendix() -> str:
    """Typst: why a replay is unbiased, and the guarantees with their proofs."""
    theory = (resources.files("ttcsim.theory") / "theory.md").read_text(encoding="utf-8")
    unbiased = theory.partition(_UNBIASED)[2].partition("\n## ")[0]
    setting = theory.partition("\nSetting: ")[2].partition("\n\n")[0]
    parts = [f"_Setting:_ {_paragraph(setting)}", "== When a replay is unbiased <unbiased>", *_paragraphs(unbiased)]
    seen: set[str] = set()
    for one in guarantees():
        if one.name not in PROVED or one.text in seen:
            continue
        seen.add(one.text)
        heading, _, body = one.text.partition("\n\n")
        if not heading.startswith("## "):
            heading, body = f"## {one.name}. {Path(one.file).stem.replace('_', ' ').capitalize()}", one.text
        labels = [other.name for other in guarantees() if other.text == one.text]
        parts.append(f"== {_paragraph(heading.removeprefix('## '))} <{labels[0]}>")
        parts += [f"#metadata(none) <{label}>" for label in labels[1:]]
        parts += [*_paragraphs(body), f"#source[{_paragraph(one.source)}]"]
    others = [one for one in guarantees() if one.name not in PROVED]
    parts += [
        "== The other statements <others>",
        'Their proofs are where these come from, and #raw("ttcsim explain") prints them.',
    ]
    parts.append(
        "\n".join(f"/ {one.name}: {_paragraph(one.statement[:1].upper() + one.statement[1:])}" for one in others)
    )
    return "\n\n".join(['#import "template.typ": source', *parts]) + "\n"


def _paragraphs(text: str) -> list[str]:
    return [_paragraph(block) for block in text.strip().split("\n\n") if not block.startswith(MEASURED)]


def _paragraph(text: str) -> str:
    """Markdown of one paragraph as Typst."""
    pieces = re.split(r"`+([^`]+)`+", " ".join(text.split()))
    told = ""
    for i, piece in enumerate(pieces):
        if i % 2 == 0:
            told += _prose(piece)
        elif _CODE.fullmatch(piece):
            told += f'#raw("{piece}")'
        elif len(piece) < _LONG:
            told += f"${formula(piece)}$"
        else:  # on a line of its own, with the sign that follows it
            sign = pieces[i + 1][:1] if pieces[i + 1][:1] in (",", ".", ":", ";") else ""
            pieces[i + 1] = pieces[i + 1].removeprefix(sign)
            told += f'$ {formula(piece)} "{sign}" $'
    return told


def _prose(text: str) -> str:
    """Words; what Typst would take for markup is itself."""
    pieces = re.split(_BARE, text)
    bare = [match[0] for match in _BARE.finditer(text)]
    plain = [re.sub(r"([\\#$@<>\[\]~=])", r"\\\1", piece) for piece in pieces]
    plain = [piece.replace("∎", "#sym.qed") for piece in plain]
    told = "".join(a + b for a, b in zip(plain, [*(f"${formula(token)}$" for token in bare), ""], strict=True))
    told = re.sub(r"\*\*(.+?)\*\*", r"#strong[\1]", told)
    return re.sub(r"(?<![\w*])\*([^*]+)\*(?![\w*])", r"#emph[\1]", told)


def formula(text: str) -> str:
    """A formula of theory.md in Typst's notation, which is nearly the same."""
    text = re.sub(r"([_^]){([^{}]*)}", r"\1(\2)", text)
    text = re.sub(r"\^-(\w+|\([^()]*\))", r"^(-\1)", text)
    text = re.sub(r"\bC\(([^,()]+), ([^,()]+)\)", r"binom(\1, \2)", text)
    text = re.sub(r"\bpass@(\w)", r'"pass@"\1', text)
    text = re.sub(r"(_\w+)\(", r"\1 (", text)  # an argument, not part of the index
    text = re.sub(r"\bE ", "E thin ", text)
    text = re.sub(r"\bprod(?=_|\b)", "product", text)
    text = text.replace("#", r"\#").replace(" / ", "/").replace("/", r" \/ ")
    return re.sub(r'"[^"]*"|[A-Za-z]{2,}', lambda match: _word(match[0]), text)


def _word(word: str) -> str:
    known = _OPERATORS | _GREEK | {"binom", "thin"}
    if word.startswith('"') or word in known:
        return word
    return f'op("{word}")' if word in ("Var", "mean", "cost") else f'"{word}"'
