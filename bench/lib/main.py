"""Compares PostgreSQL direct, pgweir and PgBouncer: every cell, every round, every target in turn. See bench/README.md."""

import argparse
import fnmatch
import os
import resource
import signal
import subprocess
import sys
import tempfile

import bulk
import cells
import idle
import micro
import pgbench
import report
import syscalls
from servers import ROOT, Pgbouncer, Pgweir, Postgres

TARGETS = ("direct", "pgweir", "pgbouncer")


def parse_arguments():
    parser = argparse.ArgumentParser(prog="bench/run", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="rounds of each cell, the median counts (default 3)")
    parser.add_argument("--seconds", type=int, default=5, help="length of one pgbench run (default 5)")
    parser.add_argument("--only", action="append", metavar="NAME", help="cells whose name matches, such as 'select_*_64'")
    parser.add_argument("--targets", default=",".join(TARGETS), help="some of " + ",".join(TARGETS))
    parser.add_argument("--pgweir", metavar="PATH", help="the program to measure (default: build the release)")
    parser.add_argument("--syscalls", action="store_true", help="count system calls too, with strace, in a run of its own")
    parser.add_argument("--smoke", action="store_true", help="one short round of a few cells: does everything work?")
    parser.add_argument("--micro", action="store_true", help="build and run the micro benchmarks, nothing else")
    parser.add_argument("--list", action="store_true", help="print the names of the cells")
    arguments = parser.parse_args()
    if arguments.smoke:
        arguments.rounds, arguments.seconds = 1, 1
    if arguments.rounds < 1 or arguments.seconds < 1:
        parser.error("--rounds and --seconds must be at least 1")
    arguments.targets = arguments.targets.split(",")
    if not set(arguments.targets) <= set(TARGETS):
        parser.error("--targets takes some of " + ",".join(TARGETS))
    return arguments


def chosen_cells(arguments):
    offered = list(cells.smoke() if arguments.smoke else cells.full())
    if not arguments.only:
        return offered
    chosen = [cell for cell in offered if any(fnmatch.fnmatch(cell.name, name) for name in arguments.only)]
    if not chosen:
        sys.exit("bench/run: no cell matches --only; --list shows the names")
    return chosen


def measure(cell, target, arguments, directory):
    if cell.kind == "idle":
        return idle.measure(cell, target)
    if cell.kind == "bulk":
        return bulk.measure(cell, target)
    result = pgbench.measure(cell, target, arguments.seconds, directory)
    if arguments.syscalls and target.pid:
        result |= syscalls.measure(cell, target, directory)
    return result


def run_cell(cell, targets, arguments, directory):
    """{target: [result of each round]}, and what failed. Each round starts with another target."""
    able = [target for target in targets if target.name not in cell.without]
    rounds = {target.name: [] for target in able}
    failures = []
    for number in range(arguments.rounds):
        shift = number % max(len(able), 1)
        for target in able[shift:] + able[:shift]:
            try:
                rounds[target.name].append(measure(cell, target, arguments, directory))
            except (RuntimeError, OSError) as error:
                failures.append(f"{cell.name}, {target.name}, round {number + 1}: {error}")
                print(f"FAILED {failures[-1]}", file=sys.stderr)
                revive(target)
    return rounds, failures


def revive(target):
    """A proxy that died must not take the other cells with it."""
    if target.pid and target.process.poll() is not None:
        target.start()


def run_all(chosen, targets, arguments, directory):
    results, all_rounds, failures = {}, {}, []
    for index, cell in enumerate(chosen):
        print(f"[{index + 1}/{len(chosen)}] {cell.name}", file=sys.stderr, flush=True)
        rounds, failed = run_cell(cell, targets, arguments, directory)
        all_rounds[cell.name] = rounds
        results[cell.name] = {name: report.medians(found) for name, found in rounds.items()}
        failures += failed
    return results, all_rounds, failures


def build(arguments):
    """Builds the bulk client, and the release unless another program, or none of pgweir, is to be measured."""
    bulk.build_client()
    if "pgweir" in arguments.targets and arguments.pgweir is None:
        subprocess.run([os.path.join(ROOT, ".ci", "build"), "release"], stdout=sys.stderr, check=True)
        arguments.pgweir = os.path.join(ROOT, "build", "release", "pgweir")


def make_targets(arguments, directory, postgres):
    makers = {
        "direct": lambda: postgres,
        "pgweir": lambda: Pgweir(directory, postgres, os.path.abspath(arguments.pgweir)),
        "pgbouncer": lambda: Pgbouncer(directory, postgres),
    }
    return [makers[name]() for name in TARGETS if name in arguments.targets]


def versions(postgres, targets):
    return {target.name: target.version() for target in {postgres, *targets}}


def compare(arguments, chosen, directory):
    postgres = Postgres(directory, scale=2 if arguments.smoke else 20)
    proxies = []
    try:
        targets = make_targets(arguments, directory, postgres)
        proxies = [target for target in targets if target is not postgres]
        for proxy in proxies:
            proxy.start()
        machine = report.machine(versions(postgres, targets))
        results, rounds, failures = run_all(chosen, targets, arguments, directory)
    finally:
        for proxy in proxies:
            proxy.stop()
        postgres.stop()
    print(report.table(results))
    path = report.write(os.path.join(ROOT, "build", "bench"), {
        "machine": machine, "rounds": arguments.rounds, "seconds": arguments.seconds, "smoke": arguments.smoke,
        "medians": results, "all_rounds": rounds, "failures": failures})
    print(f"\nmedians of {arguments.rounds} rounds; written to {os.path.relpath(path, ROOT)}")
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures else 0


def main():
    arguments = parse_arguments()
    if arguments.micro:
        return micro.run()
    chosen = chosen_cells(arguments)
    if arguments.list:
        print("\n".join(cell.name for cell in chosen))
        return 0
    # 10,000 idle clients are 10,000 descriptors here and as many in the proxy, which inherits the limit.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build(arguments)
    with tempfile.TemporaryDirectory(prefix="pgweir-bench.") as directory:
        os.chmod(directory, 0o711)  # run by root, PostgreSQL and PgBouncer belong to the user postgres
        try:
            return compare(arguments, chosen, directory)
        except RuntimeError as error:
            sys.exit(f"bench/run: {error}")


if __name__ == "__main__":
    sys.exit(main())
