"""Counts the system calls of a proxy for each transaction, in a run of its own: tracing slows what it watches."""

import os
import re
import signal
import subprocess
import time

import pgbench
import process

SECONDS = 2


def wait_until_traced(pid, seconds=5):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        with open(f"/proc/{pid}/status", encoding="utf-8") as status:
            if "TracerPid:\t0\n" not in status.read():
                return
        time.sleep(0.05)
    raise RuntimeError("strace could not attach; tracing may be forbidden here (kernel.yama.ptrace_scope)")


def measure(cell, target, directory):
    report = os.path.join(directory, "strace")
    command = ["strace", "-c", "-f", "-q", "-o", report, "-p", str(target.pid)]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as tracer:
        try:
            wait_until_traced(target.pid)
            transactions = pgbench.measure(cell, target, SECONDS, directory)["transactions"]
            tracer.send_signal(signal.SIGINT)  # it detaches and writes its table
            tracer.wait(30)
        finally:
            process.end(tracer)
    with open(report, encoding="utf-8") as text:
        total = re.search(r"^100\.00 .* total$", text.read(), re.MULTILINE)
    if total is None:
        raise RuntimeError("strace wrote no total")
    calls = next(int(word) for word in total[0].split()[3:] if word.isdigit())
    return {"syscalls_per_transaction": calls / transactions}
