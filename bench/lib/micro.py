"""Builds the micro benchmarks and the simulation of lanes (bench/*.cpp) with the CMake preset bench, and runs them."""

import os
import subprocess
import sys

from servers import ROOT

BUILD = os.path.join(ROOT, "build", "bench")


def run():
    """The exit status of the programs; the figures of the benchmarks go to standard output and to build/bench/micro.json."""
    subprocess.run([os.path.join(ROOT, ".ci", "build"), "bench", "pgweir_micro", "pgweir_simulate_lanes"],
                   stdout=sys.stderr, check=True)
    path = os.path.join(BUILD, "micro.json")
    status = subprocess.run([os.path.join(BUILD, "pgweir_micro"), "--benchmark_counters_tabular=true",
                             f"--benchmark_out={path}", "--benchmark_out_format=json"]).returncode
    print(f"\nwritten to {os.path.relpath(path, ROOT)}\n", flush=True)
    return status or subprocess.run([os.path.join(BUILD, "pgweir_simulate_lanes")]).returncode
