"""Runs one bulk cell against one target with bulk_client: megabytes per second, CPU of the proxy for each megabyte."""

import json
import os
import subprocess
import sys

import process
from servers import ROOT

BUILD = os.path.join(ROOT, "build", "bench_client")
CLIENT = os.path.join(BUILD, "bulk_client")
LINE_BYTES = 1000


def build_client():
    """Its own small CMake project, so that it can be built without pgweir."""
    if not os.path.exists(os.path.join(BUILD, "build.ninja")):
        subprocess.run(["cmake", "-S", os.path.join(ROOT, "bench", "client"), "-B", BUILD, "-G", "Ninja",
                        "-DCMAKE_BUILD_TYPE=Release"], stdout=sys.stderr, check=True)
    subprocess.run(["cmake", "--build", BUILD], stdout=sys.stderr, check=True)


def measure(cell, target):
    command = [CLIENT, str(target.port), "bench", "bench", str(cell.clients), str(cell.repeats), cell.sql]
    if cell.copy_bytes:
        command += [str(cell.copy_bytes), str(LINE_BYTES)]
    before = process.cpu_us(target.pid) if target.pid else 0
    moved = json.loads(process.run(command, 300))
    after = process.cpu_us(target.pid) if target.pid else 0
    megabytes = moved["bytes"] / 1e6
    result = {"mb_per_s": megabytes / moved["seconds"], "p50_us": moved["p50_ms"] * 1e3, "p99_us": moved["p99_ms"] * 1e3}
    if target.pid:
        result["cpu_ms_per_mb"] = (after - before) / 1e3 / megabytes
    return result
