"""How far the work is: a bar on the terminal, or the caller's own function."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

Progress: TypeAlias = Callable[[str, float, float, float], Any]
"""Called with (stage, done in [0, 1], seconds since the start, seconds to go or -1); False
cancels.
"""


class Listener:
    """What the compiled module calls. The caller's error stops the work and is raised afterwards;
    Ctrl-C stops it with the best plan so far."""

    def __init__(self, tell: Progress) -> None:
        self.tell = tell
        self.failed: BaseException | None = None

    def __call__(self, stage: str, done: float, elapsed: float, eta: float) -> bool:
        try:
            return self.tell(stage, done, elapsed, eta) is not False
        except KeyboardInterrupt:
            return False
        except BaseException as wrong:
            self.failed = wrong
            return False


@contextmanager
def bars() -> Iterator[Progress]:
    """A progress bar for each stage, on the terminal's error stream."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("{task.description:<24}"),
        BarColumn(bar_width=32),
        TextColumn("{task.percentage:>4.0f} %"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True)) as shown:
        tasks: dict[str, Any] = {}

        def tell(stage: str, done: float, elapsed: float, eta: float) -> None:
            if stage not in tasks:
                for task in tasks.values():
                    shown.update(task, completed=1.0)
                tasks[stage] = shown.add_task(stage, total=1.0)
            shown.update(tasks[stage], completed=done)

        yield tell
        for task in tasks.values():
            shown.update(task, completed=1.0)
