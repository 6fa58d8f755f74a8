"""Matching, pooling and funding at national scale, each answer with its proof.

>>> import libmatch as lm
>>> market = lm.demo_market(firms=200, advisers=20, seed=1)
>>> plan = lm.solve(market)
>>> lm.verify(market, plan).ok
True
"""

from ._arrays import (
    AssignResult,
    Blocker,
    DossierRule,
    PoolResult,
    Relaxation,
    assign,
    pool,
)
from ._coincidence import Coincidence, Grouping, coincidence
from ._core import InputError
from ._core import version as __version__
from ._errors import Fault
from ._io import read_market
from ._judge import verify
from ._legal import LegalFigure, legal_figures
from ._market import Market, check, demo_market
from ._place import Placement, place
from ._plan import Plan, compare, read_plan, solve
from ._quotas import Quota
from ._scenarios import outcomes, scenarios
from ._team import Team
from ._verdict import Certificate, StageVerdict, Verdict, Violation

__all__ = [
    "AssignResult",
    "Blocker",
    "Certificate",
    "Coincidence",
    "DossierRule",
    "Fault",
    "Grouping",
    "InputError",
    "LegalFigure",
    "Market",
    "Placement",
    "Plan",
    "PoolResult",
    "Quota",
    "Relaxation",
    "StageVerdict",
    "Team",
    "Verdict",
    "Violation",
    "__version__",
    "assign",
    "check",
    "coincidence",
    "compare",
    "demo_market",
    "legal_figures",
    "outcomes",
    "place",
    "pool",
    "read_market",
    "read_plan",
    "scenarios",
    "solve",
    "verify",
]
