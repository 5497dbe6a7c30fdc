"""Runs one pgbench cell against one target: transactions per second, latency, CPU of the proxy for each transaction."""

import os
import re
import tempfile

import pgbench_log
import process


def number_after(words, printed):
    found = re.search(rf"^{words} ([\d.]+)", printed, re.MULTILINE)
    if found is None:
        raise RuntimeError(f"pgbench did not print '{words}'")
    return float(found[1])


def measure(cell, target, seconds, directory):
    with tempfile.TemporaryDirectory(dir=directory, prefix="log.") as logs:
        # pgbench's time begins with the first connect, its tps after the last one.
        length = seconds + round(cell.clients * target.connect_ms / 1000)
        threads = min(cell.clients, os.cpu_count() or 1)
        command = ["pgbench", "-n", "-T", str(length), "-c", str(cell.clients), "-j", str(threads), *cell.options, "-l",
                   f"--log-prefix={logs}/log", f"--sampling-rate={cell.sampling}", *target.address(), "bench"]
        before = process.cpu_us(target.pid) if target.pid else 0
        printed = process.run(command, length + 60, cwd=directory, env={**os.environ, "PGSSLMODE": "disable"})
        after = process.cpu_us(target.pid) if target.pid else 0

        failed = number_after("number of failed transactions:", printed)
        if failed > 0:
            raise RuntimeError(f"{failed:.0f} transactions failed")
        transactions = int(number_after("number of transactions actually processed:", printed))
        if transactions == 0:
            raise RuntimeError("no transaction ended")
        tps = number_after("tps =", printed)
        result = {"transactions": transactions, "seconds": transactions / tps, "tps": tps}
        if "-C" not in cell.options:  # pgbench does not count the connect as part of a transaction's latency
            latencies, lags = pgbench_log.read(logs)
            result |= pgbench_log.latency_figures(latencies, cell.scripts) | pgbench_log.lag_figures(lags)
    if target.pid:
        result["cpu_us_per_transaction"] = (after - before) / transactions
    return result
