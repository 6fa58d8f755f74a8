"""One question to the judge, whatever the answer at hand."""

from __future__ import annotations

from . import _core
from ._arrays import AssignResult, PoolResult, verify_assign, verify_pool
from ._errors import input_error
from ._market import Market
from ._plan import Plan
from ._verdict import Verdict, from_core


def verify(answer: Market | AssignResult | PoolResult, plan: Plan | None = None) -> Verdict:
    """Recompute an answer's lawfulness, objective, bound and gap from the input, with code of its
    own.

    Parameters
    ----------
    answer : Market, AssignResult or PoolResult
        A market, whose plan is then given too; or what `assign` or `pool` gave, with the arrays
        they remember.
    plan : Plan, optional
        A plan of the market, also one that was read from a file or changed by hand.

    Returns
    -------
    Verdict
        `ok`; `violations` (stage, subject, problem), all of them; `objective`, `bound`, `gap` and
        `stages`, all recomputed.

    Raises
    ------
    InputError
        The market has errors, or the plan is missing.

    Notes
    -----
    Straightforward loops over every eligible pair: O(firms x advisers) time, linear memory.

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.demo_market(firms=100, advisers=10, seed=1)
    >>> plan = lm.solve(market, stages=["assign"])
    >>> lm.verify(market, plan).ok
    True
    """
    if isinstance(answer, Market):
        if not isinstance(plan, Plan):
            raise input_error("verify needs a market's plan too, as in lm.verify(market, plan)")
        return from_core(_core.verify(answer._core(), plan._core_for(answer)))
    if plan is not None:
        raise input_error("verify takes a plan beside a Market only")
    if isinstance(answer, AssignResult):
        return from_core(verify_assign(answer))
    if isinstance(answer, PoolResult):
        return from_core(verify_pool(answer))
    raise input_error(
        f"verify cannot judge a {type(answer).__name__}; "
        "give a Market and its Plan, or what assign or pool gave"
    )
