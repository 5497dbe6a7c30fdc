"""Runs one pgbench cell against one target: transactions per second, latency, CPU of the proxy for each transaction."""

import glob
import os
import re

import process


def percentile(ordered, fraction):
    return ordered[round(fraction * (len(ordered) - 1))]


def logged_latencies_us(prefix):
    """Field 3 of every line of pgbench's transaction logs; the logs are removed."""
    latencies = []
    for path in glob.glob(prefix + ".*"):
        with open(path, encoding="ascii") as log:
            latencies.extend(int(line.split(" ", 3)[2]) for line in log)
        os.remove(path)
    return sorted(latencies)


def measure(cell, target, seconds, directory):
    prefix = os.path.join(directory, "pgbench_log")
    threads = min(cell.clients, os.cpu_count() or 1)
    command = ["pgbench", "-n", "-T", str(seconds), "-c", str(cell.clients), "-j", str(threads), *cell.options, "-l",
               f"--log-prefix={prefix}", f"--sampling-rate={cell.sampling}", *target.address(), "bench"]
    before = process.cpu_us(target.pid) if target.pid else 0
    printed = process.run(command, seconds + 60, cwd=directory, env={**os.environ, "PGSSLMODE": "disable"})
    after = process.cpu_us(target.pid) if target.pid else 0

    latencies = logged_latencies_us(prefix)
    if not latencies:
        raise RuntimeError("pgbench logged no transaction")
    transactions = int(re.search(r"transactions actually processed: (\d+)", printed)[1])
    result = {
        "transactions": transactions,
        "tps": float(re.search(r"^tps = ([\d.]+)", printed, re.MULTILINE)[1]),
    }
    if "-C" not in cell.options:  # pgbench does not count the connect as part of a transaction's latency
        result |= {"p50_us": percentile(latencies, 0.5), "p99_us": percentile(latencies, 0.99)}
    if target.pid:
        result["cpu_us_per_transaction"] = (after - before) / transactions
    return result
