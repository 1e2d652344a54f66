"""`loopwright`: the command line. Each command prints words, or with --json one JSON object and nothing else on stdout.

Exit 0 done, 1 it could not be done (the reason on stderr), 2 wrong usage or an ambiguous name.
"""

from __future__ import annotations

import typer

from dashboard.commands import (
    files,
    learning,
    measuring,
    reviewing,
    running,
    schemas,
    splitting,
    storage,
    suites,
    versions,
)
from dashboard.commands.printing import printing

app = typer.Typer(
    help="Loopwright: where people teach an AI agent. Each command explains itself with --help.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

COMMANDS = (
    *(running.serve, running.demo, files.import_, reviewing.agreement, reviewing.queue, learning.lessons),
    *(
        learning.recall,
        files.export,
        files.datasets,
        splitting.split,
        suites.suite,
        versions.version,
        learning.compare,
        measuring.lift,
        measuring.readiness,
        measuring.drift,
        measuring.guards,
        running.doctor,
    ),
    *(running.reindex, storage.backup, storage.restore, storage.remove, storage.retract, storage.retention),
    schemas.schema,
)
"""In the order in which --help lists them."""

for work in COMMANDS:
    app.command(work.__name__.removesuffix("_"))(printing(work))


def main() -> None:
    """The console script."""
    app()


if __name__ == "__main__":
    main()
