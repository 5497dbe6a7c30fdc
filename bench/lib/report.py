"""Medians of the rounds, the table for people and the JSON for machines."""

import datetime
import json
import os
import platform
import statistics

# key, heading, decimals; a cell has those columns that it measured
METRICS = (
    ("tps", "tps", 0),
    ("mb_per_s", "MB/s", 0),
    ("p50_us", "p50 us", 0),
    ("p99_us", "p99 us", 0),
    ("cpu_us_per_transaction", "CPU us/tx", 2),
    ("cpu_ms_per_mb", "CPU ms/MB", 3),
    ("syscalls_per_transaction", "calls/tx", 2),
    ("bytes_per_client", "bytes/client", 0),
    ("logins_per_s", "logins/s", 0),
)


def medians(rounds):
    """[{metric: value}] to {metric: median}; a metric counts only where every round has it."""
    keys = set.intersection(*(set(one) for one in rounds)) if rounds else set()
    return {key: statistics.median(one[key] for one in rounds) for key in sorted(keys)}


def ratio(of, to, key):
    if key not in of or key not in to or not to[key]:
        return ""
    return f"{of[key] / to[key]:.2f}"


def rows_of(cell, by_target):
    """One row for each metric: its value for every target, then pgweir's ratios."""
    ours = by_target.get("pgweir", {})
    for key, heading, decimals in METRICS:
        values = {target: found[key] for target, found in by_target.items() if key in found}
        if values:
            yield [cell, heading] + [
                f"{values[target]:,.{decimals}f}" if target in values else "-" for target in ("direct", "pgweir", "pgbouncer")
            ] + [ratio(ours, by_target.get("direct", {}), key), ratio(ours, by_target.get("pgbouncer", {}), key)]


def table(results):
    """results: {cell: {target: {metric: median}}}"""
    rows = [["cell", "metric", "direct", "pgweir", "pgbouncer", "pgweir/direct", "pgweir/pgbouncer"]]
    for cell, by_target in results.items():
        rows.extend(rows_of(cell, by_target))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    last = None
    for row in rows:
        name = row[0] if row[0] != last else ""
        last = row[0]
        cells = [name.ljust(widths[0]), row[1].ljust(widths[1])]
        cells += [text.rjust(width) for text, width in zip(row[2:], widths[2:])]
        lines.append("  ".join(cells).rstrip())
    lines.insert(1, "-" * max(map(len, lines)))
    return "\n".join(lines)


def machine(versions):
    model = ""
    with open("/proc/cpuinfo", encoding="utf-8") as info:
        model = next((line.split(":", 1)[1].strip() for line in info if line.startswith("model name")), "")
    return {"kernel": platform.release(), "cpus": os.cpu_count(), "cpu": model, "versions": versions}


def write(directory, document):
    """Writes the document under the time of now, and as latest.json; returns the first path."""
    os.makedirs(directory, exist_ok=True)
    stamp = datetime.datetime.now(datetime.timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    text = json.dumps(document, indent=2) + "\n"
    paths = [os.path.join(directory, name) for name in (f"results-{stamp}.json", "latest.json")]
    for path in paths:
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
    return paths[0]
