"""Runs `unroll bench translator` and its PyTorch twin in turn and prints medians as Markdown.

    python compare_translator.py .build/release/unroll

The steps of `fed` and `before` are measured in PyTorch by LSTMCell and by LSTM, and the faster one counts.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def row_of(command):
    done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))} ended with code {done.returncode}")
    return json.loads([line for line in done.stdout.splitlines() if line.startswith("{")][-1])


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("unroll", help="the release build of the command-line tool")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--forms", default="after,fed,before")
    options = parser.parse_args()
    unroll, twin = os.path.abspath(options.unroll), HERE / "torch_translator.py"
    forms = options.forms.split(",")
    rates = {form: {"ours": [], "torch": [], "torch cells": []} for form in forms}
    for _ in range(options.rounds):
        for form in forms:
            shared = ["--form", form, "--threads", str(options.threads), "--seconds", str(options.seconds)]
            commands = {
                "ours": [unroll, "bench", "translator", "--json"],
                "torch": [sys.executable, twin],
            }
            if form != "after":
                commands["torch cells"] = [sys.executable, twin, "--cells"]
            for who, command in commands.items():
                row = row_of([*command, *shared])
                rates[form][who].append(row["tokens_per_second"])
                print(form, who, row, file=sys.stderr)

    def cell_of(values):
        return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"

    print("| form | ours, tokens/s | PyTorch, tokens/s | ratio | by round |\n|---|---|---|---|---|")
    for form, by in rates.items():
        peer = max((by[who] for who in ("torch", "torch cells") if by[who]), key=statistics.median)
        ratios = [a / b for a, b in zip(by["ours"], peer)]
        ratio = statistics.median(by["ours"]) / statistics.median(peer)
        print(
            f"| {form} | {cell_of(by['ours'])} | {cell_of(peer)} | {ratio:.2f}"
            f" | {min(ratios):.2f}-{max(ratios):.2f} |"
        )


if __name__ == "__main__":
    main()
