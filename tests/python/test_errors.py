"""Every refusal says what was received and what is expected."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import scipy.sparse as sp
from markets import demo, demo_plan, small_market

import libmatch as lm

U = np.ones((3, 2))
RULE = lm.DossierRule()


def assign(**wrong: Any) -> Callable[[], Any]:
    return lambda: lm.assign(**{"utility": U, "capacity": 1, **wrong})


def pool(**wrong: Any) -> Callable[[], Any]:
    return lambda: lm.pool(**{"amount": [1.0, 2.0], "rule": RULE, **wrong})


def solve(**wrong: Any) -> Callable[[], Any]:
    return lambda: lm.solve(demo(), **wrong)


NAN_2_1 = np.array([[0.0, 1.0], [0.0, 1.0], [0.0, np.nan]])
CASES: list[tuple[Callable[[], Any], str]] = [
    (assign(utility=[1.0, 2.0]), r"utility has shape \(2,\); \(firms, advisers\) is expected"),
    (assign(utility=[["a", "b"]]), "utility holds <U1; real numbers are expected"),
    (assign(utility=U * 1j), "utility holds complex128; real numbers"),
    (assign(utility=NAN_2_1), "utility row 2 column 1 is nan; a finite number is expected"),
    (assign(utility=U * np.inf), r"utility row 0 column 0 is inf \(and 5 more\)"),
    (assign(utility=sp.csr_array(NAN_2_1)), "utility row 2 column 1 is nan"),
    (assign(capacity=None), "capacity is missing; give one whole number, or 2 of them"),
    (assign(capacity=[1, 2, 3]), r"capacity has shape \(3,\); one whole number or shape \(2,\)"),
    (assign(capacity=[1, -2]), r"capacity\[1\] is -2; a whole number from 0 is expected"),
    (assign(capacity=1.5), "capacity is 1.5; a whole number from 0 is expected"),
    (assign(capacity="many"), "capacity holds str; real numbers"),
    (assign(demand=[1, 1]), r"demand has shape \(2,\); one whole number or shape \(3,\)"),
    (assign(min_demand=2), "min_demand"),
    (assign(min_load=[0, 5]), "min_load"),
    (assign(pinned=[0, 1]), r"pinned has shape \(2,\) and holds int64; whole numbers of shape"),
    (assign(pinned=[[0, 2]]), r"pinned\[0\] is \(0, 2\), outside the 3 x 2 problem"),
    (assign(pinned=[[-1, 0]]), r"pinned\[0\] is \(-1, 0\), outside"),
    (assign(gap=-1), "gap is -1; a finite number from 0 is expected"),
    (assign(time_limit=np.nan), "time_limit is nan; a finite number"),
    (assign(threads=-1), "threads is -1; a whole number from 0 is expected"),
    (assign(threads=2.5), "threads is 2.5; a whole number"),
    (assign(seed="x"), "seed is 'x'; a whole number"),
    (assign(programme="x"), "programme is for a Market"),
    (assign(prices=[1.0]), "prices value .1 entries.: 2 entries are expected"),
    (assign(prices=1.0), r"prices has shape \(\); one per column is expected"),
    (assign(prices=[0, -1]), "prices.*row 1"),
    (assign(prices=[0, np.nan]), "prices.*row 1"),
    (assign(prices=[0, 0], min_load=1), "prices to begin at are supported with demands of 1"),
    (assign(prices=[0, 0], load=1.0), "prices to begin at are not supported with capacities in"),
    (assign(previous=[[0, 0, 0]]), r"previous has shape \(1, 3\) and holds int64"),
    (assign(previous=[[0, -1]]), r"previous\[0\] is \(0, -1\); count rows and columns from 0"),
    (assign(previous=[[3, 0]]), "previous.*3, 0.*outside the 3 x 2 problem"),
    (assign(previous=[[1, 0], [1, 1]]), "previous.*the firm has a pair before"),
    (assign(max_changes=1), "max_changes needs previous"),
    (assign(previous=[[0, 0]], max_changes=-1), "max_changes is -1; a whole number from 0"),
    (assign(previous=[[0, 0]], max_changes=1, exact=True), "exact.*not supported with max_change"),
    (assign(previous=[[0, 0]], max_changes=1, min_demand=1), "min_demand.*max_changes is support"),
    (assign(previous=[[0, 0]], demand=2), "demand.*previous pairs are supported with demands of"),
    (pool(amount=[[1.0]]), r"amount has shape \(1, 1\); \(firms,\) is expected"),
    (pool(amount=[1.0, 0.0]), r"amount\[1\] is 0; more than 0 EUR is expected"),
    (pool(amount=[1.0, np.nan]), r"amount\[1\] is nan; a finite number"),
    (pool(value=[1.0]), r"value has shape \(1,\); \(2,\) is expected"),
    (pool(place=[[1.0, 2.0]]), r"place has shape \(1, 2\); \(2, 2\) is expected"),
    (pool(place=[[1, 2], [91, 2]]), r"place\[1\] is \(91, 2\); latitude and longitude in degrees"),
    (pool(place=[[1, 2], [np.inf, 2]], metric="plane"), r"place\[1\] is \(inf, 2\); finite km"),
    (pool(metric="maze"), "metric is 'maze'; 'sphere' or 'plane' is expected"),
    (pool(sites=[[1, 2]]), "sites need places"),
    (pool(keys=["a"]), r"keys\[0\] has shape \(1,\); \(2,\) is expected"),
    (pool(rule=[]), "rule has no DossierRule"),
    (pool(rule=[RULE, RULE], keys=[None]), "keys has 1 entries; 2 are expected, one per rule"),
    (lambda: lm.DossierRule(min_members=0), "min_members is 0; a whole number from 1"),
    (lambda: lm.DossierRule(min_sum=-1), "min_sum is -1; a number from 0"),
    (lambda: lm.DossierRule(max_sum=1), "max_sum is 1, below min_sum 20000"),
    (lambda: lm.DossierRule(opening_cost=np.nan), "opening_cost is nan; a finite number"),
    (solve(stages=["assing"]), "stages has assing; the stages are assign, fund, pool"),
    (solve(stages=[]), "stages has no entry"),
    (solve(gap="small"), "gap is 'small'; a finite number"),
    (lambda: lm.verify(demo()), "verify needs a market's plan too"),
    (lambda: lm.verify(3), "verify cannot judge a int"),  # type: ignore[arg-type]
    (lambda: lm.verify(lm.assign(U, 1), demo_plan()), "a plan beside a Market only"),
    (lambda: lm.compare(), "compare needs at least one plan"),
    (lambda: lm.Plan({"cats": [{"a": 1}]}), "cats: this is no table of a plan"),
    (lambda: lm.Plan({}).assignments, "assignments: the plan has no such table"),
    (lambda: lm.solve(small_market(firms=[])), "there is no firm"),
]


@pytest.mark.parametrize(("call", "message"), CASES, ids=[message for _, message in CASES])
def test_bad_input_is_named(call: Callable[[], Any], message: str) -> None:
    with pytest.raises(lm.InputError, match=message) as raised:
        call()
    assert len(raised.value.faults) > 0
    assert isinstance(raised.value, ValueError)


@pytest.mark.parametrize("option", [{"policy": "fair"}])
def test_what_is_not_supported_yet_says_so(option: dict[str, Any]) -> None:
    with pytest.raises(NotImplementedError, match=next(iter(option))):
        assign(**option)()
