"""Types of the compiled module. Tables go in and out as columns; see `libmatch._types`."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libmatch._types import (
    BlockerRow,
    Infeasible,
    PlacementRow,
    QuotaRow,
    RelaxationRow,
    Rule,
    Sparse,
    TablesIn,
    TablesOut,
    TeamArrays,
)

class _Bound(type): ...

class _Made(metaclass=_Bound):
    # what the module itself makes, and nobody else can
    def __init__(self, *args: Any, **kwargs: Any) -> None: ...

version: str

class InputError(ValueError):
    faults: list[Any]

class Fault(_Made):
    @property
    def severity(self) -> str: ...
    @property
    def table(self) -> str: ...
    @property
    def row(self) -> int: ...
    @property
    def column(self) -> str: ...
    @property
    def value(self) -> str: ...
    @property
    def problem(self) -> str: ...
    @property
    def remedy(self) -> str: ...
    @property
    def text(self) -> str: ...

class Market(metaclass=_Bound):
    def __init__(self, tables: TablesIn) -> None: ...
    @property
    def firms(self) -> int: ...
    @property
    def advisers(self) -> int: ...
    @property
    def programmes(self) -> list[str]: ...

class Plan(_Made):
    def tables(self) -> TablesOut: ...
    @property
    def seen(self) -> dict[str, dict[str, int]]: ...

class Placer(metaclass=_Bound):
    def __init__(self, market: Market, plan: Plan) -> None: ...
    def place(self, tables: TablesIn) -> list[PlacementRow]: ...

class Verdict(_Made):
    @property
    def ok(self) -> bool: ...
    @property
    def violations(self) -> list[tuple[str, str, str]]: ...
    @property
    def stages(self) -> list[tuple[str, float, float, float]]: ...

class AssignResult(_Made):
    @property
    def pairs(self) -> NDArray[np.int64]: ...
    @property
    def prices(self) -> NDArray[np.float64]: ...
    @property
    def quota_prices(self) -> NDArray[np.float64]: ...
    @property
    def objective(self) -> float: ...
    @property
    def bound(self) -> float: ...
    @property
    def gap(self) -> float: ...
    @property
    def unit(self) -> float: ...
    @property
    def status(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def blockers(self) -> list[BlockerRow]: ...
    @property
    def relaxation(self) -> list[RelaxationRow]: ...
    @property
    def relaxed_pairs(self) -> NDArray[np.int64]: ...
    @property
    def changes(self) -> int: ...
    @property
    def forced_changes(self) -> int: ...
    @property
    def change_price(self) -> float: ...
    @property
    def unlimited(self) -> AssignResult | None: ...

class PoolResult(_Made):
    @property
    def group(self) -> NDArray[np.int64]: ...
    @property
    def seat(self) -> NDArray[np.int64]: ...
    @property
    def rule(self) -> NDArray[np.int64]: ...
    @property
    def prices(self) -> NDArray[np.float64]: ...
    @property
    def site_prices(self) -> NDArray[np.float64]: ...
    @property
    def nearest(self) -> NDArray[np.int64]: ...
    @property
    def needs(self) -> list[str]: ...
    @property
    def objective(self) -> float: ...
    @property
    def bound(self) -> float: ...
    @property
    def gap(self) -> float: ...
    @property
    def status(self) -> str: ...
    @property
    def seconds(self) -> float: ...
    @property
    def reasons(self) -> list[str]: ...
    @property
    def missing(self) -> NDArray[np.float64]: ...

def check(tables: TablesIn) -> list[Fault]: ...
def solve(
    market: Market,
    *,
    gap: float,
    exact: bool,
    time_limit: float | None,
    threads: int,
    seed: int,
    stages: Sequence[str],
    progress: Callable[[str, float, float, float], bool] | None,
    previous: TablesIn | None = None,
    max_changes: int | None = None,
) -> Plan: ...
def plan_from_tables(market: Market, tables: TablesIn) -> Plan: ...
def verify(market: Market, plan: Plan) -> Verdict: ...
def explain(market: Market, plan: Plan, firm_id: str) -> list[str]: ...
def why_not(market: Market, plan: Plan, firm_id: str, adviser_id: str) -> list[str]: ...
def assign(
    n: int,
    m: int,
    dense: NDArray[np.float64] | None,
    sparse: Sparse | None,
    capacity: NDArray[np.int64] | None,
    demand: NDArray[np.int32] | None,
    min_demand: NDArray[np.int32] | None,
    min_load: NDArray[np.int64] | None,
    pinned: NDArray[np.int64] | None,
    hours: NDArray[np.float64] | None,
    load: NDArray[np.float64] | None,
    quotas: Sequence[QuotaRow],
    reservation: NDArray[np.float64] | None,
    *,
    previous: NDArray[np.int64] | None = None,
    max_changes: int | None = None,
    team: TeamArrays | None = None,
    gap: float,
    exact: bool,
    unit: float = 1e-6,
    time_limit: float | None,
    threads: int,
    seed: int = 0,
    prices: NDArray[np.float64] | None = None,
) -> AssignResult: ...
def verify_assign(
    n: int,
    m: int,
    dense: NDArray[np.float64] | None,
    sparse: Sparse | None,
    capacity: NDArray[np.int64] | None,
    demand: NDArray[np.int32] | None,
    min_demand: NDArray[np.int32] | None,
    min_load: NDArray[np.int64] | None,
    pinned: NDArray[np.int64] | None,
    hours: NDArray[np.float64] | None,
    load: NDArray[np.float64] | None,
    quotas: Sequence[QuotaRow],
    reservation: NDArray[np.float64] | None,
    *,
    previous: NDArray[np.int64] | None = None,
    max_changes: int | None = None,
    team: TeamArrays | None = None,
    pairs: NDArray[np.int64],
    prices: NDArray[np.float64],
    quota_prices: NDArray[np.float64],
    objective: float,
    bound: float,
    unit: float,
    status: str,
    changed: tuple[int, int, float],
    infeasible: Infeasible,
) -> Verdict: ...
def assign_market(
    market: Market,
    programme: str,
    quotas: Sequence[QuotaRow],
    reservation: NDArray[np.float64] | None,
    min_demand: NDArray[np.int32] | None,
    *,
    previous: NDArray[np.int64] | None = None,
    max_changes: int | None = None,
    gap: float = 1e-4,
    exact: bool = False,
    unit: float = 1e-6,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
    prices: NDArray[np.float64] | None = None,
) -> AssignResult: ...
def verify_assign_market(
    market: Market,
    programme: str,
    quotas: Sequence[QuotaRow],
    reservation: NDArray[np.float64] | None,
    min_demand: NDArray[np.int32] | None,
    *,
    previous: NDArray[np.int64] | None = None,
    max_changes: int | None = None,
    pairs: NDArray[np.int64],
    prices: NDArray[np.float64],
    quota_prices: NDArray[np.float64],
    objective: float,
    bound: float,
    unit: float,
    status: str,
    changed: tuple[int, int, float],
    infeasible: Infeasible,
) -> Verdict: ...
def pool(
    amount: NDArray[np.float64],
    value: NDArray[np.float64] | None,
    place: NDArray[np.float64] | None,
    metric: str,
    sites: NDArray[np.float64] | None,
    rules: Sequence[Rule],
    limits: dict[str, NDArray[Any]],
    *,
    gap: float,
    time_limit: float | None,
    threads: int,
    seed: int,
) -> PoolResult: ...
def verify_pool(
    amount: NDArray[np.float64],
    value: NDArray[np.float64] | None,
    place: NDArray[np.float64] | None,
    metric: str,
    sites: NDArray[np.float64] | None,
    rules: Sequence[Rule],
    limits: dict[str, NDArray[Any]],
    group: NDArray[np.int64],
    seat: NDArray[np.int64],
    rule: NDArray[np.int64],
    prices: NDArray[np.float64],
    site_prices: NDArray[np.float64],
    objective: float,
    bound: float,
    reasons: Sequence[str],
    missing: NDArray[np.float64],
) -> Verdict: ...
