"""Reads pgbench's transaction logs: latencies by script, and how late transactions began that had a schedule."""

import collections
import glob
import os


def percentile(ordered, fraction):
    return ordered[round(fraction * (len(ordered) - 1))]


def read(directory):
    """{number of the script: its latencies in microseconds}, [schedule lags in microseconds]; all in order of size."""
    latencies, lags = collections.defaultdict(list), []
    for path in glob.glob(os.path.join(directory, "*")):
        with open(path, encoding="ascii") as log:
            for line in log:
                # client, transaction, latency, script, second, microsecond; with --rate also the lag
                fields = line.split()
                latencies[int(fields[3])].append(int(fields[2]))
                if len(fields) > 6:
                    lags.append(int(fields[6]))
    return {script: sorted(found) for script, found in latencies.items()}, sorted(lags)


def latency_figures(latencies, scripts):
    """p50 and p99 of each script, under its name; under no name where there is only one script."""
    figures = {}
    for number, script in enumerate(scripts or ("",)):
        found = latencies.get(number)
        if not found:
            raise RuntimeError(f"pgbench logged no transaction {script}".rstrip())
        prefix = f"{script}_" if script else ""
        figures |= {f"{prefix}p50_us": percentile(found, 0.5), f"{prefix}p99_us": percentile(found, 0.99)}
    return figures


def lag_figures(lags):
    return {"lag_mean_us": sum(lags) / len(lags), "lag_p99_us": percentile(lags, 0.99)} if lags else {}
