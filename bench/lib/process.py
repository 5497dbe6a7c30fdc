"""What /proc says about a process: CPU time and resident memory. And how processes are ended."""

import os
import signal
import subprocess

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def cpu_us(pid):
    """User and system time of all threads since the start, in microseconds; the kernel counts in ticks of 10 ms."""
    with open(f"/proc/{pid}/stat", encoding="ascii", errors="replace") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK_US


def resident_bytes(pid):
    """Resident memory. smaps_rollup is exact, where /proc/PID/status may lag by some pages for each thread."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as rollup:
        for line in rollup:
            if line.startswith("Rss:"):
                return int(line.split()[1]) * 1024
    raise RuntimeError(f"no Rss in /proc/{pid}/smaps_rollup")


def end(process, seconds=10):
    """Ends a process that we started: asks first, insists after some seconds."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGTERM)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def run(command, timeout, **options):
    """Runs a command and returns what it printed; raises RuntimeError with the end of its complaints."""
    try:
        done = subprocess.run(command, timeout=timeout, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              check=False, **options)
    except subprocess.TimeoutExpired as late:
        raise RuntimeError(f"{command[0]} did not end within {timeout:.0f} s") from late
    if done.returncode != 0:
        complaint = " | ".join((done.stderr or done.stdout).strip().splitlines()[-3:])
        raise RuntimeError(f"{os.path.basename(command[0])} ended with {done.returncode}: {complaint}")
    return done.stdout
