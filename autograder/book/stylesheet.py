"""All style sheets of the site as one, with only the rules that pages can use.

The theme brings 400 kB of rules for everything it could show. A rule stays when
every class, id and element its selector names stands in a page or in a script.
"""

from __future__ import annotations

import base64
import posixpath
import re
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any

import tinycss2
from fontTools import subset
from fontTools.ttLib import TTFont

_NESTED = ("media", "supports", "layer", "container")
_WORD = re.compile(r"[A-Za-z_][\w-]*")
_TAG = re.compile(r"<([a-z][a-z0-9-]*)")
_ATTRIBUTE = re.compile(r'\s(?:class|id)="([^"]*)"')
_ICON = re.compile("[\uf000-\uf8ff]")  # the characters that icon fonts draw
_ICON_FONT = re.compile(r"src:url\(([^)]*fa-solid-900)\.woff2\)[^;}]*", re.IGNORECASE)


def words(pages: Iterable[str], scripts: Iterable[str]) -> set[str]:
    """What selectors may name: pages' classes, ids and elements, scripts' words."""
    found: set[str] = {"html", "body"}
    for page in pages:
        found.update(_TAG.findall(page))
        for names in _ATTRIBUTE.findall(page):
            found.update(names.split())
    for script in scripts:
        found.update(_WORD.findall(script))
    return found


def combined(files: Iterable[Path], folder: Path, used: set[str]) -> str:
    """The style sheets in their order, as one that lies in `folder`."""
    text = "".join(_used(_rules(file, folder), used) for file in files)
    return with_icons(text, folder)


def with_icons(text: str, folder: Path) -> str:
    """The style sheet with the icons that it names inside, instead of a font file.

    Icons are there at first paint, and 150 kB of others are not loaded.
    """
    wanted = sorted({ord(icon) for icon in _ICON.findall(text)})

    def inside(match: re.Match[str]) -> str:
        font = _subset(folder / f"{match[1]}.ttf", wanted)
        return f'src:url(data:font/woff;base64,{font}) format("woff")'

    return _ICON_FONT.sub(inside, text)


def _rules(file: Path, folder: Path) -> list[Any]:
    """The rules of a file and of those it imports; addresses seen from `folder`."""
    place = posixpath.relpath(file.parent.as_posix(), folder.as_posix())
    text = re.sub(
        r"url\(\s*(['\"]?)(?!data:|#|/|https?:)([^)'\"]+)\1\s*\)",
        lambda match: f"url({posixpath.normpath(posixpath.join(place, match[2]))})",
        file.read_text(encoding="utf-8"),
    )
    found: list[Any] = []
    for rule in tinycss2.parse_stylesheet(text, True, True):
        if rule.type == "at-rule" and rule.lower_at_keyword == "import":
            (name,) = (t.value for t in rule.prelude if t.type in ("string", "url"))
            found += _rules((file.parent / name).resolve(), folder)
        else:
            found.append(rule)
    return found


def _used(rules: Iterable[Any], used: set[str]) -> str:
    return "".join(_rule(rule, used) for rule in rules)


def _rule(rule: Any, used: set[str]) -> str:
    """A rule with the selectors that can match, or nothing."""
    if rule.type == "qualified-rule":
        selectors = [s for s in _selectors(rule.prelude) if _names(s) <= used]
        if not selectors:
            return ""
        prelude = ",".join(tinycss2.serialize(s).strip() for s in selectors)
        return f"{prelude}{{{_declarations(rule.content)}}}\n"
    if rule.type == "at-rule" and rule.lower_at_keyword in _NESTED and rule.content:
        inner = _used(tinycss2.parse_rule_list(rule.content, True, True), used)
        prelude = tinycss2.serialize(rule.prelude).strip()
        return f"@{rule.at_keyword} {prelude}{{\n{inner}}}\n" if inner else ""
    return f"{rule.serialize()}\n"


def _declarations(content: list[Any]) -> str:
    items = tinycss2.parse_blocks_contents(content, True, True)
    return ";".join(item.serialize() for item in items)


def _selectors(prelude: list[Any]) -> list[list[Any]]:
    """The selectors between a rule's commas."""
    found: list[list[Any]] = [[]]
    for token in prelude:
        if token == ",":
            found.append([])
        else:
            found[-1].append(token)
    return found


def _names(selector: list[Any]) -> set[str]:
    """The classes, ids and elements that have to be there.

    What stands in brackets, such as `:not(...)`, does not have to.
    """
    found = set()
    for before, token in zip([None, *selector], selector, strict=False):
        if token.type == "hash" or (token.type == "ident" and before != ":"):
            found.add(token.value)
    return found


def _subset(path: Path, codes: list[int]) -> str:
    """A font with only these characters, as WOFF in base 64."""
    font = TTFont(path)
    options = subset.Options()
    options.layout_features = []
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=codes)
    cutter.subset(font)
    font.flavor = "woff"
    file = BytesIO()
    font.save(file)
    return base64.b64encode(file.getvalue()).decode()
