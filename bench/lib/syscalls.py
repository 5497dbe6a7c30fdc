"""Counts the system calls of a proxy for each transaction, in a run of its own.

By the kernel's own counter (perf): strace stops the proxy at every call, and a proxy that is slower than its server gets
answers one by one instead of in batches, so that it makes more calls than it does otherwise.
"""

import os
import signal
import subprocess
import time

import pgbench
import process

SECONDS = 2
EVENT = "raw_syscalls:sys_enter"


def measure(cell, target, directory):
    report = os.path.join(directory, "perf")
    command = ["perf", "stat", "-x", ";", "-e", EVENT, "-o", report, "-p", str(target.pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True) as counter:
        try:
            time.sleep(0.5)
            if counter.poll() is not None:
                raise RuntimeError(f"perf cannot count system calls here: {counter.stderr.read().strip()}")
            transactions = pgbench.measure(cell, target, SECONDS, directory)["transactions"]
            counter.send_signal(signal.SIGINT)  # it writes its figure
            counter.wait(30)
        finally:
            process.end(counter)
    return {"syscalls_per_transaction": count_in(report) / transactions}


def count_in(report):
    with open(report, encoding="utf-8") as lines:
        for line in lines:
            fields = line.split(";")
            if len(fields) > 2 and fields[2].startswith(EVENT):
                return int(fields[0])
    raise RuntimeError("perf wrote no count of system calls")
