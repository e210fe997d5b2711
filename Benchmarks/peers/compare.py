"""Runs ours and the peers in turn on the same machine and prints the medians and their ratios as Markdown.

    swift build -c release --product unroll
    python Benchmarks/peers/compare.py .build/release/unroll              the training grid
    python Benchmarks/peers/compare.py .build/release/unroll --step       one-token steps
    python Benchmarks/peers/compare.py .build/release/unroll --busy       with one of two cores taken

A measurement is one process. Ours and the peer's take turns (A B A B …), so that a change of the machine's
mood falls on both; the median of all rounds is shown, and in brackets the lowest and the highest. The rows
that the medians stand on are appended to --log, one JSON object a line.
"""

import argparse
import contextlib
import json
import math
import os
import statistics
import subprocess
import sys
import time
from collections import defaultdict
from pathlib import Path

from shapes import STEP, STEP_BATCHES, TRAIN

HERE = Path(__file__).resolve().parent


def rows_of(command):
    """Runs a command and reads the JSON objects on its standard output."""
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with code {done.returncode}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]


class Measurements:
    def __init__(self, log):
        self.values = defaultdict(list)
        self.log = open(log, "a") if log else None

    def add(self, who, load, row, quantity):
        key = (who, load, row["name"], row.get("batch"))
        self.values[key, quantity].append(row[quantity])
        if self.log and quantity in ("tokens_per_second", "microseconds"):
            print(json.dumps({"who": who, "load": load, **row}), file=self.log, flush=True)

    def median(self, who, load, name, quantity, batch=None):
        return statistics.median(self.values[(who, load, name, batch), quantity])

    def cell(self, who, load, name, quantity, batch=None):
        values = self.values[(who, load, name, batch), quantity]
        middle = statistics.median(values)
        return f"{middle:,.0f} ({min(values):,.0f}-{max(values):,.0f})"


def geometric_mean(ratios):
    return math.exp(statistics.fmean(math.log(r) for r in ratios))


@contextlib.contextmanager
def spinning(core):
    """Another process that never rests, on one core."""
    code = f"import os; os.sched_setaffinity(0, {{{core}}})\nwhile True: pass"
    child = subprocess.Popen([sys.executable, "-c", code])
    time.sleep(0.3)
    try:
        yield
    finally:
        child.kill()
        child.wait()


def train_commands(options, name):
    threads = str(options.threads)
    ours = [options.unroll, "bench", "train", "--shape", name, "--threads", threads, "--json"]
    twin = [sys.executable, HERE / "torch_train.py", "--shape", name, "--threads", threads]
    return {"ours": ours, "torch": [*twin, "--seconds", str(options.seconds)]}


def measure_train(options, measurements, shapes, loads):
    for round_number in range(options.rounds):
        for name in shapes:
            for load in loads:
                for who, command in train_commands(options, name).items():
                    context = spinning(options.busy_core) if load == "busy" else contextlib.nullcontext()
                    with context:
                        (row,) = rows_of(command)
                    measurements.add(who, load, row, "tokens_per_second")
                    measurements.add(who, load, row, "peak_memory_mb")
                    if "fraction_of_peak" in row:
                        measurements.add(who, load, row, "fraction_of_peak")
                    rate = f"{row['tokens_per_second']:,.0f} tokens/s"
                    print(f"round {round_number + 1} {name} {load} {who}: {rate}", file=sys.stderr)


def train_table(options, shapes):
    measurements = Measurements(options.log)
    measure_train(options, measurements, shapes, ["quiet"])
    print("| shape | ours, tokens/s | PyTorch, tokens/s | ratio | of peak | ours, MB | PyTorch, MB | memory |")
    print("|---|---|---|---|---|---|---|---|")
    ratios = []
    for name in shapes:
        speed = [measurements.median(who, "quiet", name, "tokens_per_second") for who in ("ours", "torch")]
        memory = [measurements.median(who, "quiet", name, "peak_memory_mb") for who in ("ours", "torch")]
        peak = measurements.median("ours", "quiet", name, "fraction_of_peak")
        ratios.append(speed[0] / speed[1])
        print(
            f"| {name} | {measurements.cell('ours', 'quiet', name, 'tokens_per_second')}"
            f" | {measurements.cell('torch', 'quiet', name, 'tokens_per_second')} | {ratios[-1]:.2f}"
            f" | {peak:.0%} | {memory[0]:,.0f} | {memory[1]:,.0f} | {memory[0] / memory[1]:.2f} |"
        )
    print(f"\nGeometric mean of the ratios: **{geometric_mean(ratios):.2f}**, lowest {min(ratios):.2f}.")


def busy_table(options, shapes):
    measurements = Measurements(options.log)
    measure_train(options, measurements, shapes, ["quiet", "busy"])
    print("| shape | ours, quiet | ours, busy | kept | PyTorch, quiet | PyTorch, busy | kept |")
    print("|---|---|---|---|---|---|---|")
    for name in shapes:
        cells = []
        for who in ("ours", "torch"):
            quiet, busy = (
                measurements.median(who, load, name, "tokens_per_second") for load in ("quiet", "busy")
            )
            cells += [measurements.cell(who, load, name, "tokens_per_second") for load in ("quiet", "busy")]
            cells.append(f"{busy / quiet:.0%}")
        print(f"| {name} | {' | '.join(cells)} |")
    print(f"\nTokens a second on {options.threads} threads; busy: another process spins on core {options.busy_core}.")


def step_table(options, shapes):
    threads = str(options.threads)
    commands = {"ours": [options.unroll, "bench", "step", "--threads", threads, "--json"]}
    commands["half"] = [*commands["ours"], "--precision", "half"]
    for who, script in (("onnx", "onnx_step.py"), ("torch", "torch_step.py")):
        commands[who] = [sys.executable, HERE / script, "--threads", threads]
    measurements = Measurements(options.log)
    for round_number in range(options.rounds):
        for name in shapes:
            for who, command in commands.items():
                for row in rows_of([*command, "--shape", name]):
                    measurements.add(who, "quiet", row, "microseconds")
                    if who == "torch":
                        measurements.add(who, "quiet", row, "microseconds_without_onednn")
                print(f"round {round_number + 1} {name} {who}", file=sys.stderr)
    print(
        "| shape | batch | ours, µs | ONNX Runtime, µs | ratio | PyTorch, µs | ratio"
        " | PyTorch without oneDNN, µs | ratio | ours, half-precision weights, µs |"
    )
    print("|---|---|---|---|---|---|---|---|---|---|")
    ratios = defaultdict(list)
    for name in shapes:
        for batch in STEP_BATCHES:
            ours = measurements.median("ours", "quiet", name, "microseconds", batch)
            line = f"| {name} | {batch} | {measurements.cell('ours', 'quiet', name, 'microseconds', batch)}"
            for who, quantity in (
                ("onnx", "microseconds"),
                ("torch", "microseconds"),
                ("torch", "microseconds_without_onednn"),
            ):
                ratio = measurements.median(who, "quiet", name, quantity, batch) / ours
                ratios[who, quantity, batch].append(ratio)
                line += f" | {measurements.cell(who, 'quiet', name, quantity, batch)} | {ratio:.2f}"
            print(f"{line} | {measurements.cell('half', 'quiet', name, 'microseconds', batch)} |")
    print()
    for batch in STEP_BATCHES:
        print(
            f"Batch {batch}, geometric means: {geometric_mean(ratios['onnx', 'microseconds', batch]):.2f} times"
            f" ONNX Runtime's speed, {geometric_mean(ratios['torch', 'microseconds', batch]):.2f} times PyTorch's."
        )


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("unroll", help="the release build of the command-line tool")
    mode = parser.add_mutually_exclusive_group()
    mode.add_argument("--step", action="store_true", help="one-token steps, against both peers")
    mode.add_argument("--busy", action="store_true", help="training with one core taken by another process")
    parser.add_argument("--shapes", help="comma-separated; default: all (--busy: lm-medium)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=8, help="of one training measurement of the twin")
    parser.add_argument("--busy-core", type=int, default=1)
    parser.add_argument("--log", help="a file for the single rows, JSON lines")
    options = parser.parse_args()
    options.unroll = os.path.abspath(options.unroll)
    if not os.access(options.unroll, os.X_OK):
        parser.error(f"{options.unroll} is not an executable; build it with swift build -c release")

    grid = STEP if options.step else TRAIN
    default = ["lm-medium"] if options.busy else list(grid)
    shapes = options.shapes.split(",") if options.shapes else default
    for name in shapes:
        if name not in grid:
            parser.error(f"no shape {name}; there are {', '.join(grid)}")
    table = step_table if options.step else busy_table if options.busy else train_table
    table(options, shapes)


if __name__ == "__main__":
    main()
