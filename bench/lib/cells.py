"""What is measured: one cell is one workload at one number of clients, run against every target in turn."""

import os
from dataclasses import dataclass, field

from servers import ROOT

SLEEP = os.path.join(ROOT, "bench", "lib", "sleep_50ms.sql")


@dataclass(frozen=True)
class Cell:
    name: str
    kind: str  # pgbench, bulk or idle
    clients: int
    options: tuple = ()  # pgbench: its options
    scripts: tuple = ()  # pgbench: what to call the scripts that it mixes, in their order
    rate: int = 0  # pgbench: transactions per second that it starts, whatever the answers; 0: as fast as they come
    sampling: float = 1.0  # pgbench: the part of the transactions whose latency is logged
    sql: str = ""  # bulk
    repeats: int = 1  # bulk: for each client
    copy_bytes: int = 0  # bulk: data of a COPY FROM STDIN
    tls: bool = False  # idle
    begins: bool = False  # opens transactions: measured with begin = "direct", too
    without: tuple = field(default=())  # targets that cannot run it


ROW_BYTES = 1000
# A DataRow of one column adds 11 bytes; what counts in the results is what passed over the wire.
ROWS = "SELECT repeat('x', {row}) FROM generate_series(1, {rows})"


def rows_of(megabytes):
    return ROWS.format(row=ROW_BYTES, rows=megabytes * 1_000_000 // ROW_BYTES)


def select_cells(protocol, counts):
    # PgBouncer 1.18 does not keep prepared statements in transaction mode.
    without = ("pgbouncer",) if protocol == "prepared" else ()
    for clients in counts:
        yield Cell(f"select_{protocol}_{clients}", "pgbench", clients, ("-S", "-M", protocol),
                   sampling=0.1 if clients > 1 else 0.5, without=without)


def mixed_cells(clients):
    yield Cell(f"mixed_slow_{clients}", "pgbench", clients, ("-b", "select-only@95", "-f", f"{SLEEP}@5"),
               scripts=("reads", "slow"))
    yield Cell(f"mixed_tpcb_{clients}", "pgbench", clients, ("-b", "select-only@9", "-b", "tpcb-like@1"),
               scripts=("reads", "tpcb"), begins=True)


def rate_cells(clients, rates):
    for rate in rates:
        yield Cell(f"rate_{rate}_{clients}", "pgbench", clients, ("-S", f"--rate={rate}"), rate=rate)


def bulk_cells(large, small, copy):
    yield Cell(f"result_{large}MB", "bulk", 1, sql=rows_of(large))
    yield Cell(f"results_{small}MB_4", "bulk", 4, sql=rows_of(small), repeats=max(large // small // 4, 1))
    yield Cell(f"copy_out_{copy}MB", "bulk", 1, sql=f"COPY ({rows_of(copy)}) TO STDOUT")
    # WHERE false: the server parses every line and stores none, so that its disk does not hide the proxy.
    yield Cell(f"copy_in_{copy}MB", "bulk", 1, sql="COPY sink FROM STDIN WHERE false", copy_bytes=copy * 1_000_000)


def idle_cells(plain, tls):
    for clients in plain:
        yield Cell(f"idle_{clients}", "idle", clients, without=("direct",))
    yield Cell(f"idle_tls_{tls}", "idle", tls, tls=True, without=("direct",))


def full():
    for protocol in ("simple", "extended", "prepared"):
        yield from select_cells(protocol, (1, 16, 64, 256, 1000))
    yield from mixed_cells(64)
    yield from rate_cells(64, (5_000, 15_000))
    yield Cell("tpcb_16", "pgbench", 16, ("-b", "tpcb-like"), begins=True)
    yield Cell("connect_16", "pgbench", 16, ("-S", "-C"))
    yield from bulk_cells(large=1000, small=10, copy=500)
    yield from idle_cells(plain=(2_000, 5_000, 10_000), tls=2_000)


def smoke():
    yield from select_cells("simple", (16,))
    yield from select_cells("extended", (16,))
    yield from select_cells("prepared", (16, 1000))
    yield from mixed_cells(16)
    yield from rate_cells(16, (1_000,))
    yield Cell("connect_4", "pgbench", 4, ("-S", "-C"))
    yield from bulk_cells(large=100, small=10, copy=50)
    yield from idle_cells(plain=(200,), tls=100)
