"""The grid that `unroll bench` and its twins share, and the few things every twin prints."""

import contextlib
import json
import resource
import sys
from typing import NamedTuple


class TrainShape(NamedTuple):
    cell: str
    vocabulary: int
    embedding: int
    hidden: int
    layers: int
    batch: int
    window: int


TRAIN = {
    "lm-small": TrainShape("lstm", 10_000, 200, 200, 2, 20, 20),
    "lm-medium": TrainShape("lstm", 10_000, 650, 650, 2, 20, 35),
    "lm-large": TrainShape("lstm", 10_000, 1500, 1500, 2, 20, 35),
    "char-lstm": TrainShape("lstm", 128, 128, 512, 2, 64, 100),
    "char-gru": TrainShape("gru", 128, 128, 512, 2, 64, 100),
    "char-rnn": TrainShape("rnn", 128, 128, 512, 2, 64, 100),
    "vocab-100k": TrainShape("lstm", 100_000, 512, 512, 1, 20, 35),
}


class StepShape(NamedTuple):
    vocabulary: int
    embedding: int
    hidden: int
    layers: int


STEP = {
    "step-h256-l1": StepShape(128, 128, 256, 1),
    "step-h512-l2": StepShape(128, 128, 512, 2),
    "step-lm-medium": StepShape(10_000, 650, 650, 2),
}
STEP_BATCHES = (1, 8)


def peak_memory_mb():
    """The most memory this process ever had resident, in MiB."""
    # On Linux ru_maxrss would also count the program that started this one.
    with contextlib.suppress(FileNotFoundError), open("/proc/self/status") as status:
        for line in status:
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)


def print_row(**row):
    print(json.dumps(row), flush=True)
