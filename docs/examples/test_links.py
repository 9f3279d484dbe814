"""Every relative link and picture in the documents leads to a file, and every anchor to a heading."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted({*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "src").rglob("*.md")})
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def links(page: Path) -> list[str]:
    """Return the targets of all links of a page outside code, those of the web left out."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    text = re.sub(r"`[^`\n]*`(?!\])", "", text)
    return [target for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def anchors(page: Path) -> set[str]:
    """Return the anchors of a page's headings as code forges make them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(encoding="utf-8"), re.MULTILINE)
    words = (re.sub(r"[^\w\- ]", "", heading.lower()) for heading in headings)
    return {word.strip().replace(" ", "-") for word in words}


def broken(page: Path) -> list[str]:
    """Return the links of a page that lead nowhere."""
    found = []
    for target in links(page):
        path, _, anchor = target.partition("#")
        file = (page.parent / path).resolve() if path else page
        if not file.exists() or (anchor and anchor not in anchors(file)):
            found.append(target)
    return found


def reached_from(start: Path) -> set[Path]:
    """Return the pages that links lead to from a page, itself included."""
    reached: set[Path] = set()
    waiting = [start.resolve()]
    while waiting:
        page = waiting.pop()
        if page in reached or page.suffix != ".md" or not page.exists():
            continue
        reached.add(page)
        local = (target.partition("#")[0] for target in links(page) if target[0] != "#")
        waiting += [(page.parent / target).resolve() for target in local]
    return reached


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page: Path) -> None:
    assert not broken(page)


def test_every_page_can_be_reached() -> None:
    """From the README, link by link: all pages under docs."""
    reached = reached_from(ROOT / "README.md")
    assert not [page for page in PAGES if (ROOT / "docs") in page.parents and page.resolve() not in reached]


def test_a_broken_link_and_a_lost_page_are_found(tmp_path: Path) -> None:
    start, other, lost = (tmp_path / name for name in ("start.md", "other.md", "lost.md"))
    start.write_text("# Start\n[a](other.md#there) [b](other.md#gone) [c](gone.md) `[d](code.md)`\n")
    other.write_text("# There\n[web](https://example.org) [back](start.md)\n")
    lost.write_text("# Lost\n")
    assert broken(start) == ["other.md#gone", "gone.md"]
    assert reached_from(start) == {start.resolve(), other.resolve()}
