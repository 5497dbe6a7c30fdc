"""Medians of the rounds, the table for people and the JSON for machines."""

import datetime
import json
import os
import platform
import statistics

# key, heading, decimals; a cell has those rows that it measured
METRICS = (
    ("tps", "tps", 0),
    ("mb_per_s", "MB/s", 0),
    ("p50_us", "p50 us", 0),
    ("p99_us", "p99 us", 0),
    ("lag_mean_us", "lag mean us", 0),
    ("lag_p99_us", "lag p99 us", 0),
    ("reads_p50_us", "reads p50 us", 0),
    ("reads_p99_us", "reads p99 us", 0),
    ("slow_p50_us", "slow p50 us", 0),
    ("slow_p99_us", "slow p99 us", 0),
    ("tpcb_p50_us", "tpcb p50 us", 0),
    ("tpcb_p99_us", "tpcb p99 us", 0),
    ("cpu_us_per_transaction", "CPU us/tx", 2),
    ("cpu_ms_per_mb", "CPU ms/MB", 3),
    ("syscalls_per_transaction", "calls/tx", 2),
    ("bytes_per_client", "bytes/client", 0),
    ("logins_per_s", "logins/s", 0),
)
HEADINGS = {key: heading for key, heading, _ in METRICS}
RATIOS = ("direct", "pgbouncer", "off", "begin_direct")  # what auto is compared with
CANNOT = {"pgbouncer": "cannot: PgBouncer 1.18 keeps no prepared statements in transaction mode"}


def medians(rounds):
    """[{metric: value}] to {metric: median}; a metric counts only where every round has it."""
    keys = set.intersection(*(set(one) for one in rounds)) if rounds else set()
    return {key: statistics.median(one[key] for one in rounds) for key in sorted(keys)}


def ratio(of, to, key):
    if key not in of or key not in to or not to[key]:
        return ""
    return f"{of[key] / to[key]:.2f}"


def figure(cell, target, found, key, decimals):
    if target in cell.without and target in CANNOT:
        return "cannot"
    return f"{found[key]:,.{decimals}f}" if key in found else "-"


def rows_of(cell, by_target, targets, others):
    """One row for each metric: its value for every target, then the ratios of auto."""
    ours = by_target.get("auto", {})
    for key, heading, decimals in METRICS:
        if any(key in found for found in by_target.values()):
            yield [cell.name, heading,
                   *(figure(cell, target, by_target.get(target, {}), key, decimals) for target in targets),
                   *(ratio(ours, by_target.get(target, {}), key) for target in others)]


def table(cells, results, targets):
    """results: {name of the cell: {target: {metric: median}}}"""
    others = [target for target in RATIOS if target in targets and "auto" in targets]
    rows = [["cell", "metric", *targets, *(f"auto/{target}" for target in others)]]
    last = None
    for cell in cells:
        for row in rows_of(cell, results[cell.name], targets, others):
            rows.append(row if cell.name != last else ["", *row[1:]])
            last = cell.name
    text = aligned(rows, left=(0, 1))
    notes = [CANNOT[target] for target in targets if target in CANNOT and any(target in cell.without for cell in cells)]
    return "\n".join([text, *notes])


def aligned(rows, left):
    """Columns of one width each, those of `left` to the left; a line under the first row."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(text.ljust(width) if column in left else text.rjust(width)
                       for column, (text, width) in enumerate(zip(row, widths))).rstrip() for row in rows]
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
