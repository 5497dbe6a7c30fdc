"""The command line of bench/run, and the cells that it asks for."""

import argparse
import fnmatch

import cells
import goals
from servers import TARGETS

ALIASES = {"pgweir": "auto"}


def parse():
    parser = argparse.ArgumentParser(
        prog="bench/run", description="Compares PostgreSQL direct, pgweir and PgBouncer: see bench/README.md.")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each cell, the median counts (default 3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of one pgbench run (default 5)")
    parser.add_argument("--only", action="append", metavar="NAME",
                        help="cells whose name matches, such as 'select_*_64'")
    parser.add_argument("--targets", default=",".join(TARGETS),
                        help=f"some of {','.join(TARGETS)} (default: all); pgweir means auto")
    parser.add_argument("--pgweir", metavar="PATH", help="the program to measure (default: build the release)")
    parser.add_argument("--syscalls", action="store_true",
                        help="count system calls too, with perf, in a run of its own; needs root")
    parser.add_argument("--list", action="store_true", help="print the names of the cells")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--goals", action="store_true", help="the cells of the goals, and which of them are reached")
    which.add_argument("--smoke", action="store_true", help="one short round of a few cells: does everything work?")
    which.add_argument("--micro", action="store_true", help="build and run the micro benchmarks, nothing else")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.rounds, arguments.seconds = 1, 1
    if arguments.rounds < 1 or arguments.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    asked = {ALIASES.get(name, name) for name in arguments.targets.split(",")}
    if not asked <= set(TARGETS):
        parser.error("--targets takes some of " + ",".join(TARGETS))
    if arguments.goals and not set(goals.TARGETS) <= asked:
        parser.error("--goals needs the targets " + ",".join(goals.TARGETS))
    arguments.targets = [name for name in TARGETS if name in asked]
    arguments.cells = chosen_cells(arguments, parser)
    return arguments


def chosen_cells(arguments, parser):
    offered = list(cells.smoke() if arguments.smoke else cells.full())
    if arguments.goals:
        offered = [cell for cell in offered if cell.name in goals.CELLS]
    if not arguments.only:
        return offered
    chosen = [cell for cell in offered if any(fnmatch.fnmatch(cell.name, name) for name in arguments.only)]
    if not chosen:
        parser.error("no cell matches --only; --list shows the names")
    return chosen
