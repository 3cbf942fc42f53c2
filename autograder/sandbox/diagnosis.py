"""What the self-test found, as lines for a person: by level, strongest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from autograder.sandbox.level import Level
from autograder.sandbox.probe import LayerReport

PROTECTS = {
    Level.ISOLATED: "a file tree, processes, a network and a home of its own, "
    "so that a submission meets nothing but the libraries",
    Level.CONFINED: "files outside the libraries, other processes and the network "
    "are refused by the kernel, though they are there",
    Level.PROCESS: "a process of its own with limits and without secrets; "
    "whatever its user may read, a submission may read",
}


def diagnosis(reports: Sequence[LayerReport]) -> Iterator[str]:
    """A paragraph for each level: what it protects from, which layers and attacks
    it is made of, what is missing and how to get it."""
    reached = [level for level in Level if _holds(level, reports)]
    for level in sorted(Level, reverse=True):
        state = "holds" if level in reached else "does not hold"
        yield f"{level.name.lower()} {state}: {PROTECTS[level]}"
        for report in _of(level, reports):
            mark = "holds  " if report.holds else "missing"
            yield f"  {mark} {report.name}: {report.protects}"
            if report.missing:
                yield f"          {report.missing}"
            if report.remedy:
                yield f"          {report.remedy}"
    best = max(reached, default=None)
    if best is None:
        yield "no level holds here: submissions cannot be graded on this machine"
    elif best is Level.ISOLATED:
        yield "`course grade` runs at the level isolated, the strongest"
    else:
        name = best.name.lower()
        yield f"`course grade` refuses; `course grade --level {name}` would run"


def _holds(level: Level, reports: Sequence[LayerReport]) -> bool:
    return all(report.holds for report in reports if report.level <= level)


def _of(level: Level, reports: Sequence[LayerReport]) -> list[LayerReport]:
    """Layers before attacks. The attacks were tried at the strongest level."""
    return [report for report in reports if report.level == level]
