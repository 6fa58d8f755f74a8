"""Pooling against column generation by HiGHS, on seeded small cells.

The master is the set-packing linear programme over the groups met so far; each seat is priced by a
whole-number programme. When no seat offers a group above its members' prices, the value of the
master bounds every plan as well as prices can, and the groups at hand give a plan.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from scipy.optimize import Bounds, LinearConstraint, linprog, milp

import libmatch as lm


def cell(seed: int, n: int, max_sum: float | None) -> tuple[Any, Any, lm.DossierRule]:
    random = np.random.default_rng(seed)
    amount = random.uniform(3_000, 15_000, n)
    place = random.uniform(0, 45, (n, 2))
    rule = lm.DossierRule(
        min_sum=20_000,
        max_sum=max_sum,
        max_members=6,
        max_radius_km=40,
        opening_cost=1.0,
        cost_per_km=0.02,
    )
    return amount, place, rule


def worth(group: Any, seat: int, km: Any, rule: lm.DossierRule) -> float:
    return float(len(group) - rule.cost_per_km * km[group, seat].sum() - rule.opening_cost)


def priced(
    seat: int, prices: Any, amount: Any, km: Any, rule: lm.DossierRule
) -> tuple[float, tuple[int, ...]]:
    """The group worth most above its members' prices at one seat."""
    near = np.flatnonzero(km[:, seat] <= rule.max_radius_km)
    gain = 1 - rule.cost_per_km * km[near, seat] - prices[near]
    rows = np.vstack([amount[near], np.ones(len(near))])
    most = np.inf if rule.max_sum is None else rule.max_sum
    low = np.where(near == seat, 1.0, 0.0)  # the seat's own firm belongs to the group
    found = milp(
        -gain,
        constraints=LinearConstraint(rows, [rule.min_sum, 1], [most, rule.max_members]),
        integrality=np.ones(len(near)),
        bounds=Bounds(low, 1),
    )
    if found.x is None:
        return -np.inf, ()
    return float(-found.fun - rule.opening_cost), tuple(near[found.x > 0.5].tolist())


def column_generation(amount: Any, km: Any, rule: lm.DossierRule) -> tuple[float, float]:
    """Bound of the linear relaxation, and the best plan over the groups met."""
    n = len(amount)
    groups: dict[tuple[int, ...], float] = {}
    prices = np.zeros(n)
    bound = 0.0
    while True:
        new = False
        for seat in range(n):
            excess, group = priced(seat, prices, amount, km, rule)
            if excess > 1e-7:
                value = worth(list(group), seat, km, rule)
                new = new or value > groups.get(group, -np.inf) + 1e-9
                groups[group] = max(groups.get(group, -np.inf), value)
        if not new:
            break
        member = sp.lil_array((n, len(groups)))
        for column, group in enumerate(groups):
            member[list(group), column] = 1
        value = np.array(list(groups.values()))
        master = linprog(-value, A_ub=member.tocsr(), b_ub=np.ones(n), method="highs")
        prices, bound = -master.ineqlin.marginals, -master.fun
    if not groups:
        return 0.0, 0.0
    plan = milp(
        -value,
        constraints=LinearConstraint(member.tocsr(), -np.inf, 1),
        integrality=np.ones(len(groups)),
    )
    return float(bound), float(-plan.fun)


@pytest.mark.parametrize("max_sum", [None, 36_000])
@pytest.mark.parametrize("seed", range(2))
def test_pool_stays_between_the_plan_and_the_bound_of_column_generation(
    seed: int, max_sum: float | None
) -> None:
    amount, place, rule = cell(seed, 10, max_sum)
    km = np.hypot(*(place[:, None, :] - place[None, :, :]).transpose(2, 0, 1))
    bound, plan = column_generation(amount, km, rule)
    assert plan > 1  # a cell in which nothing can be pooled tests nothing
    g = lm.pool(amount, place, rule=rule, metric="plane", gap=0)
    assert lm.verify(g).ok
    assert plan - 1e-7 <= g.objective <= bound + 1e-7
    assert bound - 1e-7 <= g.bound <= 1.001 * bound
