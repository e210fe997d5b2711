"""The ONNX Runtime twin of `unroll bench step`: one token in, logits out, state carried; median microseconds.

    python onnx_step.py --threads 2 [--shape step-h512-l2] [--seconds 2]

The graph is built by hand with PyTorch's weights and checked against PyTorch over ten steps before it is
timed. What is reported is the best of: `threads` threads or one, fed by `run` or through bound buffers that
change places from step to step so that no state is copied.
"""

import argparse
import statistics
import time

import numpy
import onnxruntime
import torch
from shapes import STEP, STEP_BATCHES, peak_memory_mb, print_row
from step_net import StepNet, onnx_model


def session(model, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(
        model.SerializeToString(), options, providers=["CPUExecutionProvider"]
    )


def state_names(shape):
    into = [f"{kind}{layer}" for layer in range(shape.layers) for kind in "hc"]
    out = [f"{kind}n{layer}" for layer in range(shape.layers) for kind in "hc"]
    return into, out


@torch.inference_mode()
def check(net, runtime, batch):
    """Ten steps in both; the logits must agree to 1e-5."""
    into, _ = state_names(net.shape)
    zeros = [numpy.zeros((1, batch, net.shape.hidden), numpy.float32) for _ in into]
    state, torch_state = dict(zip(into, zeros)), None
    for tokens in torch.randint(net.shape.vocabulary, (10, batch)):
        if torch_state is None:
            torch_state = tuple(
                torch.zeros(net.shape.layers, batch, net.shape.hidden) for _ in range(2)
            )
        expected, torch_state = net(tokens, torch_state)
        logits, *carried = runtime.run(None, {"tokens": tokens.numpy(), **state})
        state = dict(zip(into, carried))
        error = numpy.abs(logits - expected.numpy()).max()
        assert error <= 1e-5, f"ONNX Runtime and PyTorch differ by {error}"


def median_of(step, seconds):
    times, index = [], 0
    stop = time.perf_counter() + seconds
    while index < 20 or time.perf_counter() < stop:
        start = time.perf_counter()
        step(index)
        times.append(time.perf_counter() - start)
        index += 1
    return statistics.median(times[10:]) * 1e6


def median_run(runtime, shape, batch, seconds):
    into, _ = state_names(shape)
    tokens = numpy.random.default_rng(1).integers(shape.vocabulary, size=(64, batch))
    state = {name: numpy.zeros((1, batch, shape.hidden), numpy.float32) for name in into}

    def step(index):
        nonlocal state
        _, *carried = runtime.run(None, {"tokens": tokens[index % 64], **state})
        state = dict(zip(into, carried))

    return median_of(step, seconds)


def median_bound(runtime, shape, batch, seconds):
    into, out = state_names(shape)
    tokens = numpy.random.default_rng(1).integers(shape.vocabulary, size=(64, batch))
    token = onnxruntime.OrtValue.ortvalue_from_numpy(tokens[0])
    logits = onnxruntime.OrtValue.ortvalue_from_numpy(
        numpy.zeros((batch, shape.vocabulary), numpy.float32)
    )
    zeros = numpy.zeros((1, batch, shape.hidden), numpy.float32)
    sides = [[onnxruntime.OrtValue.ortvalue_from_numpy(zeros) for _ in into] for _ in range(2)]
    bindings = []
    for side in range(2):
        binding = runtime.io_binding()
        binding.bind_ortvalue_input("tokens", token)
        binding.bind_ortvalue_output("logits", logits)
        for name, value in zip(into, sides[side]):
            binding.bind_ortvalue_input(name, value)
        for name, value in zip(out, sides[1 - side]):
            binding.bind_ortvalue_output(name, value)
        bindings.append(binding)

    def step(index):
        token.update_inplace(tokens[index % 64])
        runtime.run_with_iobinding(bindings[index % 2])

    return median_of(step, seconds)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=STEP)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    for name in [options.shape] if options.shape else STEP:
        torch.manual_seed(1)
        shape = STEP[name]
        net = StepNet(shape)
        for batch in STEP_BATCHES:
            model = onnx_model(net, batch)
            settings = {}
            for threads in sorted({1, options.threads}):
                runtime = session(model, threads)
                check(net, runtime, batch)
                for way, median in (("run", median_run), ("bound", median_bound)):
                    settings[way, threads] = median(runtime, shape, batch, options.seconds / 4)
            (way, threads), best = min(settings.items(), key=lambda item: item[1])
            print_row(
                name=name,
                threads=options.threads,
                batch=batch,
                microseconds=round(best, 1),
                best_setting=f"{way}, {threads} threads",
                peak_memory_mb=round(peak_memory_mb(), 1),
            )


if __name__ == "__main__":
    main()
