"""What a person sees while something long goes on: a bar on a terminal, a line a step elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich import console, progress

from stack import engine_fetch


@contextmanager
def shown(to: console.Console) -> Iterator[engine_fetch.Report]:
    """Show steps as they come; where nothing is reported nothing is shown."""
    if not to.is_terminal:
        yield _Lines(to)
        return
    columns = (progress.TextColumn("{task.description}"), progress.BarColumn(), progress.TaskProgressColumn())
    with progress.Progress(*columns, progress.TimeElapsedColumn(), console=to, transient=True) as bar:
        yield _Bar(bar)


class _Lines:
    def __init__(self, to: console.Console) -> None:
        self._console = to
        self._step = ""

    def __call__(self, step: str, _share: float) -> None:
        if step != self._step:
            self._step = step
            self._console.print(step, markup=False, highlight=False, soft_wrap=True)


class _Bar:
    def __init__(self, bar: progress.Progress) -> None:
        self._bar = bar
        self._task: progress.TaskID | None = None
        self._step = ""

    def __call__(self, step: str, share: float) -> None:
        if self._task is None:
            self._task = self._bar.add_task(step, total=1.0)
        elif step != self._step:
            self._bar.reset(self._task, description=step)
        self._step = step
        self._bar.update(self._task, completed=share)
