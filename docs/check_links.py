"""Check the links of the built documentation: `python docs/check_links.py docs/_build`.

Every link within the site must lead to a file, and its fragment to an element of that file. The
addresses of other sites are listed on request; checking them needs a network
(`python -m sphinx -b linkcheck docs docs/_build/linkcheck`).
"""

from __future__ import annotations

import argparse
from collections import defaultdict
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

# Attributes that name another resource.
_LINKS = {"href", "src", "poster", "data"}


class _Page(HTMLParser):
    """The links of a page, and what can be linked to in it."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.targets: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if not value:
                continue
            if name == "id" or (tag == "a" and name == "name"):
                self.targets.add(value)
            elif name in _LINKS:
                self.links.append(value)


def check(site: Path) -> tuple[list[str], dict[str, set[str]]]:
    """Return what is wrong with the links of a site, and its external addresses by page."""
    site = site.resolve()
    # What lies in _static belongs to the theme, templates among them.
    paths = [path for path in sorted(site.rglob("*.html")) if "_static" not in path.parts]
    pages = {path: _Page(path.read_text(encoding="utf-8")) for path in paths}
    if not pages:
        raise ValueError(f"expected a folder with HTML pages, got {str(site)!r}: build them first")
    problems, external = [], defaultdict(set)
    for path, page in pages.items():
        here = str(path.relative_to(site))
        for link in page.links:
            address, fragment = urldefrag(link)
            parts = urlsplit(address)
            if parts.scheme == "data" or parts.scheme == "mailto":
                continue
            if parts.scheme or parts.netloc:
                external[address].add(here)
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            if target.is_dir():
                target /= "index.html"
            if not target.is_file() or not target.is_relative_to(site):
                problems.append(f"{here}: {link} leads to no file")
            elif fragment and target in pages and unquote(fragment) not in pages[target].targets:
                problems.append(f"{here}: {link} leads to a page without this place")
    return problems, dict(external)


def main() -> int:
    """Print the problems; 1 if there are any."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("site", type=Path)
    parser.add_argument("--external", action="store_true", help="list addresses of other sites")
    options = parser.parse_args()
    problems, external = check(options.site)
    for problem in problems:
        print(problem)
    if options.external:
        for address, pages in sorted(external.items()):
            print(f"{address}  ({len(pages)} pages)")
    print(f"{len(problems)} broken links, {len(external)} addresses of other sites")
    return int(bool(problems))


if __name__ == "__main__":
    raise SystemExit(main())
