"""The PyTorch twin of `unroll bench translator`: target tokens a second of full training steps.

    python torch_translator.py --form after --threads 2 --seconds 10

Two layers of LSTM on either side, the encoder from both ends; attention, a tanh readout, full softmax
cross-entropy, backward, clipping by global norm, SGD. `after` runs the decoder over all steps at once; `fed` and
`before` need what the step before has given, so they go step by step, by LSTMCell or by LSTM over one step,
whichever is faster (--cells).
"""

import argparse
import time

from shapes import peak_memory_mb, print_row

LENGTH = 25


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--form", choices=["after", "fed", "before"], default="after")
    parser.add_argument("--hidden", type=int, default=512)
    parser.add_argument("--layers", type=int, default=2)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--vocabulary", type=int, default=10_000)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--cells", action="store_true", help="steps by LSTMCell")
    options = parser.parse_args()

    import torch
    from torch import nn

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    size, layers, batch, form = options.hidden, options.layers, options.batch, options.form

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.source = nn.Embedding(options.vocabulary, size)
            self.target = nn.Embedding(options.vocabulary, size)
            self.encoder = nn.LSTM(size, size // 2, layers, bidirectional=True)
            inputs = size if form == "after" else 2 * size
            if form == "after" or not options.cells:
                self.decoder = nn.LSTM(inputs, size, layers)
            else:
                self.decoder = nn.ModuleList(
                    nn.LSTMCell(inputs if layer == 0 else size, size) for layer in range(layers)
                )
            self.key = nn.Linear(size, size, bias=form == "before")
            if form == "before":
                self.query = nn.Linear(size, size, bias=False)
                self.score = nn.Linear(size, 1, bias=False)
            self.bridge = nn.ModuleList(nn.Linear(2 * size, size) for _ in range(2 * layers))
            self.readout = nn.Linear((3 if form == "before" else 2) * size, size)
            self.output = nn.Linear(size, options.vocabulary)

        def step(self, x, state):
            if not options.cells:
                output, state = self.decoder(x[None], state)
                return output[0], state
            states = []
            for cell, (h, c) in zip(self.decoder, state):
                h, c = cell(x, (h, c))
                states.append((h, c))
                x = h
            return x, states

        def forward(self, sources, tokens):
            memory, (h, c) = self.encoder(self.source(sources))
            # Both directions of a layer, h and c.
            ends = torch.cat([h.view(layers, 2, batch, -1), c.view(layers, 2, batch, -1)], dim=1)
            ends = ends.transpose(1, 2).reshape(layers, batch, -1)
            h = torch.stack([torch.tanh(self.bridge[2 * i](ends[i])) for i in range(layers)])
            c = torch.stack([self.bridge[2 * i + 1](ends[i]) for i in range(layers)])
            keys, values = self.key(memory).transpose(0, 1), memory.transpose(0, 1)
            vectors = self.target(tokens)
            if form == "after":
                outputs, _ = self.decoder(vectors, (h, c))
                weights = torch.softmax(outputs.transpose(0, 1) @ keys.transpose(1, 2), dim=-1)
                contexts = (weights @ values).transpose(0, 1)
                readouts = torch.tanh(self.readout(torch.cat([contexts, outputs], dim=-1)))
                return self.output(readouts)
            state = (h, c) if not options.cells else [(h[i], c[i]) for i in range(layers)]
            top, readout, rows = h[-1], torch.zeros(batch, size), []
            for x in vectors:
                if form == "fed":
                    top, state = self.step(torch.cat([x, readout], dim=-1), state)
                    weights = torch.softmax((keys @ top[:, :, None])[:, :, 0], dim=-1)
                    context = (weights[:, None] @ values)[:, 0]
                    readout = torch.tanh(self.readout(torch.cat([context, top], dim=-1)))
                    rows.append(readout)
                else:
                    mixed = torch.tanh(keys + self.query(top)[:, None])
                    weights = torch.softmax(self.score(mixed)[:, :, 0], dim=-1)
                    context = (weights[:, None] @ values)[:, 0]
                    top, state = self.step(torch.cat([x, context], dim=-1), state)
                    rows.append(torch.cat([top, context, x], dim=-1))
            rows = torch.stack(rows)
            return self.output(rows if form == "fed" else torch.tanh(self.readout(rows)))

    net = Net()
    parameters = list(net.parameters())
    for p in parameters:
        nn.init.uniform_(p, -0.05, 0.05)
    optimizer = torch.optim.SGD(parameters, lr=0.1, fused=True)
    data = torch.randint(3, options.vocabulary, (8, 3, LENGTH, batch))

    def step(index):
        sources, tokens, targets = data[index % 8]
        optimizer.zero_grad(set_to_none=True)
        logits = net(sources, tokens)
        loss = nn.functional.cross_entropy(logits.view(-1, options.vocabulary), targets.reshape(-1))
        loss.backward()
        nn.utils.clip_grad_norm_(parameters, 5.0)
        optimizer.step()

    steps, start = 0, time.perf_counter()
    while steps < 2 or time.perf_counter() - start < min(2.0, options.seconds / 4):
        step(steps)
        steps += 1
    steps, start = 0, time.perf_counter()
    while True:
        step(steps)
        steps += 1
        elapsed = time.perf_counter() - start
        if elapsed >= options.seconds:
            break
    print_row(
        name=form,
        threads=options.threads,
        tokens_per_second=round(steps * LENGTH * batch / elapsed, 1),
        peak_memory_mb=round(peak_memory_mb(), 1),
    )


if __name__ == "__main__":
    main()
