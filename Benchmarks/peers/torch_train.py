"""The PyTorch twin of `unroll bench train`: tokens a second of full training steps.

    python torch_train.py --shape lm-medium --threads 2 --seconds 10

One step is embedding, recurrent layers, linear, full softmax cross-entropy, backward, clipping by global
norm, SGD; the hidden state is carried from step to step and detached. One process measures one shape, so
that its peak memory is that shape's own; without --shape a process is started for each.
"""

import argparse
import subprocess
import sys
import time

from shapes import TRAIN, peak_memory_mb, print_row


def measure(name, threads, seconds):
    import torch

    torch.set_num_threads(threads)
    torch.manual_seed(1)
    shape = TRAIN[name]
    recurrent = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}[shape.cell]
    embedding = torch.nn.Embedding(shape.vocabulary, shape.embedding)
    rnn = recurrent(shape.embedding, shape.hidden, shape.layers)
    decoder = torch.nn.Linear(shape.hidden, shape.vocabulary)
    parameters = [*embedding.parameters(), *rnn.parameters(), *decoder.parameters()]
    for p in parameters:
        torch.nn.init.uniform_(p, -0.05, 0.05)
    # The fused update is the fastest that PyTorch has on the CPU.
    optimizer = torch.optim.SGD(parameters, lr=0.1, fused=True)
    tokens = torch.randint(shape.vocabulary, (8 * shape.window + 1, shape.batch))

    def step(index, state):
        at = index % 8 * shape.window
        inputs = tokens[at : at + shape.window]
        targets = tokens[at + 1 : at + shape.window + 1]
        optimizer.zero_grad(set_to_none=True)
        output, state = rnn(embedding(inputs), state)
        logits = decoder(output)
        loss = torch.nn.functional.cross_entropy(
            logits.view(-1, shape.vocabulary), targets.reshape(-1)
        )
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()
        return tuple(s.detach() for s in state) if shape.cell == "lstm" else state.detach()

    state, steps = None, 0
    start = time.perf_counter()
    while steps < 2 or time.perf_counter() - start < min(2.0, seconds / 4):  # warm-up
        state = step(steps, state)
        steps += 1
    steps = 0
    start = time.perf_counter()
    while True:
        state = step(steps, state)
        steps += 1
        elapsed = time.perf_counter() - start
        if elapsed >= seconds:
            break
    print_row(
        name=name,
        threads=threads,
        tokens_per_second=round(steps * shape.window * shape.batch / elapsed, 1),
        peak_memory_mb=round(peak_memory_mb(), 1),
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--shape", choices=TRAIN)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    options = parser.parse_args()
    if options.shape:
        measure(options.shape, options.threads, options.seconds)
        return
    for name in TRAIN:
        arguments = ["--threads", str(options.threads), "--seconds", str(options.seconds)]
        subprocess.run([sys.executable, __file__, "--shape", name, *arguments], check=True)


if __name__ == "__main__":
    main()
