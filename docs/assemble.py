"""The pages of the site, laid out in one folder.

Documents lie where their readers look for them (theory beside its code, the harvest's beside the harvest) and are
written for both places: a link is relative to the file, and is rewritten here to the page that the file becomes. A
file that is no page, such as a policy that a page calls an example, becomes a page of its text; a picture is copied.
"""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

ROOT = Path(__file__).parents[1]

ELSEWHERE = {
    "README.md": "index.md",
    "CHANGELOG.md": "changelog.md",
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/RESULTS.md": "benchmarks.md",
    "harvest/README.md": "harvest.md",
    "paper/zoo/RESULTS.md": "zoo.md",
    "ttcsim/theory/coverage.md": "coverage.md",
    "ttcsim/theory/theory.md": "guarantees.md",
}
"""Documents that lie outside ``docs/``, and the pages that they become."""
PICTURES = (".pdf", ".png", ".svg")
"""What is linked or shown as it is."""
_LINK = re.compile(r"\]\((?![a-z]+:|#)([^)#\s]+)(#[^)\s]*)?\)")
_FENCE = re.compile(r"(^```.*?^```$)", re.DOTALL | re.MULTILINE)


def documents() -> dict[str, str]:
    """Every document's path in the repository, and that of its page in the site."""
    own = (path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").glob("*.md"))
    notebooks = (path.stem for path in (ROOT / "docs" / "notebooks").glob("*.py"))
    return {
        **ELSEWHERE,
        **{f"docs/{name}": name for name in sorted(own)},
        **{f"docs/notebooks/{name}.py": f"notebooks/{name}.md" for name in sorted(notebooks)},
    }


def assemble(folder: Path) -> None:
    """Write the pages into a folder, which is emptied first."""
    from docs.notebook import page

    shutil.rmtree(folder, ignore_errors=True)
    pages = documents()
    shown: set[str] = set()
    for source, place in pages.items():
        path = ROOT / source
        text = page(path) if path.suffix == ".py" else path.read_text()
        _write(folder / place, _relinked(text, source, pages, shown))
    for source in sorted(shown):
        if Path(source).suffix in PICTURES:
            (folder / _text_of(source)).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / source, folder / _text_of(source))
            continue
        kind = {".py": "python", ".md": "markdown"}.get(Path(source).suffix, "text")
        text = (ROOT / source).read_text()
        _write(folder / _text_of(source), f"# {source}\n\n````{kind}\n{text}\n````\n")
    shutil.copytree(ROOT / "docs" / "site", folder, dirs_exist_ok=True)


def _relinked(text: str, source: str, pages: dict[str, str], shown: set[str]) -> str:
    """The text of a document with its links turned to pages; files without a page join `shown`."""

    def turned(link: re.Match[str]) -> str:
        target = os.path.normpath(os.path.join(os.path.dirname(source), link[1]))
        if not (ROOT / target).is_file():
            raise SystemExit(f"{source}: links to {link[1]}, which is no file; mend the link")
        if target not in pages:
            shown.add(target)
        there = os.path.relpath(pages.get(target) or _text_of(target), os.path.dirname(pages[source]))
        return f"]({there}{link[2] or ''})"

    parts = _FENCE.split(text)
    parts[::2] = [_LINK.sub(turned, part) for part in parts[::2]]
    return "".join(parts)


def _text_of(source: str) -> str:
    return f"files/{source}" if Path(source).suffix in PICTURES else f"files/{source}.md"


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
