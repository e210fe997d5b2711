"""Runs `unroll bench trees` and its DyNet twin in turn, on the same trees, and prints medians as Markdown.

    python compare_trees.py .build/release/unroll --conllu train.conllu

Both have one thread. Rates are of processor time, so that other work beside, which takes time from both, does not
count; the median of all rounds is shown, and in brackets the lowest and the highest.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
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
    parser.add_argument("--conllu", help="dependency trees, the first 1,000 of them")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    options = parser.parse_args()
    unroll, twin = os.path.abspath(options.unroll), HERE / "dynet_trees.py"
    with tempfile.TemporaryDirectory() as folder:
        lists, binary = f"{folder}/lists.txt", f"{folder}/binary.txt"
        for path, more in ((lists, []), (binary, ["--binary"])):
            subprocess.run([sys.executable, twin, "--listops", "1000", "--write", path, *more], check=True)
        cases = [
            ("child-sum, ListOps", "child-sum", lists),
            ("N-ary, binary ListOps", "n-ary", binary),
            ("N-ary of five, ListOps", "n-ary", lists),
        ]
        if options.conllu:
            sentences = Path(options.conllu).read_text().strip().split("\n\n")[:1000]
            path = f"{folder}/dependencies.conllu"
            Path(path).write_text("\n\n".join(sentences) + "\n\n")
            cases.insert(1, ("child-sum, dependencies", "child-sum", path))
        rates = {case: ([], []) for case in cases}
        for _ in range(options.rounds):
            for case in cases:
                _, cell, path = case
                shared = ["--file", path, "--cell", cell, "--batch", str(options.batch)]
                shared += ["--hidden", str(options.hidden), "--embedding", str(options.hidden)]
                shared += ["--seconds", str(options.seconds)]
                ours = [unroll, "bench", "trees", "--threads", "1", "--json"]
                for who, command in enumerate((ours, [sys.executable, twin])):
                    row = row_of([*command, *shared])
                    rates[case][who].append(row["trees_per_processor_second"])
                    print(case[0], ("ours", "DyNet")[who], row, file=sys.stderr)

    def cell_of(values):
        return f"{statistics.median(values):,.0f} ({min(values):,.0f}-{max(values):,.0f})"

    print("| net, trees | ours, trees/s | DyNet, trees/s | ratio | by round |\n|---|---|---|---|---|")
    for case, (ours, peer) in rates.items():
        ratios = [a / b for a, b in zip(ours, peer)]
        ratio = statistics.median(ours) / statistics.median(peer)
        print(
            f"| {case[0]} | {cell_of(ours)} | {cell_of(peer)} | {ratio:.2f}"
            f" | {min(ratios):.2f}-{max(ratios):.2f} |"
        )


if __name__ == "__main__":
    main()
