"""The PyTorch twin of `unroll bench step`: one token in, logits out, state carried; median microseconds.

    python torch_step.py --threads 2 [--shape step-h512-l2] [--seconds 2]

`microseconds` is PyTorch as it comes (its LSTM runs in oneDNN, which packs the weights again at each call);
`microseconds_without_onednn` is with oneDNN switched off, a setting few people know of. For each the better
of `threads` threads and one thread is reported.
"""

import argparse
import statistics
import time

import torch
from shapes import STEP, STEP_BATCHES, peak_memory_mb, print_row
from step_net import StepNet


@torch.inference_mode()
def median_microseconds(net, batch, seconds):
    shape = net.shape
    tokens = torch.randint(shape.vocabulary, (64, batch))
    state = tuple(torch.zeros(shape.layers, batch, shape.hidden) for _ in range(2))
    times, index = [], 0
    stop = time.perf_counter() + seconds
    while index < 20 or time.perf_counter() < stop:
        start = time.perf_counter()
        _, state = net(tokens[index % 64], state)
        times.append(time.perf_counter() - start)
        index += 1
    return statistics.median(times[10:]) * 1e6


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=STEP)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    for name in [options.shape] if options.shape else STEP:
        torch.manual_seed(1)
        net = StepNet(STEP[name])
        for batch in STEP_BATCHES:
            best = {True: float("inf"), False: float("inf")}
            for threads in sorted({1, options.threads}):
                torch.set_num_threads(threads)
                for onednn in best:
                    torch.backends.mkldnn.set_flags(onednn)
                    time_taken = median_microseconds(net, batch, options.seconds / 4)
                    best[onednn] = min(best[onednn], time_taken)
            print_row(
                name=name,
                threads=options.threads,
                batch=batch,
                microseconds=round(best[True], 1),
                microseconds_without_onednn=round(best[False], 1),
                peak_memory_mb=round(peak_memory_mb(), 1),
            )


if __name__ == "__main__":
    main()
