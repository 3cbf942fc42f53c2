"""Runs what students wrote where it can do no harm: the hostile half of grading.

- level, program: how strictly, how much, what; plain data
- supervisor: Sandbox, which owns one zygote (trusted)
- session: one submission over several children, its clock (trusted)
- exchange, frames: one request, one reply, of which nothing is believed (trusted)
- process: starts the zygote, kills children (trusted)
- zygote: a warm interpreter without secrets, which forks
- confine: what a child loses; namespaces, landlock, seccomp, kernel do it
- child, ipython: run cells, answer calls (hostile)
- probe, attacks, diagnosis: what holds on this machine, tried out and said
"""

from autograder.sandbox.diagnosis import diagnosis
from autograder.sandbox.level import Level, Limits
from autograder.sandbox.probe import LayerReport, level_that_holds, probe
from autograder.sandbox.program import Cell, CellOutcome, Program
from autograder.sandbox.session import Session
from autograder.sandbox.supervisor import Sandbox

__all__ = [
    "Cell",
    "CellOutcome",
    "LayerReport",
    "Level",
    "Limits",
    "Program",
    "Sandbox",
    "Session",
    "diagnosis",
    "level_that_holds",
    "probe",
]
