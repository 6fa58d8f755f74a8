"""What if: markets with other figures, plans by what they bring, grids of scenarios."""

from __future__ import annotations

import itertools
from typing import Any

import polars as pl
import pytest
from markets import demo, demo_plan, small_market

import libmatch as lm


def test_outcomes_are_the_plan_counted() -> None:
    plan = demo_plan()
    (row,) = lm.outcomes(now=plan).to_dicts()
    assert row["plan"] == "now"
    assert row["served_firms"] == plan.assignments["firm_id"].n_unique()
    assert row["pooled_firms"] == len(plan.dossier_members)
    assert row["grants_eur"] == pytest.approx(plan.grants["amount_eur"].sum())
    assert row["loans_eur"] == pytest.approx(plan.loans["amount_eur"].sum())
    funders = [name for name in row if name.startswith("grants_") and name != "grants_eur"]
    assert {"grants_eu_eur", "grants_state_eur", "grants_region_eur"} == set(funders)
    assert sum(row[name] for name in funders) == pytest.approx(row["grants_eur"])
    lent = set(plan.loans["dossier_id"].drop_nulls()) - {""}
    pooled = plan.dossier_members.filter(pl.col("dossier_id").is_in(list(lent)))["firm_id"]
    alone = plan.loans.filter(pl.col("kind") == "solo")["firm_id"]
    assert row["lent_firms"] == len(set(pooled) | set(alone))
    assert row["largest_gap"] == max(c.gap for c in plan.certificates.values())
    assert row["seat_km"] == pytest.approx(plan.dossier_members["distance_km"].mean())


def test_a_grid_is_every_combination_solved_alone() -> None:
    market = lm.demo_market(firms=400, advisers=20, seed=2)
    tickets, budgets = [15_000, 25_000], [0.5, 1]
    grid = lm.scenarios(market, ticket_eur=tickets, budget=budgets, threads=1)
    assert grid[["ticket_eur", "budget"]].rows() == list(itertools.product(tickets, budgets))
    for row in grid.to_dicts():
        alone = market.adjust(ticket_eur=row["ticket_eur"], budget=row["budget"])
        (expected,) = lm.outcomes(x=lm.solve(alone, threads=1)).to_dicts()
        for name in ("served_firms", "dossiers", "funded_firms", "grants_eur", "loans_eur"):
            assert row[name] == expected[name], name
    assert lm.verify(alone, lm.solve(alone)).ok
    # a larger budget can only bring more grants, up to the gaps
    by_budget = grid.group_by("budget").agg(pl.col("grants_eur").sum()).sort("budget")
    assert by_budget["grants_eur"][0] < by_budget["grants_eur"][1]


def test_levers_change_what_they_say_and_nothing_else() -> None:
    market = demo()
    changed = market.adjust(ticket_eur=15_000, eu_cap_eur=5_000, radius_km=90, budget=2)
    old, new = market.tables, changed.tables
    assert set(new["lenders"]["min_ticket_eur"]) == {15_000}
    assert set(new["dossier_rules"]["min_sum"]) == {15_000}
    assert new["dossier_rules"]["max_radius_km"].to_list() == [
        90 * r / old["dossier_rules"]["max_radius_km"].max()
        for r in old["dossier_rules"]["max_radius_km"]
    ]
    europe = old["schemes"]["funder"] == "eu"
    assert set(new["schemes"].filter(europe)["cap_eur"]) == {5_000}
    assert (
        new["schemes"].filter(~europe)["cap_eur"].equals(old["schemes"].filter(~europe)["cap_eur"])
    )
    assert new["schemes"]["budget_eur"].to_list() == [2 * b for b in old["schemes"]["budget_eur"]]
    touched = {"lenders", "dossier_rules", "schemes"}
    assert all(old[name].equals(new[name]) for name in old if name not in touched)
    assert market.tables["lenders"].equals(old["lenders"])


def test_cancelling_keeps_what_was_solved() -> None:
    calls: list[float] = []

    def stop_in_the_second(stage: str, done: float, elapsed: float, eta: float) -> Any:
        assert stage == "scenarios"
        calls.append(done)
        return done < 0.5

    grid = lm.scenarios(
        lm.demo_market(firms=200, advisers=10, seed=1),
        budget=[0.5, 1],
        progress=stop_in_the_second,
    )
    assert grid["status"].to_list()[-1] == "cancelled"
    assert len(grid) == 2
    assert calls[0] == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({}, "at least one lever"),
        ({"budget": []}, "budget has no value"),
        ({"budget": 2}, "a list of values is expected"),
        ({"budget": [-1]}, "budget is -1"),
        ({"radius_km": ["far"]}, "radius_km is 'far'"),
        ({"budget": [1]}, "schemes"),
        ({"ticket_eur": [1]}, "lenders"),
        ({"radius_km": [1]}, "dossier_rules"),
    ],
)
def test_bad_grids_are_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(lm.InputError, match=said):
        lm.scenarios(small_market(), **wrong)
    with pytest.raises(lm.InputError, match="outcomes needs at least one plan"):
        lm.outcomes()
