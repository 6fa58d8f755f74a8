"""What the judge says, and the certificates it judges."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from . import _core


@dataclass(frozen=True)
class Certificate:
    """How good one stage's answer is, with proof.

    `status` is optimal, within_gap, time_limit, cancelled or infeasible. No answer of the stage is
    worth more than `bound`; `gap` is (bound - objective) / |bound|. A `unit` above 0 says that
    values are whole multiples of it and the proof is exact in it. `seconds` is the time the stage
    took.
    """

    status: str
    objective: float
    bound: float
    gap: float
    unit: float
    seconds: float


@dataclass(frozen=True)
class Violation:
    """One thing that is wrong with an answer: in which stage, about whom, and what."""

    stage: str
    subject: str
    problem: str

    def __str__(self) -> str:
        return ": ".join(part for part in (self.stage, self.subject, self.problem) if part)


@dataclass(frozen=True)
class StageVerdict:
    """One stage's objective, bound and gap as the judge recomputed them."""

    objective: float
    bound: float
    gap: float


@dataclass(frozen=True)
class Verdict:
    """What the judge found; it shares no code with what it judges.

    `ok` is true when nothing is wrong. `stages` gives each stage's recomputed figures in the
    stage's own unit; `objective` and `bound` are their sums, `gap` is the largest.
    """

    ok: bool
    violations: tuple[Violation, ...]
    stages: Mapping[str, StageVerdict]

    @property
    def objective(self) -> float:
        """Sum of the stages' objectives, each in its own unit."""
        return math.fsum(s.objective for s in self.stages.values())

    @property
    def bound(self) -> float:
        """Sum of the stages' bounds, each in its own unit."""
        return math.fsum(s.bound for s in self.stages.values())

    @property
    def gap(self) -> float:
        """The largest gap of any stage."""
        return max((s.gap for s in self.stages.values()), default=0.0)

    def __bool__(self) -> bool:
        return self.ok

    def __repr__(self) -> str:
        if self.ok:
            stages = f"{len(self.stages)} stage{'s' if len(self.stages) != 1 else ''}"
            return f"Verdict: ok, {stages}, largest gap {self.gap:.2g}"
        count = len(self.violations)
        lines = [f"Verdict: {count} violation{'s' if count != 1 else ''}"]
        lines += [f"  {violation}" for violation in self.violations[:20]]
        if len(self.violations) > 20:
            lines.append(f"  and {len(self.violations) - 20} more")
        return "\n".join(lines)


def from_core(verdict: _core.Verdict) -> Verdict:
    """The compiled module's verdict as ours."""
    return Verdict(
        ok=verdict.ok,
        violations=tuple(Violation(*v) for v in verdict.violations),
        stages={stage: StageVerdict(*figures) for stage, *figures in verdict.stages},
    )
