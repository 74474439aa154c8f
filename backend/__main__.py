"""The command line: python -m backend <command>.

`explain` and `duties` read files only and open no database; everything else builds the app first. Exit status 0 done,
1 failed with one line on stderr, 2 wrong input.
"""

from __future__ import annotations

import argparse
import sys


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m backend", description="Fieldpledge 践诺")
    commands = parser.add_subparsers(dest="command", required=True, metavar="command")
    for name, help_, arguments in COMMANDS:
        sub = commands.add_parser(name, help=help_)
        for flags, options in arguments:
            sub.add_argument(*flags, **options)
    options = parser.parse_args(argv)
    if options.command in ("explain", "duties"):
        from backend.letters import commands as letters

        return int(getattr(letters, options.command)(options.file))
    from backend import commands as office

    return office.run(options)


COMMANDS: list[tuple[str, str, list[tuple[tuple[str, ...], dict[str, object]]]]] = [
    ("serve", "migrate, seed an empty database, serve on PORT", [(("--demo",), {"default": "1"})]),
    ("migrate", "bring the database to the newest schema", []),
    ("migration", "write a migration from the models", [(("name",), {})]),
    ("seed", "load a company's folder into an empty database", [(("folder",), {"nargs": "?"})]),
    ("user", "make an account (the first admin)", [
        (("name",), {"help": "sign-in name"}),
        (("--role",), {"default": "admin"}),
        (("--full-name",), {"default": ""}),
        (("--password",), {"default": None, "help": "asked for when left out"}),
    ]),
    ("backup", "everything into one file", [(("file",), {})]),
    ("restore", "a backup into an empty database; starts a new epoch", [(("file",), {})]),
    ("rescue", "show what a phone's rescue file holds, and import it", [
        (("file",), {}),
        (("--by",), {"default": None, "help": "sign-in name of the admin who imports it"}),
        (("--yes",), {"action": "store_true", "help": "import without asking"}),
    ]),
    ("verify", "prove that ledger, audit, records and stored files are as they were written", [
        (("--anchor",), {"default": None, "help": "of a receipt, a backup or the daily log: nothing was cut off since"}),
    ]),
    ("new-epoch", "say that the database was put back by hand: phones offer again what it lacks", []),
    ("openapi", "print the API's description (OpenAPI 3.1)", []),
    ("explain", "what the letters decide for FACTS.json (- for standard input)", [(("file",), {})]),
    ("duties", "what falls due under CONTRACT.json (- for standard input)", [(("file",), {})]),
]  # fmt: skip

if __name__ == "__main__":
    sys.exit(main())
