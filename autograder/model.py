"""The vocabulary: what an exercise is, and what grading says of an answer.

A leaf: imports nothing of the autograder. The checks of a chapter are written
in these words (`autograder/checks/<chapter>.py`), everything else reads them.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from convnets.answers import Call

if TYPE_CHECKING:
    from hypothesis.strategies import SearchStrategy

Draw = Callable[[np.random.Generator], Any]


@dataclass(frozen=True)
class Drawn:
    """An argument that is drawn when the case is: from the secret seed."""

    draw: Draw


def normal(*shape: int, dtype: str = "float64") -> Drawn:
    """An array of normally distributed numbers."""
    return Drawn(lambda rng: rng.standard_normal(shape).astype(dtype))


def integers(
    *shape: int, low: int = -4, high: int = 4, dtype: str = "float64"
) -> Drawn:
    """An array of whole numbers from low to high, without zero."""

    def draw(rng: np.random.Generator) -> Any:
        numbers = rng.integers(low, high, shape)
        return np.where(numbers >= 0, numbers + 1, numbers).astype(dtype)

    return Drawn(draw)


def uniform(*shape: int, dtype: str = "float64") -> Drawn:
    """An array of numbers from [0, 1)."""
    return Drawn(lambda rng: rng.random(shape).astype(dtype))


def strided(drawn: Drawn) -> Drawn:
    """The same numbers in an array that is not contiguous in memory."""

    def draw(rng: np.random.Generator) -> Any:
        array = drawn.draw(rng)
        wide = np.zeros((*array.shape[:-1], 2 * array.shape[-1]), array.dtype)
        wide[..., ::2] = array
        return wide[..., ::2]

    return Drawn(draw)


@dataclass(frozen=True)
class Group:
    """Cases that earn points together: all of them, or none of the points."""

    name: str
    points: int
    about: str  # a sentence for the student, shown before they start


@dataclass(frozen=True)
class Goal:
    """What a trained network has to reach on inputs that it never saw.

    draw: from a random generator to (arguments of the call, targets); the
    targets stay with the referee. measure: a name in `convnets.measures`;
    least: what it must reach. The ten-seed table of `course verify --mutants`
    is the reason for `least`.
    """

    draw: Callable[[np.random.Generator], tuple[tuple[Any, ...], Any]]
    measure: str
    least: float


@dataclass(frozen=True)
class Case:
    """One call with arguments as given or drawn.

    label: a sentence a student can read. It is all of a hidden case that is
    ever shown. public: shipped to students with its answer. exempt: why the
    lint's objection does not hold here. goal: set where the answer is measured
    and not compared with the reference's; `call` then names the caller only.
    """

    group: str
    label: str
    call: Call
    public: bool = False
    any_dtype: bool = False  # values count, the result's dtype does not
    exempt: str = ""
    goal: Goal | None = None


def case(
    group: str,
    label: str,
    *args: Any,
    public: bool = False,
    any_dtype: bool = False,
    exempt: str = "",
    caller: str = "function",
    **kwargs: Any,
) -> Case:
    """A case in one line: `case("plain", "one channel", normal(1, 1, 5, 4), …)`."""
    return Case(group, label, Call(args, kwargs, caller), public, any_dtype, exempt)


def trained(
    group: str,
    label: str,
    draw: Callable[[np.random.Generator], tuple[tuple[Any, ...], Any]],
    measure: str,
    least: float,
    public: bool = False,
) -> Case:
    """A case that trains a network and measures what it says of new inputs."""
    goal = Goal(draw, measure, least)
    return Case(group, label, Call(caller="trained"), public, goal=goal)


@dataclass(frozen=True)
class Mistake:
    """A plausible wrong answer, and the sentence that names it to a student.

    says completes "Your result is what one gets when …".
    """

    says: str
    function: Callable[..., Any]


@dataclass(frozen=True)
class Forbidden:
    """What may not be called, because the exercise is about writing it.

    says: what it is, for the student: "torch's own convolution".
    calls: dotted names, with `*` and `?`, as the source may write them.
    ops: names of torch operations, as `convnets.watch` records them: they are
    seen however they are reached.
    """

    says: str
    calls: tuple[str, ...] = ()
    ops: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)  # one object is one exercise
class Exercise:
    """One function or module that students write, and how it is graded.

    reference: the object in solutions/; its name is the exercise's name.
    explain: a Hypothesis strategy of Calls, simplest first, in which the
    referee looks for the smallest input that shows a mistake.
    oracle: an independent implementation; it must agree with the reference.
    seconds: how long one call may take.
    results: what the entries of a returned tuple are called.
    rtol: another tolerance than the table's, by dtype.
    equivalents: mutants of the reference that compute the same, with reasons.
    forbidden: library calls that the exercise is about; one costs all points.
    forward: for a backward pass: is given the exercise's arguments, dy first,
    and returns (function, variables): the forward pass as a function of what
    the results are the gradients of, and where it is taken.
    image: the result is a batch of images, so a picture helps.
    """

    reference: Callable[..., Any]
    minutes: int
    difficulty: str  # in words: "warm-up", "standard", "challenge"
    groups: Sequence[Group]
    cases: Sequence[Case]
    explain: SearchStrategy[Call] | None = None
    oracle: Callable[..., Any] | None = None
    mistakes: Sequence[Mistake] = ()
    alternatives: Sequence[Callable[..., Any]] = ()
    forbidden: Sequence[Forbidden] = ()
    forward: Callable[..., Any] | None = None
    seconds: float = 5.0
    rtol: dict[str, float] = field(default_factory=dict)
    results: tuple[str, ...] = ()
    equivalents: dict[str, str] = field(default_factory=dict)
    image: bool = False

    @property
    def name(self) -> str:
        """The name under which students define it."""
        return self.reference.__name__

    @property
    def points(self) -> int:
        """What full marks are worth."""
        return sum(group.points for group in self.groups)

    @property
    def measured(self) -> bool:
        """Whether a trained network is judged by what it reaches."""
        return any(case.goal for case in self.cases)


@dataclass(frozen=True)
class CaseVerdict:
    """What one case says of a submission. message is for the student."""

    label: str
    group: str
    passed: bool
    public: bool
    message: str = ""


@dataclass(frozen=True)
class Explanation:
    """The smallest input found on which a submission differs.

    call: as one would type it; given, expected, received: as text;
    picture: an SVG, or empty; diagnoses: sentences, one a listed mistake
    that gives the same answers.
    """

    call: str
    given: str
    expected: str
    received: str
    message: str
    picture: str = ""
    diagnoses: tuple[str, ...] = ()


@dataclass(frozen=True)
class Verdict:
    """What grading says of one exercise in one submission.

    trouble: one sentence when the answer could not be tried at all (a syntax
    error, the function is missing, the clock ran out while the cells ran).
    remark: what staff should know of how it ran, in a few words.
    """

    exercise: str
    score: float
    points: int
    cases: tuple[CaseVerdict, ...]
    trouble: str = ""
    explanation: Explanation | None = None
    printed: str = ""
    remark: str = ""

    @property
    def passed(self) -> bool:
        """Whether it has full marks."""
        return self.score == self.points
