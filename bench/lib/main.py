"""Compares PostgreSQL direct, pgweir and PgBouncer: every cell, every round, every target in turn."""

import os
import resource
import signal
import subprocess
import sys
import tempfile

import bulk
import goals
import idle
import micro
import options
import pgbench
import report
import sanity
import syscalls
from servers import ROOT, Pgbouncer, Pgweir, Postgres


def measure(cell, target, arguments, directory):
    if cell.kind == "idle":
        return idle.measure(cell, target)
    if cell.kind == "bulk":
        return bulk.measure(cell, target)
    result = pgbench.measure(cell, target, arguments.seconds, directory)
    if wants_syscalls(cell, target, arguments):
        result |= syscalls.measure(cell, target, directory)
    return result


def wants_syscalls(cell, target, arguments):
    if arguments.goals and target.name == "auto" and cell.name in goals.SYSCALL_CELLS:
        return True
    return arguments.syscalls and target.pid is not None


def run_cell(cell, targets, postgres, arguments, directory):
    """{target: [result of each round]}, and what failed. Each round starts with another target."""
    able = [target for target in targets if target.name not in cell.without
            and (cell.begins or target.name != "begin_direct")]
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
            postgres.settle()
    return rounds, failures + list(sanity.complaints(cell, rounds, arguments.seconds))


def revive(target):
    """A proxy that died must not take the other cells with it."""
    if target.pid and target.process.poll() is not None:
        target.start()


def run_all(targets, postgres, arguments, directory):
    results, all_rounds, failures = {}, {}, []
    for index, cell in enumerate(arguments.cells):
        print(f"[{index + 1}/{len(arguments.cells)}] {cell.name}", file=sys.stderr, flush=True)
        rounds, failed = run_cell(cell, targets, postgres, arguments, directory)
        all_rounds[cell.name] = rounds
        results[cell.name] = {name: report.medians(found) for name, found in rounds.items()}
        failures += failed
    return results, all_rounds, failures


def build(arguments):
    """Builds the bulk client, and the release unless another program, or none of pgweir, is to be measured."""
    bulk.build_client()
    if set(Pgweir.KEYS) & set(arguments.targets) and arguments.pgweir is None:
        subprocess.run([os.path.join(ROOT, ".ci", "build"), "release", "pgweir"], stdout=sys.stderr, check=True)
        arguments.pgweir = os.path.join(ROOT, "build", "release", "pgweir")


def make_targets(arguments, directory, postgres):
    def make(name):
        if name == "direct":
            return postgres
        if name == "pgbouncer":
            return Pgbouncer(directory, postgres)
        return Pgweir(directory, postgres, os.path.abspath(arguments.pgweir), name)

    return [make(name) for name in arguments.targets]


def versions(postgres, targets):
    return {target.name: target.version() for target in {postgres, *targets}}


def compare(arguments, directory):
    postgres = Postgres(directory, scale=2 if arguments.smoke else 20)
    proxies = []
    try:
        targets = make_targets(arguments, directory, postgres)
        proxies = [target for target in targets if target is not postgres]
        for proxy in proxies:
            proxy.start()
        machine = report.machine(versions(postgres, targets))
        results, rounds, failures = run_all(targets, postgres, arguments, directory)
    finally:
        for proxy in proxies:
            proxy.stop()
        postgres.stop()
    judged = goals.judge(results) if arguments.goals else []
    path = report.write(os.path.join(ROOT, "build", "bench"), {
        "machine": machine, "rounds": arguments.rounds, "seconds": arguments.seconds, "smoke": arguments.smoke,
        "medians": results, "all_rounds": rounds, "goals": judged, "failures": failures})
    print(report.table(arguments.cells, results, arguments.targets))
    print(f"\nmedians of {arguments.rounds} rounds; written to {os.path.relpath(path, ROOT)}")
    if judged:
        print(f"\n{goals.table(judged)}")
    for failure in failures:
        print(f"FAILED {failure}")
    return 1 if failures or not all(row["reached"] for row in judged) else 0


def main():
    arguments = options.parse()
    if arguments.micro:
        return micro.run()
    if arguments.list:
        print("\n".join(cell.name for cell in arguments.cells))
        return 0
    # 10,000 idle clients are 10,000 descriptors here and as many in the proxy, which inherits the limit.
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    build(arguments)
    with tempfile.TemporaryDirectory(prefix="pgweir-bench.") as directory:
        os.chmod(directory, 0o711)  # run by root, PostgreSQL and PgBouncer belong to the user postgres
        try:
            return compare(arguments, directory)
        except RuntimeError as error:
            sys.exit(f"bench/run: {error}")


if __name__ == "__main__":
    sys.exit(main())
