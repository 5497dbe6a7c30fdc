"""What pgweir is to reach against direct connections and PgBouncer, and which of it the medians of a run reach."""

from dataclasses import dataclass

import report

TARGETS = ("direct", "auto", "pgbouncer")  # a run needs them to judge
# A PgBouncer with prepared statements, by published figures: its tps by those of direct connections.
PUBLISHED_64 = 36.0 / 57.8
PUBLISHED_256 = 29.7 / 26.4
SIMPLE = "in place of prepared, which PgBouncer 1.18 cannot"


@dataclass(frozen=True)
class Goal:
    cell: str
    metric: str
    bound: float
    to: str = ""  # the target whose figure divides that of auto; none: the figure itself counts
    at_most: bool = False
    published: float = 1.0  # what `to` is to be multiplied by to get the figures of PgBouncer
    note: str = ""

    def heading(self):
        to = "pgbouncer" if self.published != 1.0 else self.to
        return report.HEADINGS[self.metric] + (f", x {to}" if to else "")

    def measured(self, results):
        """None where the run has no figure for it."""
        found = results[self.cell]
        ours = found.get("auto", {}).get(self.metric)
        if not self.to:
            return ours
        theirs = found.get(self.to, {}).get(self.metric)
        return ours / theirs / self.published if ours is not None and theirs else None

    def reached(self, value):
        return value is not None and (value <= self.bound if self.at_most else value >= self.bound)


def published(cell, bound, ratio):
    return Goal(cell, "tps", bound, "direct", published=ratio, note=f"PgBouncer as published: {ratio:.3f} x direct")


GOALS = (
    Goal("select_simple_64", "tps", 1.6, "direct"),
    Goal("select_simple_64", "tps", 1.5, "pgbouncer"),
    Goal("select_extended_64", "tps", 1.9, "direct"),
    Goal("select_extended_64", "tps", 2.0, "pgbouncer"),
    Goal("select_prepared_64", "tps", 1.6, "direct"),
    published("select_prepared_64", 2.3, PUBLISHED_64),
    Goal("select_prepared_256", "tps", 3.0, "direct"),
    published("select_prepared_256", 1.8, PUBLISHED_256),
    Goal("select_simple_1000", "tps", 1.6, "pgbouncer", note=SIMPLE),
    Goal("select_prepared_16", "tps", 1.0, "direct"),
    Goal("select_simple_16", "tps", 1.4, "pgbouncer", note=SIMPLE),
    Goal("select_simple_1", "p50_us", 1.0, "pgbouncer", at_most=True),
    Goal("select_extended_1", "p50_us", 1.0, "pgbouncer", at_most=True),
    Goal("select_simple_64", "cpu_us_per_transaction", 0.6, "pgbouncer", at_most=True),
    Goal("select_extended_64", "cpu_us_per_transaction", 0.6, "pgbouncer", at_most=True),
    Goal("select_simple_64", "syscalls_per_transaction", 3.0, at_most=True),
    Goal("select_extended_64", "syscalls_per_transaction", 3.0, at_most=True),
    Goal("select_prepared_64", "syscalls_per_transaction", 3.0, at_most=True),
    Goal("mixed_slow_64", "reads_p99_us", 1.0, "pgbouncer", at_most=True),
)
CELLS = {goal.cell for goal in GOALS}
SYSCALL_CELLS = {goal.cell for goal in GOALS if goal.metric == "syscalls_per_transaction"}


def judge(results):
    """One row for each goal whose cell was run."""
    rows = []
    for goal in GOALS:
        if goal.cell in results:
            value = goal.measured(results)
            rows.append({"cell": goal.cell, "figure": goal.heading(), "bound": goal.bound, "at_most": goal.at_most,
                         "measured": value, "reached": goal.reached(value), "note": goal.note})
    return rows


def table(rows):
    lines = [["goal", "figure", "target", "measured", "", ""]]
    for row in rows:
        measured = "none" if row["measured"] is None else f"{row['measured']:.2f}"
        lines.append([row["cell"], row["figure"], f"{'<=' if row['at_most'] else '>='} {row['bound']:.2f}", measured,
                      "pass" if row["reached"] else "miss", row["note"]])
    return report.aligned(lines, left=(0, 1, 4, 5))
