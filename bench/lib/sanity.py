"""Are the figures of a run possible at all? A benchmark that measured nothing must not look like a good one."""

# What every round of a cell must have, above zero. CPU is not here: a short run may end within one tick of it.
NEEDED = {
    "pgbench": ("transactions", "tps"),
    "bulk": ("mb_per_s", "p50_us", "p99_us"),
    "idle": ("resident_mb", "logins_per_s"),
}


def needed(cell):
    if cell.kind != "pgbench" or "-C" in cell.options:
        return NEEDED[cell.kind]
    latencies = [f"{script}_{figure}" for script in cell.scripts for figure in ("p50_us", "p99_us")]
    lags = ["lag_mean_us", "lag_p99_us"] if cell.rate else []
    return (*NEEDED["pgbench"], *(latencies or ("p50_us", "p99_us")), *lags)


def complaints(cell, rounds, seconds):
    """rounds: {target: [{metric: value}]} of one cell; an exception in a round is complained of elsewhere."""
    for target, found in rounds.items():
        for number, result in enumerate(found):
            for key in needed(cell):
                if not result.get(key, 0) > 0:
                    yield f"{cell.name}, {target}, round {number + 1}: {key} is {result.get(key, 'missing')}"
            # Connecting many clients may have left too little of the time.
            if result.get("seconds", seconds) < seconds / 2:
                yield f"{cell.name}, {target}, round {number + 1}: only {result['seconds']:.1f} s were measured"
