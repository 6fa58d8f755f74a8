"""Advisers that cover needs together, beside HiGHS as an integer programme, and judged."""

from __future__ import annotations

import dataclasses
from typing import Any

import highspy
import numpy as np
import pytest
import scipy.sparse as sp
from hypothesis import given, settings
from hypothesis import strategies as st

import libmatch as lm

INF = float("inf")


def optimum(utility: Any, capacity: Any, demand: Any, team: lm.Team, pins: Any) -> float:
    """The largest worth by HiGHS: x_ij chooses members, y_ijk who covers skill k of firm i."""
    need, skill, weight = (np.asarray(a, float) for a in (team.need, team.skill, team.weight))
    rows, columns = np.nonzero(np.isfinite(utility))
    pinned = {(int(i), int(j)) for i, j in pins}
    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("mip_rel_gap", 0.0)
    highs.setOptionValue("mip_abs_gap", 1e-9)
    members: list[list[Any]] = [[] for _ in demand]
    seats: list[list[Any]] = [[] for _ in capacity]
    covers: dict[tuple[int, int], list[Any]] = {}
    worth = 0.0
    for i, j in zip(rows.tolist(), columns.tolist(), strict=True):
        x = highs.addBinary()
        worth = worth + utility[i, j] * x
        members[i].append(x)
        seats[j].append(x)
        if (i, j) in pinned:
            highs.addConstr(x >= 1)
        for k in range(need.shape[1]):
            level = weight[i, k] * min(need[i, k], skill[j, k])
            if level > 0:
                y = highs.addVariable(0, 1)
                highs.addConstr(y <= x)
                covers.setdefault((i, k), []).append(y)
                worth = worth + level * y
    limited = [*zip(members, demand, strict=True), *zip(seats, capacity, strict=True)]
    for group, most in [*limited, *((ys, 1) for ys in covers.values())]:
        if group:
            highs.addConstr(sum(group[1:], start=1 * group[0]) <= int(most))
    if not len(rows):
        return 0.0
    highs.maximize(worth)
    assert highs.getModelStatus() == highspy.HighsModelStatus.kOptimal
    return float(highs.getInfo().objective_function_value)


def random_problem(seed: int, n: int, m: int, skills: int, cost: float) -> dict[str, Any]:
    random = np.random.default_rng(seed)
    utility = random.random((n, m)) - cost
    utility[random.random((n, m)) < 0.15] = -INF
    team = lm.Team(
        need=random.integers(0, 5, (n, skills)),
        skill=random.integers(0, 5, (m, skills)),
        weight=random.random((n, skills)) / max(1, skills),
    )
    capacity = random.integers(0, max(2, 2 * n // m), m, endpoint=True)
    demand = random.integers(0, 3, n, endpoint=True)
    room, pins = capacity.copy(), []
    for i in np.flatnonzero((random.random(n) < 0.1) & (demand > 0)):
        j = int(random.integers(m))
        if room[j] > 0 and np.isfinite(utility[i, j]):
            room[j] -= 1
            pins.append((int(i), j))
    return {
        "utility": utility,
        "capacity": capacity,
        "demand": demand,
        "team": team,
        "pinned": np.array(pins, np.int64).reshape(-1, 2),
    }


def check_against_highs(problem: dict[str, Any], **options: Any) -> tuple[Any, float]:
    r = lm.assign(**problem, **options)
    verdict = lm.verify(r)
    assert verdict.ok, verdict
    best = optimum(*(problem[k] for k in ("utility", "capacity", "demand", "team", "pinned")))
    slack = 1e-6 * max(1.0, abs(best))  # of HiGHS
    assert r.objective <= best + slack
    assert r.bound >= best - slack
    assert r.objective >= best - r.gap * abs(r.bound) - slack
    return r, best


@pytest.mark.parametrize("shape", [(6, 4, 3), (15, 6, 5), (30, 8, 6)])
def test_beside_highs(shape: tuple[int, int, int]) -> None:
    reached = 0
    for seed in range(8):
        r, best = check_against_highs(random_problem(seed, *shape, cost=0.7), gap=1e-6)
        reached += r.objective >= best - 1e-6
    assert reached >= 7, reached


@settings(max_examples=30, deadline=None)
@given(
    seed=st.integers(0, 10**6),
    n=st.integers(1, 8),
    m=st.integers(1, 6),
    skills=st.integers(0, 4),
    cost=st.sampled_from([0.2, 0.7, 1.2]),
)
def test_any_problem_beside_highs(seed: int, n: int, m: int, skills: int, cost: float) -> None:
    check_against_highs(random_problem(seed, n, m, skills, cost), gap=1e-6)


def test_sparse_is_the_same_problem() -> None:
    problem = random_problem(3, 40, 8, 4, 0.6)
    utility = problem["utility"]
    stored = np.isfinite(utility)
    sparse = sp.coo_array((utility[stored], np.nonzero(stored)), shape=utility.shape)
    dense = lm.assign(**problem)
    r = lm.assign(**{**problem, "utility": sparse})
    assert lm.verify(r).ok
    assert (r.objective, r.bound) == (dense.objective, dense.bound)
    assert np.array_equal(r.pairs, dense.pairs)


def test_weight_defaults_to_all_needs_covered_being_worth_one() -> None:
    need, skill = [[4, 2], [0, 0]], [[4, 0], [1, 3]]
    r = lm.assign(np.zeros((2, 2)), 2, 2, team=lm.Team(need=need, skill=skill))
    assert r.objective == pytest.approx(1.0)
    one = lm.assign(np.zeros((2, 2)), 2, 1, team=lm.Team(need=need, skill=skill))
    assert one.objective == pytest.approx(4 / 6)
    shared = lm.Team(need=need, skill=skill, weight=[1.0, 2.0])
    assert lm.assign(np.zeros((2, 2)), 2, 2, team=shared).objective == 8


def test_judge_sees_what_was_changed() -> None:
    r = lm.assign(**random_problem(5, 40, 8, 4, 0.6))
    assert lm.verify(r).ok
    raised = dataclasses.replace(r, objective=r.objective + 1e-9)
    lowered = dataclasses.replace(r, bound=r.bound - 1e-9)
    cut = dataclasses.replace(r, pairs=r.pairs[1:])
    free = dataclasses.replace(r, prices=0 * r.prices)
    for wrong in (raised, lowered, cut, free):
        assert not lm.verify(wrong).ok


def test_pins_that_contradict_each_other() -> None:
    team = lm.Team(need=np.ones((2, 1)), skill=np.ones((1, 1)))
    r = lm.assign(np.zeros((2, 1)), 1, team=team, pinned=[[0, 0], [1, 0]])
    assert r.status == "infeasible"
    assert r.blockers
    assert lm.verify(r).ok


def test_time_limit_gives_a_lawful_answer_with_its_true_gap() -> None:
    problem = random_problem(1, 4000, 60, 8, 0.7)
    r = lm.assign(**problem, gap=1e-9, time_limit=0.05)
    assert r.status == "time_limit"
    assert r.seconds < 2
    assert lm.verify(r).ok


GOOD = {"need": np.ones((2, 3)), "skill": np.ones((4, 3))}


@pytest.mark.parametrize(
    ("team", "text"),
    [
        ({"need": np.ones(3)}, r"team.need has shape \(3,\); \(2, skills\) is expected: firms"),
        ({"need": np.ones((3, 3))}, r"team.need has shape \(3, 3\)"),
        ({"skill": np.ones((4, 2))}, r"team.skill has shape \(4, 2\); \(4, 3\) is expected"),
        ({"need": [[1, -1, 0]] * 2}, r"team.need row 0 column 1 is -1 \(and 1 more\)"),
        ({"skill": np.full((4, 3), np.nan)}, r"team.skill row 0 column 0 is nan"),
        ({"weight": np.ones(2)}, r"team.weight has shape \(2,\); one number, \(3,\)"),
        ({"weight": [1, 1, -2]}, r"team.weight column 2 is -2; a number from 0 to 1e15"),
        ({"weight": -1}, r"team.weight is -1; a number from 0 to 1e15"),
        ({"need": [["a"] * 3] * 2}, r"team.need holds list; real numbers are expected"),
    ],
)
def test_faulty_teams_are_named(team: dict[str, Any], text: str) -> None:
    with pytest.raises(lm.InputError, match=text):
        lm.assign(np.ones((2, 4)), 1, team=lm.Team(**{**GOOD, **team}))


def test_a_team_is_a_team() -> None:
    with pytest.raises(lm.InputError, match="team holds tuple; a Team is expected"):
        lm.assign(np.ones((2, 4)), 1, team=(1, 2))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "option",
    [
        {"min_demand": 1},
        {"min_load": 1},
        {"load": 1.0},
        {"quotas": [lm.Quota(at_most=1)]},
        {"reservation": 1.0},
        {"exact": True},
        {"prices": np.zeros(4)},
        {"previous": [[0, 0]]},
        {"previous": [[0, 0]], "max_changes": 1},
        {"demand": 9},
    ],
)
def test_what_teams_do_not_support_is_refused(option: dict[str, Any]) -> None:
    with pytest.raises(lm.InputError, match="team"):
        lm.assign(np.ones((2, 4)), 2, team=lm.Team(**GOOD), **option)


def test_a_market_has_no_team_so_far() -> None:
    market = lm.demo_market(firms=20, advisers=4, seed=1)
    with pytest.raises(lm.InputError, match="team is supported for arrays"):
        lm.assign(market, programme=market.programmes[0], team=lm.Team(**GOOD))
