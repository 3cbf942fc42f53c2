"""Runs what students wrote where it can do no harm: the hostile half of grading.

supervisor  Sandbox          trusted: owns one zygote
session     Session          trusted: the clock, the kill switch
zygote, child                confined: run a program, answer calls
probe       probe()          what holds on this machine
"""

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
    "level_that_holds",
    "probe",
]
