"""One arrival at the prices of a plan."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import _core, _frames
from ._errors import Fault, input_error
from ._market import Market
from ._plan import Plan


@dataclass(frozen=True)
class Placement:
    """What one programme has for a firm that arrives; see `place`.

    `outcome` is placed, stays_out (no adviser is worth more than its price and the firm's
    reservation), nobody (none is eligible), excluded (a rule about the firm) or not_solved (the
    plan has no prices for the programme); `reason` is one sentence. `adviser_id` is the best,
    with its `score`, the `price` of a place there and what is left, `net`; `gain` is net above the
    reservation: the best plan with the firm is worth at most so much more than this plan's bound.
    `next_adviser_id` would leave `next_net`. Where no seat is free, `displaced` is the firm that
    would give way, `displaced_goes` where it would go (None = out), `displaced_loss` what it loses.
    """

    programme: str
    outcome: str
    reason: str
    adviser_id: str | None
    score: float
    price: float
    net: float
    gain: float
    next_adviser_id: str | None
    next_net: float
    free_seat: bool
    displaced: str | None
    displaced_goes: str | None
    displaced_loss: float

    def __str__(self) -> str:
        return self.reason


def place(market: Market, plan: Plan, firm: Mapping[str, Any]) -> tuple[Placement, ...]:
    """Where a firm that arrives now would go, at the prices of a plan; nothing is solved again.

    Parameters
    ----------
    market : Market
        The market of the plan.
    plan : Plan
    firm : mapping
        One row of the table firms; it needs no `firm_id`.

    Returns
    -------
    tuple of Placement
        One per programme, in their order. A programme after another one takes the firm if that
        one does.

    Raises
    ------
    InputError
        A value of the row is wrong.

    Notes
    -----
    The plan keeps what the first call compiles: advisers sorted by place, prices and seats. A call
    then scores a few advisers (microseconds in C++); the plan itself stays as it is. Prices are
    those of the plan, so after many arrivals solve again, with `previous`. The bound on the gain is
    weak duality (D. Bertsekas, *Network Optimization*, 1998, chapter 7).

    Examples
    --------
    >>> import libmatch as lm
    >>> market = lm.demo_market(firms=200, advisers=20, seed=1)
    >>> plan = lm.solve(market, stages=["assign"])
    >>> first, *_ = lm.place(market, plan, {"commune": "69123", "need_website": 4})
    >>> first.programme, first.outcome
    ('volunteers', 'placed')
    >>> first.net <= first.score
    True
    """
    if plan._placer is None or plan._placer[0] is not market:
        plan._placer = (market, _core.Placer(market._core(), plan._core_for(market)))
    faults: list[Fault] = []
    columns = _frames.to_core(_frames.from_rows([firm], "firms"), "firms", faults)
    if faults:
        raise input_error(*faults)
    return tuple(Placement(*row) for row in plan._placer[1].place({"firms": columns}))
