"""The command line: `libmatch demo`, `generate`, `check`, `solve`, `verify` and so on.

Exit codes: 0 = all well, 1 = the judge found a violation, 2 = bad input, 130 = interrupted.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

import libmatch as lm

app = typer.Typer(
    help="Matching, pooling and funding at national scale, each answer with its proof.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
out = Console(highlight=False)
err = Console(stderr=True, highlight=False)

MarketPath = Annotated[Path, typer.Argument(help="Folder or DuckDB file of the market.")]
PlanPath = Annotated[Path, typer.Argument(help="Folder or DuckDB file of the plan.")]
Firms = Annotated[int, typer.Option(help="Number of firms.")]
Advisers = Annotated[int, typer.Option(help="Number of advisers.")]
Seed = Annotated[int, typer.Option(help="Same seed, same result.")]
Gap = Annotated[float, typer.Option(help="Relative gap to prove for each assignment.")]
Exact = Annotated[bool, typer.Option("--exact", help="Assign with gap exactly 0.")]
TimeLimit = Annotated[float | None, typer.Option(help="Seconds for all stages together.")]
Threads = Annotated[int, typer.Option(help="0 = all cores; never changes the answer.")]
Lang = Annotated[str, typer.Option(help="Language of the report: fr or en.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        out.print(lm.__version__)
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    pass


@app.command()
def demo(
    firms: Firms = 20_000,
    advisers: Advisers = 400,
    seed: Seed = 1,
    out_folder: Annotated[Path, typer.Option("--out", help="Folder to write.")] = Path(
        "demo-output"
    ),
    lang: Lang = "fr",
) -> None:
    """Generate a market on real French places, solve it, verify it, report it."""
    start = time.perf_counter()
    with err.status(f"Generating {firms:,} firms and {advisers:,} advisers"):
        market = lm.demo_market(firms=firms, advisers=advisers, seed=seed)
        market.save(out_folder / "market")
    with err.status("Checking the market"):
        faults = lm.check(market)
    if _show_faults(faults):
        raise typer.Exit(2)
    plan = lm.solve(market, seed=seed, progress=True)
    with err.status("Verifying with the judge"):
        verdict = lm.verify(market, plan)
    with err.status("Writing the plan and the report"):
        plan.save(out_folder / "plan")
        plan.report(out_folder / "report.html", lang=lang)
    _show_plan(plan)
    _show_verdict(verdict)
    out.print(f"[bold]Total time[/]  {time.perf_counter() - start:.1f} s")
    out.print(f"[bold]Plan[/]        {out_folder / 'plan'}")
    out.print(f"[bold]Report[/]      {out_folder / 'report.html'}")
    if not verdict.ok:
        raise typer.Exit(1)


@app.command()
def generate(
    out_path: Annotated[Path, typer.Option("--out", help="Folder or .duckdb file to write.")],
    firms: Firms = 20_000,
    advisers: Advisers = 400,
    seed: Seed = 1,
) -> None:
    """Write a made-up market on real French places."""
    market = lm.demo_market(firms=firms, advisers=advisers, seed=seed)
    market.save(out_path)
    out.print(f"{market}\nwritten to {out_path}")


@app.command()
def check(market: MarketPath) -> None:
    """List all that is wrong with a market, or will get in the way of a plan."""
    faults = lm.check(lm.read_market(market))
    if _show_faults(faults):
        raise typer.Exit(2)
    if not faults:
        out.print("[green]no fault[/]")


@app.command()
def solve(
    market: MarketPath,
    out_path: Annotated[Path, typer.Option("--out", help="Folder or .duckdb file to write.")],
    gap: Gap = 1e-4,
    exact: Exact = False,
    time_limit: TimeLimit = None,
    threads: Threads = 0,
    seed: Seed = 0,
    stage: Annotated[
        list[str] | None,
        typer.Option(help=f"Only this stage: {', '.join(lm._plan.STAGES)}. Repeatable."),
    ] = None,
    previous: Annotated[
        Path | None, typer.Option(help="Folder or DuckDB file of an earlier plan to begin with.")
    ] = None,
    max_changes: Annotated[
        int | None,
        typer.Option(help="Firms of each programme that may lose their earlier adviser."),
    ] = None,
) -> None:
    """Make a plan and write it."""
    plan = lm.solve(
        lm.read_market(market),
        gap=gap,
        exact=exact,
        time_limit=time_limit,
        threads=threads,
        seed=seed,
        progress=True,
        stages=stage,
        previous=None if previous is None else lm.read_plan(previous),
        max_changes=max_changes,
    )
    plan.save(out_path)
    _show_plan(plan)
    out.print(f"[bold]Plan[/]  {out_path}")


@app.command()
def verify(market: MarketPath, plan: PlanPath) -> None:
    """Ask the judge whether a plan is lawful and as good as it claims."""
    verdict = lm.verify(lm.read_market(market), lm.read_plan(plan))
    _show_verdict(verdict)
    if not verdict.ok:
        raise typer.Exit(1)


@app.command()
def explain(
    market: MarketPath,
    plan: PlanPath,
    firm: Annotated[str, typer.Argument(help="Id of the firm.")],
    adviser: Annotated[
        str | None, typer.Argument(help="Id of an adviser: say why the firm is not with them.")
    ] = None,
) -> None:
    """Say what a plan does for a firm, and why."""
    known = lm.read_plan(plan, market=lm.read_market(market))
    text = known.explain(firm) if adviser is None else known.why_not(firm, adviser)
    out.print(text, markup=False)


@app.command()
def report(
    market: MarketPath,
    plan: PlanPath,
    out_path: Annotated[Path, typer.Option("--out", help="HTML file to write.")] = Path(
        "report.html"
    ),
    lang: Lang = "fr",
) -> None:
    """Write the report of a plan: one HTML page that needs no network."""
    lm.read_plan(plan, market=lm.read_market(market)).report(out_path, lang=lang)
    out.print(f"[bold]Report[/]  {out_path}")


@app.command()
def compare(
    plans: Annotated[list[Path], typer.Argument(help="Folders or DuckDB files of plans.")],
) -> None:
    """Put the certificates of plans side by side."""
    known = {str(number): lm.read_plan(path) for number, path in enumerate(plans, 1)}
    for number, path in enumerate(plans, 1):
        out.print(f"plan {number}  {path}", markup=False, soft_wrap=True)
    table = Table(box=None, padding=(0, 1), pad_edge=False)
    for name in ("stage", "plan", "status", "objective", "bound", "gap", "s"):
        right = name not in ("stage", "plan", "status")
        table.add_column(name, justify="right" if right else "left", no_wrap=True)
    for row in lm.compare(**known).iter_rows(named=True):
        figures = (_large(row["objective"]), _large(row["bound"]), f"{row['gap']:.1e}")
        words = (escape(row["stage"]), row["plan"], row["status"])
        table.add_row(*words, *figures, f"{row['seconds']:.2f}")
    out.print(table)


def _show_faults(faults: list[lm.Fault]) -> bool:
    """Print the faults; whether one is an error."""
    for fault in faults:
        colour = "red" if fault.severity == "error" else "yellow"
        err.print(f"[{colour}]{fault.severity}[/] {escape(fault.text)}", soft_wrap=True)
    return any(fault.severity == "error" for fault in faults)


def _show_plan(plan: lm.Plan) -> None:
    from ._summary import PROOF, sections

    for section in sections(plan):
        if section.title == PROOF:
            continue
        table = Table(title=section.title, title_justify="left", show_header=False)
        table.add_column()
        table.add_column(justify="right")
        for label, figure in section.rows:
            table.add_row(escape(label), figure)
        out.print(table)
    # borderless, so that its six columns fit in 80 characters
    proof = Table(title=PROOF, title_justify="left", box=None, padding=(0, 1), pad_edge=False)
    for name in ("stage", "status", "objective", "bound", "gap", "seconds"):
        right = name not in ("stage", "status")
        proof.add_column(name, justify="right" if right else "left", no_wrap=True)
    for stage, c in plan.certificates.items():
        figures = (_large(c.objective), _large(c.bound), f"{c.gap:.1e}", f"{c.seconds:.2f}")
        proof.add_row(escape(stage), c.status, *figures)
    out.print(proof)
    out.print()


def _large(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1e6 else f"{value:,.2f}"


def _show_verdict(verdict: lm.Verdict) -> None:
    if verdict.ok:
        out.print(f"[bold]Judge[/]       [green]lawful[/], largest gap {verdict.gap:.1e}")
        return
    out.print(f"[bold]Judge[/]       [red]{len(verdict.violations)} violations[/]")
    for violation in verdict.violations[:20]:
        out.print(f"  {violation}", markup=False, soft_wrap=True)
    if len(verdict.violations) > 20:
        out.print(f"  and {len(verdict.violations) - 20} more")


def main() -> None:
    """Run the command line; bad input is one message and exit code 2."""
    try:
        app()
    except (lm.InputError, OSError) as wrong:
        err.print(f"[red]bad input[/] {escape(str(wrong))}", soft_wrap=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
