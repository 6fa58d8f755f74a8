"""Assignment and pooling on plain arrays: coerce, check shapes, call."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._errors import input_error
from ._legal import figure
from ._market import Market
from ._plan import _real, _whole
from ._quotas import Quota, quota_rows
from ._team import Team, team_arrays
from ._types import BlockerRow, RelaxationRow, Sparse

Floats: TypeAlias = NDArray[np.float64]
Whole: TypeAlias = NDArray[np.int64]

_NO_CELL = np.uint32(2**32 - 1)


@dataclass(frozen=True)
class Blocker:
    """A part of why no assignment exists; its members need more than can reach them.

    `kind` says whose need is not met (firm, adviser, pin or quota), `index` is its first member of
    that kind and `reason` one sentence. The members ask for `needed` units, `reachable` can reach
    them over all eligible pairs, `shortfall` is the difference: a relaxation by as many units
    helps. `firms` and `advisers` are row and column numbers, `pins` are pairs of them. With hours
    there are no members, and units are hours. With quotas a limit of the proof has no members, and
    its relaxation takes `shortfall` units at least.
    """

    kind: str
    index: int
    shortfall: int
    reason: str
    needed: int = 0
    reachable: int = 0
    firms: tuple[int, ...] = ()
    advisers: tuple[int, ...] = ()
    pins: tuple[tuple[int, int], ...] = ()

    @classmethod
    def _of(cls, row: BlockerRow) -> Blocker:
        kind, index, shortfall, reason, needed, reachable, firms, advisers, pins = row
        return cls(
            *(kind, index, shortfall, reason, needed, reachable),
            firms=tuple(firms),
            advisers=tuple(advisers),
            pins=tuple(pins),
        )

    def _row(self) -> BlockerRow:
        return (
            *(self.kind, self.index, self.shortfall, self.reason, self.needed, self.reachable),
            *(list(self.firms), list(self.advisers), list(self.pins)),
        )


@dataclass(frozen=True)
class Relaxation:
    """One limit of a smallest relaxation: with all of its limits changed, an assignment exists.

    `limit` is capacity or min_load (of the column `adviser`), min_demand (of the row `firm`), or
    pin (of both); it goes from `before` to `after`, a pin that is dropped from 1 to 0.
    """

    limit: str
    firm: int | None
    adviser: int | None
    before: int
    after: int

    @property
    def units(self) -> int:
        """What the change counts: capacity raised, minimum lowered, or 1 for a pin."""
        return abs(self.after - self.before)

    def __str__(self) -> str:
        if self.limit == "pin":
            return f"drop the pin ({self.firm}, {self.adviser})"
        index = self.firm if self.adviser is None else self.adviser
        return f"{self.limit}[{index}] from {self.before} to {self.after}"

    def _row(self) -> RelaxationRow:
        return (self.limit, self.firm, self.adviser, self.before, self.after)


@dataclass(frozen=True, eq=False)
class AssignResult:
    """An assignment with its proof; see `assign`."""

    pairs: Whole
    prices: Floats
    quota_prices: Floats
    objective: float
    bound: float
    gap: float
    unit: float
    status: str
    seconds: float
    blockers: tuple[Blocker, ...]
    relaxation: tuple[Relaxation, ...]
    relaxed_pairs: Whole
    changes: int
    forced_changes: int
    change_price: float
    unlimited: AssignResult | None = field(repr=False)
    _problem: dict[str, Any] = field(repr=False)

    @property
    def cost_of_stability(self) -> float:
        """What the limit on changes costs: the objective without it less this one.

        Both are proven up to their gaps, so the true cost lies between
        ``unlimited.objective - bound`` and ``unlimited.bound - objective``. 0 without a limit.
        """
        return 0.0 if self.unlimited is None else self.unlimited.objective - self.objective

    @property
    def guarantees(self) -> tuple[str, ...]:
        """What is proven, in words."""
        if self.status == "infeasible":
            held = ["No assignment meets the limits; the blockers say why."]
            if self.relaxation:
                units = sum(r.units for r in self.relaxation)
                changes = "; ".join(map(str, self.relaxation[:3]))
                more = len(self.relaxation) - 3
                held.append(
                    f"One exists once the limits change by {units} units in all "
                    f"({changes}{f'; and {more} more' if more > 0 else ''}), "
                    "and no smaller change of capacities, minimums and pins is enough."
                )
            return tuple(held)
        if self.blockers:
            return (
                f"This assignment breaks {len(self.blockers)} limits, which the blockers name; "
                "nothing proves that they cannot be kept.",
                f"No assignment is worth more than {self.bound:.10g}.",
            )
        held = ["Every pair is eligible and every capacity, minimum, quota and pin is kept."]
        most = self._problem.get("max_changes")
        if most is not None:
            held.append(
                f"{self.changes:,} firms left an adviser whom they could have kept: "
                f"at most {most:,} were allowed."
            )
        if self.gap <= 0 and self.unit > 0:
            held.append(
                "No assignment is worth more, "
                f"with every utility rounded to a multiple of {self.unit:g}."
            )
        elif self.gap <= 0:
            held.append("No assignment is worth more.")
        else:
            held.append(
                f"No assignment is worth more than {self.bound:.10g}: "
                f"this one is at most {self.gap:.3g} of that below it."
            )
        return tuple(held)

    @property
    def relaxed_limits(self) -> dict[str, Any]:
        """The limits with `relaxation` applied, as arguments of `assign`; arrays only.

        Raises InputError for a Market (change its tables), where capacity is hours, and with
        quotas: there is no relaxation of these.

        Examples
        --------
        >>> import libmatch as lm
        >>> r = lm.assign([[1.0, 1.0], [1.0, 1.0]], capacity=2, min_load=[2, 1])
        >>> r.status, [str(change) for change in r.relaxation]
        ('infeasible', ['min_load[1] from 1 to 0'])
        >>> lm.assign([[1.0, 1.0], [1.0, 1.0]], **r.relaxed_limits).status
        'optimal'
        """
        given = self._problem
        if "market" in given:
            raise input_error("a Market's limits are in its tables; change them as relaxation says")
        if given["hours"] is not None:
            raise input_error("there is no relaxation of hours; blockers say where they lack")
        if given["quotas"]:
            raise input_error("there is no relaxation with quotas; blockers say what contradicts")
        n, m = given["n"], given["m"]
        defaults = {"demand": np.ones(n, np.int64), "min_demand": np.zeros(n, np.int64)}
        defaults["min_load"] = np.zeros(m, np.int64)
        limits: dict[str, Any] = {"capacity": np.array(given["capacity"], np.int64)}
        for name, default in defaults.items():
            limits[name] = default if given[name] is None else np.array(given[name], np.int64)
        pins = set() if given["pinned"] is None else set(map(tuple, given["pinned"].tolist()))
        for r in self.relaxation:
            if r.limit == "pin":
                pins.discard((r.firm, r.adviser))
            else:
                limits[r.limit][r.firm if r.adviser is None else r.adviser] = r.after
        limits["pinned"] = np.array(sorted(pins), np.int64).reshape(-1, 2) if pins else None
        return limits

    def __repr__(self) -> str:
        return (
            f"AssignResult: {self.status}, {len(self.pairs):,} pairs, "
            f"objective {self.objective:.10g}, gap {self.gap:.2g}"
        )


def assign(
    utility: Any,
    capacity: ArrayLike | None = None,
    demand: ArrayLike = 1,
    min_demand: ArrayLike = 0,
    min_load: ArrayLike = 0,
    load: ArrayLike | None = None,
    pinned: ArrayLike | None = None,
    quotas: Sequence[Quota] | None = None,
    gap: float = 1e-4,
    exact: bool = False,
    policy: str = "welfare",
    prices: ArrayLike | None = None,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
    *,
    programme: str | None = None,
    reservation: ArrayLike = 0.0,
    unit: float = 1e-6,
    previous: ArrayLike | None = None,
    max_changes: int | None = None,
    team: Team | None = None,
) -> AssignResult:
    """Assign firms (rows) to advisers (columns) so that the sum of utilities is largest.

    Parameters
    ----------
    utility : (n, m) array of real numbers, scipy sparse array, or Market
        -inf = not eligible; otherwise from -1e30 to 1e30. In a sparse array the stored entries are
        the eligible pairs, zeros too. With a Market, one of its programmes is assigned alone, with
        the market's own capacities, demands, minimums, quotas, reservations and pins. What is given
        of `min_demand` and `reservation` then takes the place of the market's; quotas are added,
        and `quota_prices` has the market's first.
    capacity : whole number or (m,) array
        How many firms an adviser takes at most, from 0; with `load` hours, real numbers from 0.
    demand, min_demand : whole number or (n,) array
        How many advisers a firm takes at most and at least, ``0 <= min_demand <= demand``. With a
        Market, min_demand is asked for the firms that the programme may serve at all.
    min_load : whole number or (m,) array
        How many firms an adviser takes at least, ``0 <= min_load <= capacity``.
    load : number, (n,) array, (n, m) array, or scipy sparse array, optional
        Hours that a pair takes, from 0 (0 = none): one number, one per firm, one per pair, or one
        per stored entry of a sparse utility. Capacity is then hours. Not with minimum loads,
        demands above 1 or `exact`. Pairs that are not eligible need no meaningful hours.
    quotas : sequence of Quota, optional
        Bounds on the number of pairs between groups of firms and groups of advisers; they may
        overlap in any way. Not with demands above 1, `load` or `exact`. With a Market too.
        Not supported yet; leave None.
    prices : (m,) array, optional
        Prices of an earlier answer, from 0, to begin at: `prices` of its result. With `previous`
        too, an answer after few changes takes a small part of the time. They change nothing about
        what is proven. Not with minimums, demands above 1 or hours.
    previous : (k, 2) array of whole numbers, optional
        An earlier assignment, one pair (row, column) per firm at most, numbered as in this
        problem: drop firms that are gone. Pairs that are not eligible any more, or for which there
        is no seat, count as forced changes. Not with demands above 1.
    max_changes : whole number, optional
        How many firms may leave the adviser of `previous`, for another one or for none, beyond the
        forced changes. Not with `exact`, minimums, demands above 1, hours or quotas.
    team : Team, optional
        Needs that the advisers of a firm cover together, beside their utilities; demands are at
        most 8. Not with a Market, minimums, `load`, `quotas`, `reservation`, `previous`, `prices`
        or `exact`.
    pinned : (k, 2) array of whole numbers, optional
        Pairs (row, column) that must be part of the answer; eligible ones.
    gap : float
        Relative gap to prove, over all eligible pairs; from 0, which is the same as `exact`.
    exact : bool
        Gap exactly 0, with every utility rounded to a multiple of `unit`.
    policy : "welfare"
        The largest sum; other policies are not supported yet.
    time_limit : float, optional
        Seconds; then the best assignment so far comes back with its true gap.
    threads : int
        0 = all cores. Never changes the answer.
    seed : int
        From 0; the searches with hours, quotas and a team draw by chance, nothing else does.
    programme : str, optional
        Name of the programme, with a Market of several.
    reservation : number or (n,) array
        What a firm that stays unserved is worth, of either sign: objective and bound count it, and
        no pair is taken for less. Firms of demand 0, and firms with a minimum demand, count
        nothing. Not of firms with demands above 1.
    unit : float
        Unit of the utilities in an exact answer, above 0, in the utilities' own unit. It is as
        fine as you need and no finer: utilities are refused when one of them passes 2**40 units
        (less with over 1,000 advisers), or when all of them round to 0.

    Returns
    -------
    AssignResult
        `pairs` (k, 2) int64 sorted; `prices` (m,) float64 in the unit of the utility (per hour
        with `load`), negative only where there is a minimum load; `quota_prices` (quotas,) float64,
        above 0 where at_most costs, below 0 where at_least does; `objective`, `bound`, `gap`,
        rounded so that none looks better than it is; `unit` (0 = real numbers); `status` optimal,
        within_gap, time_limit, cancelled or infeasible; `guarantees` in words.
        When infeasible: `blockers` say which firms, advisers, pins and quotas contradict each
        other; `relaxation` is a smallest set of changes of limits with which an assignment exists,
        `relaxed_limits` the limits after it and `relaxed_pairs` (k, 2) one such assignment; the
        prices then prove that no smaller change is enough, in units of it: -1, 0 or 1. With quotas
        there is no relaxation, and the prices prove the contradiction alone.
        With `previous`: `changes` and `forced_changes`, numbers of firms. With `max_changes`:
        `change_price`, what one more change would bring at most by the bound; `unlimited`, the
        answer without the limit, with a proof of its own; `cost_of_stability`, the difference of
        the two objectives. The status is time_limit where no prices close the gap, even without a
        limit of time.

    Raises
    ------
    InputError
        A shape, type or value is wrong; NaN and +inf are named by row and column.
    NotImplementedError
        An option that is not supported yet is given.

    Notes
    -----
    Capacitated auction on candidate lists regenerated at the prices (D. Bertsekas, *Network
    Optimization*, 1998, chapter 7), minimum cost flow where there are minima or demands above 1.
    O(n m) memory for a dense array, O(stored entries) for a sparse one. With hours the problem is
    the generalised assignment problem, NP-hard: prices per hour of the linear relaxation (smooth
    dual, Newton steps) prove the bound, annealing with ejection chains finds the assignment, with
    an effort of its own that ends even where the relaxation leaves a gap (then status
    time_limit). Limits that contradict each other are found by maximum flows (R. Ahuja, T.
    Magnanti, J. Orlin, *Network Flows*, 1993, section 6.7). Ties go to the smaller row and column.
    Sums of the certificate are exact, rounded once: bound up, objective down (U. Kulisch, W.
    Miranker, *Computer Arithmetic in Theory and Practice*, 1981); so without a unit, optimal means
    equal as real numbers.

    With quotas the same kind of prices covers capacities and quotas together, on each firm's best
    pairs, renewed over all pairs at the prices (column generation), and annealing with ejection
    chains finds the assignment. The bound is that of the linear relaxation; where it
    lies above the best whole answer, the status is time_limit with that gap. Where the search
    finds no lawful answer and nothing proves that there is none, the status is time_limit too, and
    blockers name what is broken.
    With a team the problem is submodular and NP-hard. Prices of seats bound it: each firm's best
    team at the prices is proven by branch and bound under the dual of a facility location (G.
    Cornuejols, M. L. Fisher, G. L. Nemhauser, *Management Science* 23, 1977), over all eligible
    pairs: O(n m skills) per proof. Adaptive and subgradient steps find the prices, an auction and
    ejection chains the teams. The bound is that of the linear relaxation over teams: near the
    optimum where firms are many; where it stays above, the status is time_limit with that gap.
    From `prices` and `previous` one look at all pairs proves the bound and shows who is out of
    place; only these move, along shortest paths (R. K. Ahuja, T. L. Magnanti, J. B. Orlin,
    *Network Flows*, 1993, section 9.7). `max_changes` is a Lagrangian relaxation with a price on a
    change (M. L. Fisher, *Management Science* 27, 1981), O(10) answers from good prices.

    Examples
    --------
    >>> import libmatch as lm
    >>> r = lm.assign([[3, 1], [2, 1], [5, 4]], capacity=[1, 2], exact=True)
    >>> r.pairs.tolist(), r.objective, r.status
    ([[0, 0], [1, 1], [2, 1]], 8.0, 'optimal')
    >>> lm.verify(r).ok
    True
    >>> r = lm.assign([[9.0], [5.0], [5.0]], capacity=4.5, load=[4, 2, 2.5])
    >>> r.pairs.tolist(), r.objective
    ([[1, 0], [2, 0]], 10.0)
    >>> r = lm.assign([[1.0], [1.0], [1.0]], capacity=2, min_demand=1)
    >>> r.status, r.blockers[0].shortfall, str(r.relaxation[0])
    ('infeasible', 1, 'capacity[0] from 2 to 3')
    >>> u = [[3, 1], [2, 1], [5, 4]]
    >>> r = lm.assign(u, capacity=[1, 2], previous=[[0, 1], [1, 0]], max_changes=0)
    >>> r.pairs.tolist(), r.objective, r.changes, r.cost_of_stability
    ([[0, 1], [1, 0], [2, 1]], 7.0, 0, 1.0)
    """
    if policy != "welfare":
        raise NotImplementedError(f"assign supports policy='welfare' only, not {policy!r}, so far")
    gap = _real("gap", gap)
    unit = _real("unit", unit)
    if unit == 0:
        raise input_error("unit is 0; a number above 0 is expected")
    limit = None if time_limit is None else _real("time_limit", time_limit)
    threads = _whole("threads", threads)
    seed = _whole("seed", seed)
    if isinstance(utility, Market):
        own = {"capacity": capacity, "load": load, "pinned": pinned}
        defaults = {"demand": (demand, 1), "min_load": (min_load, 0)}
        changed = [name for name, given in own.items() if given is not None]
        changed += [name for name, (a, b) in defaults.items() if not np.array_equal(a, b)]
        if changed:
            raise input_error(
                f"{', '.join(changed)} cannot be given with a Market; set it in its tables"
            )
        if team is not None:
            raise input_error("team is supported for arrays; with a Market leave it out")
        problem: dict[str, Any] = {
            "market": utility._core(),
            "programme": _programme(utility, programme),
            "quotas": quota_rows(quotas, utility._core().firms, utility._core().advisers),
            "reservation": _reservation(reservation, utility._core().firms),
            "min_demand": None
            if _is(min_demand, 0)
            else _counts("min_demand", min_demand, utility._core().firms, np.int32),
        }
        solver: Any = _core.assign_market
    else:
        if programme is not None:
            raise input_error("programme is for a Market; utility is an array")
        problem = _problem_of(utility, capacity, demand, min_demand, min_load, load, pinned)
        problem["quotas"] = quota_rows(quotas, problem["n"], problem["m"])
        problem["reservation"] = _reservation(reservation, problem["n"])
        problem["team"] = team_arrays(team, problem["n"], problem["m"])
        solver = _core.assign
    if max_changes is not None and previous is None:
        raise input_error("max_changes needs previous: the pairs from which changes are counted")
    problem["previous"] = None if previous is None else _previous(previous)
    problem["max_changes"] = (
        None if max_changes is None else min(_whole("max_changes", max_changes), 2**62)
    )
    found: _core.AssignResult = solver(
        **problem,
        gap=gap,
        exact=bool(exact),
        unit=unit,
        time_limit=limit,
        threads=threads,
        seed=seed,
        prices=None if prices is None else _start_prices(prices),
    )
    return _result(found, problem)


def _result(found: _core.AssignResult, problem: dict[str, Any]) -> AssignResult:
    without = found.unlimited
    return AssignResult(
        pairs=found.pairs,
        prices=found.prices,
        quota_prices=found.quota_prices,
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        unit=found.unit,
        status=found.status,
        seconds=found.seconds,
        blockers=tuple(map(Blocker._of, found.blockers)),
        relaxation=tuple(Relaxation(*r) for r in found.relaxation),
        relaxed_pairs=found.relaxed_pairs,
        changes=found.changes,
        forced_changes=found.forced_changes,
        change_price=found.change_price,
        unlimited=None if without is None else _result(without, {**problem, "max_changes": None}),
        _problem=problem,
    )


def verify_assign(r: AssignResult) -> _core.Verdict:
    """The judge on an assignment and the problem that it remembers."""
    judge: Any = _core.verify_assign_market if "market" in r._problem else _core.verify_assign
    verdict: _core.Verdict = judge(
        **r._problem,
        pairs=r.pairs,
        prices=r.prices,
        quota_prices=r.quota_prices,
        objective=r.objective,
        bound=r.bound,
        unit=r.unit,
        status=r.status,
        changed=(r.changes, r.forced_changes, r.change_price),
        infeasible=(
            [b._row() for b in r.blockers],
            [change._row() for change in r.relaxation],
            r.relaxed_pairs,
        ),
    )
    return verdict


def _programme(market: Market, name: str | None) -> str:
    names = market.programmes
    if name is None and len(names) == 1:
        return names[0]
    if name not in names:
        raise input_error(f"programme is {name!r}; the market's are {', '.join(map(repr, names))}")
    return name


def _problem_of(
    utility: Any,
    capacity: ArrayLike | None,
    demand: ArrayLike,
    min_demand: ArrayLike,
    min_load: ArrayLike,
    load: Any,
    pinned: ArrayLike | None,
) -> dict[str, Any]:
    dense: Floats | None = None
    sparse: Sparse | None = None
    if hasattr(utility, "tocoo"):
        n, m, sparse = _sparse(utility)
    else:
        dense = _dense(utility)
        n, m = dense.shape
    if capacity is None:
        raise input_error(f"capacity is missing; give one whole number, or {m} of them")
    return {
        "n": n,
        "m": m,
        "dense": dense,
        "sparse": sparse,
        "capacity": _counts("capacity", capacity, m, np.int64) if load is None else None,
        "demand": None if _is(demand, 1) else _counts("demand", demand, n, np.int32),
        "min_demand": None
        if _is(min_demand, 0)
        else _counts("min_demand", min_demand, n, np.int32),
        "min_load": None if _is(min_load, 0) else _counts("min_load", min_load, m, np.int64),
        "pinned": None if pinned is None else _pins(pinned, n, m),
        "hours": None if load is None else _hours("capacity", capacity, m),
        "load": None if load is None else _load(load, n, m, dense, sparse),
    }


def _reservation(given: ArrayLike, n: int) -> Floats | None:
    array = _finite("reservation", given, n)
    return array if array.any() else None


def _hours(name: str, given: ArrayLike, size: int) -> Floats:
    array = _floats(name, given)
    if array.shape not in ((), (size,)):
        raise input_error(
            f"{name} has shape {array.shape}; one number of hours or shape ({size},) is expected"
        )
    wrong = ~(np.isfinite(array) & (array >= 0))
    if wrong.any():
        at = f"[{int(np.flatnonzero(wrong)[0])}]" if array.ndim else ""
        first = float(array[wrong][0] if array.ndim else array)
        raise input_error(f"{name}{at} is {first:g}; a finite number of hours from 0 is expected")
    return np.ascontiguousarray(np.broadcast_to(array, (size,)))


def _load(given: Any, n: int, m: int, dense: Floats | None, sparse: Sparse | None) -> Floats:
    """Hours of the pairs: (n, m) or (n,) for a dense utility, one per stored entry for a sparse."""
    if hasattr(given, "tocoo"):
        if sparse is None:
            raise input_error("load is sparse and utility is not; give load with utility's shape")
        return _sparse_load(given, n, m, sparse)
    array = _floats("load", given)
    if array.shape not in ((), (n,), (n, m)):
        raise input_error(
            f"load has shape {array.shape}; one number, ({n},) or ({n}, {m}) is expected, "
            "or a scipy sparse array with the entries of a sparse utility"
        )
    if array.ndim < 2:
        array = _hours("load", array, n)
        if sparse is None:
            return array
        return np.repeat(array, np.diff(sparse[0]))
    if sparse is not None:
        rows = np.repeat(np.arange(n), np.diff(sparse[0]))
        array = np.ascontiguousarray(array[rows, sparse[1]])
        bad = np.flatnonzero(~(np.isfinite(array) & (array >= 0)))
        if len(bad):
            k = int(bad[0])
            _refuse_load(int(rows[k]), int(sparse[1][k]), float(array[k]), len(bad))
        return array
    wrong = ~(np.isfinite(array) & (array >= 0)) & (np.asarray(dense) != -np.inf)
    if wrong.any():
        i, j = np.argwhere(wrong)[0]
        _refuse_load(int(i), int(j), float(array[i, j]), int(wrong.sum()))
    return array


def _refuse_load(i: int, j: int, value: float, count: int) -> None:
    more = f" (and {count - 1} more)" if count > 1 else ""
    raise input_error(
        f"load row {i} column {j} is {value}{more}; a finite number of hours from 0 is expected"
    )


def _sparse_load(given: Any, n: int, m: int, sparse: Sparse) -> Floats:
    if tuple(given.shape) != (n, m):
        raise input_error(f"load has shape {given.shape}; utility's shape ({n}, {m}) is expected")
    coo = given.tocoo()
    row, column = np.asarray(coo.row, np.int64), np.asarray(coo.col, np.int64)
    place, hours = row * m + column, _floats("load", coo.data)
    order = np.argsort(place, kind="stable")
    place, hours = place[order], hours[order]
    twice = np.flatnonzero(place[1:] == place[:-1])
    if len(twice):
        i, j = divmod(int(place[twice[0]]), m)
        raise input_error(
            f"load row {i} column {j} is stored more than once; "
            "keep one entry per pair, for instance with sum_duplicates()"
        )
    wanted = np.repeat(np.arange(n), np.diff(sparse[0])) * m + sparse[1]
    at = np.searchsorted(place, wanted)
    found = np.zeros(len(wanted), np.bool_)
    inside = at < len(place)
    found[inside] = place[at[inside]] == wanted[inside]
    if not found.all():
        i, j = divmod(int(wanted[np.flatnonzero(~found)[0]]), m)
        raise input_error(
            f"load row {i} column {j} is missing; store hours for each stored entry of utility "
            "(0 = none)"
        )
    hours = np.ascontiguousarray(hours[at])
    bad = np.flatnonzero(~(np.isfinite(hours) & (hours >= 0)))
    if len(bad):
        i, j = divmod(int(wanted[bad[0]]), m)
        _refuse_load(i, j, float(hours[bad[0]]), len(bad))
    return hours


def _is(given: ArrayLike, default: int) -> bool:
    return isinstance(given, int) and given == default


def _floats(name: str, given: ArrayLike) -> Floats:
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "biuf" and not (array.dtype.kind == "O" and array.size):
            raise TypeError
        return np.asarray(array, np.float64, order="C")
    except (TypeError, ValueError):
        kind = getattr(given, "dtype", type(given).__name__)
        raise input_error(f"{name} holds {kind}; real numbers are expected") from None


def _dense(given: ArrayLike) -> Floats:
    array = np.asarray(given)
    if array.ndim != 2:
        raise input_error(
            f"utility has shape {array.shape}; (firms, advisers) is expected, "
            "or a scipy sparse array, or a Market"
        )
    utility = _floats("utility", array)
    bad = np.isnan(utility) | (utility == np.inf)
    if bad.any():
        i, j = np.argwhere(bad)[0]
        _refuse_utility(int(i), int(j), float(utility[i, j]), int(bad.sum()))
    return utility


def _refuse_utility(i: int, j: int, value: float, count: int) -> None:
    more = f" (and {count - 1} more)" if count > 1 else ""
    raise input_error(
        f"utility row {i} column {j} is {value}{more}; "
        "a finite number is expected, or -inf for a pair that is not eligible"
    )


def _sparse(given: Any) -> tuple[int, int, Sparse]:
    """Rows of a sparse array with its stored zeros; -inf is dropped, as not eligible."""
    if len(given.shape) != 2:
        raise input_error(f"utility has shape {given.shape}; (firms, advisers) is expected")
    n, m = (int(size) for size in given.shape)
    coo = given.tocoo()
    row, column = np.asarray(coo.row, np.int64), np.asarray(coo.col, np.int64)
    value = _floats("utility", coo.data)
    bad = np.isnan(value) | (value == np.inf)
    if bad.any():
        k = int(np.flatnonzero(bad)[0])
        _refuse_utility(int(row[k]), int(column[k]), float(value[k]), int(bad.sum()))
    order = np.lexsort((column, row))
    row, column, value = row[order], column[order], value[order]
    twice = np.flatnonzero((row[1:] == row[:-1]) & (column[1:] == column[:-1]))
    if len(twice):
        raise input_error(
            f"utility row {row[twice[0]]} column {column[twice[0]]} is stored more than once; "
            "keep one entry per pair, for instance with sum_duplicates()"
        )
    kept = value != -np.inf
    row, column, value = row[kept], column[kept], value[kept]
    indptr = np.zeros(n + 1, np.int64)
    np.cumsum(np.bincount(row, minlength=n), out=indptr[1:])
    return n, m, (indptr, column.astype(np.uint32), np.ascontiguousarray(value))


def _counts(name: str, given: ArrayLike, size: int, dtype: type[np.integer[Any]]) -> Any:
    array = _floats(name, given)
    if array.shape not in ((), (size,)):
        raise input_error(
            f"{name} has shape {array.shape}; one whole number or shape ({size},) is expected"
        )
    wrong = ~((array >= 0) & (array == np.floor(array)) & (array <= np.iinfo(dtype).max))
    if wrong.any():
        at = f"[{int(np.flatnonzero(wrong)[0])}]" if array.ndim else ""
        first = float(array[wrong][0] if array.ndim else array)
        raise input_error(f"{name}{at} is {first:g}; a whole number from 0 is expected")
    return np.ascontiguousarray(np.broadcast_to(array.astype(dtype), (size,)))


def _pairs(name: str, given: ArrayLike) -> Whole:
    array = np.asarray(given)
    if array.size == 0:
        return np.zeros((0, 2), np.int64)
    if array.ndim != 2 or array.shape[1] != 2 or array.dtype.kind not in "iu":
        raise input_error(
            f"{name} has shape {array.shape} and holds {array.dtype}; "
            "whole numbers of shape (pairs, 2) are expected: row and column"
        )
    return np.ascontiguousarray(array, np.int64)


def _previous(given: ArrayLike) -> Whole:
    pairs = _pairs("previous", given)
    outside = np.flatnonzero(((pairs < 0) | (pairs >= _NO_CELL)).any(axis=1))
    if len(outside):
        k = int(outside[0])
        raise input_error(
            f"previous[{k}] is ({pairs[k, 0]}, {pairs[k, 1]}); count rows and columns from 0"
        )
    return pairs


def _start_prices(given: ArrayLike) -> Floats:
    prices = _floats("prices", given)
    if prices.ndim != 1:
        raise input_error(f"prices has shape {prices.shape}; one per column is expected")
    return prices


def _pins(given: ArrayLike, n: int, m: int) -> Whole:
    pins = _pairs("pinned", given)
    outside = np.flatnonzero(((pins < 0) | (pins >= [n, m])).any(axis=1))
    if len(outside):
        k = int(outside[0])
        raise input_error(
            f"pinned[{k}] is ({pins[k, 0]}, {pins[k, 1]}), outside the {n} x {m} problem; "
            "count rows and columns from 0"
        )
    return np.unique(pins, axis=0)


@dataclass(frozen=True)
class DossierRule:
    """What makes a group of firms a lawful dossier, and what it costs.

    `min_sum` and `max_sum` bound the sum of amounts (EUR), `min_members` and `max_members` the
    number of firms, `max_radius_km` the distance of each member from the seat. `opening_cost` (per
    dossier; negative = a reward) and `cost_per_km` (per member and km to the seat) are in the unit
    of the firms' values. `seat` is "member" (the place of a member) or "site" (one of the sites
    listed); None = at sites where any are listed, else at members. None = no limit.
    """

    min_sum: float = figure("lender_ticket_eur")
    max_sum: float | None = None
    min_members: int = 1
    max_members: int | None = None
    max_radius_km: float | None = None
    opening_cost: float = 0.0
    cost_per_km: float = 0.0
    name: str = "rule"
    seat: str | None = None

    def __post_init__(self) -> None:
        if self.seat not in (None, "member", "site"):
            raise input_error(f"seat is {self.seat!r}; 'member' or 'site' is expected")
        for name, low in (("min_members", 1), ("max_members", 1)):
            value = getattr(self, name)
            if value is not None and not (int(value) == value and low <= value < 2**31):
                raise input_error(f"{name} is {value!r}; a whole number from {low} is expected")
        for name in ("min_sum", "max_sum", "max_radius_km", "cost_per_km"):
            value = getattr(self, name)
            if value is not None and not value >= 0:
                raise input_error(f"{name} is {value!r}; a number from 0 is expected")
        if not np.isfinite(self.opening_cost):
            raise input_error(f"opening_cost is {self.opening_cost!r}; a finite number is expected")
        for low_name, high_name in (("min_sum", "max_sum"), ("min_members", "max_members")):
            low_value, high = getattr(self, low_name), getattr(self, high_name)
            if high is not None and high < low_value:
                raise input_error(f"{high_name} is {high}, below {low_name} {low_value}")

    def _core(self) -> dict[str, Any]:
        return {f.name: value for f in fields(self) if (value := getattr(self, f.name)) is not None}


@dataclass(frozen=True, eq=False)
class PoolResult:
    """Dossiers with their proof; see `pool`."""

    group: Whole
    seat: Whole
    rule: Whole
    prices: Floats
    objective: float
    bound: float
    gap: float
    status: str
    seconds: float
    reasons: tuple[str, ...]
    missing: Floats
    site_prices: Floats
    nearest: Whole
    needs: tuple[str, ...]
    _problem: dict[str, Any] = field(repr=False)

    def __repr__(self) -> str:
        return (
            f"PoolResult: {self.status}, {len(self.seat):,} dossiers, "
            f"{int((self.group >= 0).sum()):,} of {len(self.group):,} firms, "
            f"objective {self.objective:.10g}, gap {self.gap:.2g}"
        )


def pool(
    amount: ArrayLike,
    place: ArrayLike | None = None,
    *,
    rule: DossierRule | Sequence[DossierRule],
    keys: Any = None,
    value: ArrayLike = 1.0,
    metric: str = "sphere",
    sites: ArrayLike | None = None,
    sessions: ArrayLike | None = None,
    seats: ArrayLike | None = None,
    together: ArrayLike | None = None,
    apart: ArrayLike | None = None,
    gap: float = 0.01,
    time_limit: float | None = None,
    threads: int = 0,
    seed: int = 0,
) -> PoolResult:
    """Group firms into lawful dossiers of the largest total value.

    A dossier is worth the sum of its members' values, less `cost_per_km` for each member's
    distance to the seat, less `opening_cost`. A firm may stay out.

    Parameters
    ----------
    amount : (n,) array
        EUR, above 0.
    place : (n, 2) array, optional
        Latitude and longitude in degrees, or km with ``metric="plane"``. Without it there is no
        travel.
    rule : DossierRule, or several that compete
        See `DossierRule`.
    keys : array of n, or several, optional
        Members of a dossier share the keys: one array of n values (text or numbers), or a list of
        arrays, all to be shared. A firm that lacks a key stays out. With several rules, a list
        with the keys of each rule (None = none).
    value : number or (n,) array
        What it is worth that a firm is in a dossier.
    metric : "sphere" or "plane"
        Great circle, or straight line.
    sites : (s, 2) array, optional
        Places to meet; without it, a dossier meets at the place of one of its members.
    sessions, seats : whole number or (s,) array, optional
        How many dossiers can meet at each site, and how many members each of them has at most;
        ``inf`` = no limit.
    together, apart : (k, 2) array of int, optional
        Pairs of firms (from 0) that are in one dossier or both out, and pairs that are in no
        dossier together.
    gap : float
        Relative gap to reach if it can be; from 0.
    time_limit : float, optional
        Seconds; then the best dossiers so far come back with their true gap.
    threads : int
        0 = all cores. Never changes the answer.
    seed : int
        From 0.

    Returns
    -------
    PoolResult
        `group` (n,) int64, -1 = out; for each dossier `seat` (a firm, or a site when sites are
        given) and `rule` (from 0); `prices` (n,) and `site_prices` (s,) float64 in the unit of the
        values: the prices of firms, and those of sites times their sessions, sum to `bound`;
        `objective`, `gap`, `status`; for each firm `reasons` (why it is out), `missing` (EUR short
        of the ticket), `nearest` (the nearest dossier whose keys it shares, -1 = none) and `needs`
        (all that it lacks to be taken there).

    Raises
    ------
    InputError
        A shape, type or value is wrong.

    Notes
    -----
    Prices bound every plan: no lawful dossier is worth more than the prices of its members and of
    its site (set packing dual; L. Wolsey, *Integer Programming*, 1998, chapter 11). Linear in the
    firms' neighbourhoods. The bound knows of pairs that a dossier must hold whole or must not mix.

    Examples
    --------
    >>> import libmatch as lm
    >>> rule = lm.DossierRule(min_sum=20_000, max_members=3)
    >>> g = lm.pool([12_000, 9_000, 15_000], rule=rule, keys=["62", "62", "47"])
    >>> g.group.tolist(), g.objective
    ([0, 0, -1], 2.0)
    >>> lm.verify(g).ok
    True
    >>> g = lm.pool([12_000, 9_000, 15_000], rule=rule, apart=[[0, 1]])
    >>> g.group.tolist(), g.needs[0]
    ([-1, 0, 0], 'leave to meet a firm kept apart from it')
    """
    amounts = _finite("amount", amount, None)
    n = len(amounts)
    low = np.flatnonzero(amounts <= 0)
    if len(low):
        raise input_error(f"amount[{low[0]}] is {amounts[low[0]]:g}; more than 0 EUR is expected")
    values = None
    if not (np.ndim(value) == 0 and float(value) == 1.0):  # type: ignore[arg-type]
        values = _finite("value", value, n)
    if metric not in ("sphere", "plane"):
        raise input_error(f"metric is {metric!r}; 'sphere' or 'plane' is expected")
    places = None if place is None else _places("place", place, n, metric)
    if sites is not None and places is None:
        raise input_error("sites need places: give place with shape (firms, 2)")
    listed = None if sites is None else _places("sites", sites, None, metric)
    limits: dict[str, Any] = {}
    for name, given, least in (("sessions", sessions, 0), ("seats", seats, 1)):
        if given is not None:
            limits[name] = _site_limit(name, given, least, listed)
    for name, given in (("together", together), ("apart", apart)):
        if given is not None:
            limits[name] = _firm_pairs(name, given, n)
    rules = [rule] if isinstance(rule, DossierRule) else list(rule)
    if not rules or not all(isinstance(one, DossierRule) for one in rules):
        raise input_error("rule has no DossierRule; give one, or a list of them")
    keyed = [keys] if isinstance(rule, DossierRule) or keys is None else list(keys)
    if keys is None:
        keyed = [None] * len(rules)
    if len(keyed) != len(rules):
        raise input_error(
            f"keys has {len(keyed)} entries; {len(rules)} are expected, one per rule (None = none)"
        )
    problem: dict[str, Any] = {
        "amount": amounts,
        "value": values,
        "place": places,
        "metric": "none" if places is None else metric,
        "sites": listed,
        "rules": [(one._core(), _cells(k, n)) for one, k in zip(rules, keyed, strict=True)],
        "limits": limits,
    }
    found = _core.pool(
        **problem,
        gap=_real("gap", gap),
        time_limit=None if time_limit is None else _real("time_limit", time_limit),
        threads=_whole("threads", threads),
        seed=_whole("seed", seed),
    )
    return PoolResult(
        group=found.group,
        seat=found.seat,
        rule=found.rule,
        prices=found.prices,
        objective=found.objective,
        bound=found.bound,
        gap=found.gap,
        status=found.status,
        seconds=found.seconds,
        reasons=tuple(found.reasons),
        missing=found.missing,
        site_prices=found.site_prices,
        nearest=found.nearest,
        needs=tuple(found.needs),
        _problem=problem,
    )


def verify_pool(g: PoolResult) -> _core.Verdict:
    """The judge on dossiers and the problem that they remember."""
    return _core.verify_pool(
        **g._problem,
        group=g.group,
        seat=g.seat,
        rule=g.rule,
        prices=g.prices,
        site_prices=g.site_prices,
        objective=g.objective,
        bound=g.bound,
        reasons=list(g.reasons),
        missing=g.missing,
    )


def _site_limit(name: str, given: ArrayLike, low: int, sites: Floats | None) -> Floats:
    """Whole numbers, one per site; infinity = no limit."""
    if sites is None:
        raise input_error(f"{name} limits sites: give sites with shape (sites, 2)")
    array = _floats(name, given)
    if array.shape not in ((), (len(sites),)):
        raise input_error(
            f"{name} has shape {array.shape}; one number or shape ({len(sites)},) is expected"
        )
    array = np.ascontiguousarray(np.broadcast_to(array, (len(sites),)))
    whole = (array >= low) & (array == np.floor(array)) & ((array <= 1e9) | (array == np.inf))
    if not whole.all():
        k = int(np.flatnonzero(~whole)[0])
        raise input_error(
            f"{name}[{k}] is {array[k]:g}; a whole number from {low}, or inf for no limit, "
            "is expected"
        )
    return array


def _firm_pairs(name: str, given: ArrayLike, n: int) -> Whole:
    pairs = _pairs(name, given)
    wrong = ((pairs < 0) | (pairs >= n)).any(axis=1) | (pairs[:, 0] == pairs[:, 1])
    if wrong.any():
        k = int(np.flatnonzero(wrong)[0])
        raise input_error(
            f"{name}[{k}] is ({pairs[k, 0]}, {pairs[k, 1]}); "
            f"two different firms from 0 to {n - 1} are expected"
        )
    return pairs


def _finite(name: str, given: ArrayLike, size: int | None) -> Floats:
    array = _floats(name, given)
    if size is not None and array.ndim == 0:
        array = np.full(size, float(array))
    if array.ndim != 1 or (size is not None and len(array) != size):
        wanted = "(firms,)" if size is None else f"({size},)"
        raise input_error(f"{name} has shape {array.shape}; {wanted} is expected")
    bad = np.flatnonzero(~np.isfinite(array))
    if len(bad):
        raise input_error(f"{name}[{bad[0]}] is {array[bad[0]]}; a finite number is expected")
    return array


def _places(name: str, given: ArrayLike, size: int | None, metric: str) -> Floats:
    array = _floats(name, given)
    if array.ndim != 2 or array.shape[1] != 2 or (size is not None and len(array) != size):
        wanted = f"({'sites' if size is None else size}, 2)"
        raise input_error(f"{name} has shape {array.shape}; {wanted} is expected")
    most = np.array([90.0, 180.0] if metric == "sphere" else [np.finfo(float).max] * 2)
    bad = np.flatnonzero(~(np.abs(array) <= most).all(axis=1))
    if len(bad):
        k = bad[0]
        what = "latitude and longitude in degrees" if metric == "sphere" else "finite km"
        raise input_error(f"{name}[{k}] is ({array[k, 0]:g}, {array[k, 1]:g}); {what} are expected")
    return array


def _cells(keys: Any, n: int) -> NDArray[np.uint32] | None:
    """One number per firm, equal where all keys are equal; the last number = a key is missing."""
    if keys is None:
        return None
    import pyarrow as pa

    columns = [keys]
    if isinstance(keys, list | tuple) and any(_is_column(k) for k in keys):
        columns = list(keys)
    elif isinstance(keys, np.ndarray) and keys.ndim == 2:
        columns = list(keys.T)
    cell = np.zeros(n, np.int64)
    missing = np.zeros(n, np.bool_)
    for k, column in enumerate(columns):
        shape = np.shape(column)
        if shape != (n,):
            raise input_error(f"keys[{k}] has shape {shape}; ({n},) is expected")
        data = pa.array(list(column) if not isinstance(column, np.ndarray) else column)
        if pa.types.is_floating(data.type):
            data = pa.array(data.to_numpy(zero_copy_only=False), from_pandas=True)
        codes = data.dictionary_encode().indices
        missing |= np.asarray(codes.is_null())
        code = codes.fill_null(0).to_numpy().astype(np.int64)
        cell = cell * (int(code.max(initial=0)) + 1) + code
        cell = np.unique(cell, return_inverse=True)[1].astype(np.int64)
    return np.where(missing, _NO_CELL, cell.astype(np.uint32)).astype(np.uint32)


def _is_column(given: Any) -> bool:
    return not isinstance(given, str | bytes) and np.ndim(given) > 0
