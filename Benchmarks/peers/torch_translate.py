"""The PyTorch twin of `unroll translate`: a beam loop on the weights of a model file of ours.

    python torch_translate.py g2p.safetensors words.txt --beam 5 --threads 1 > out.txt

For LSTM encoder-decoders of the forms `initial` and `after` (general attention, fed or not), whose units are
characters or tokens. All hypotheses of a batch of sentences advance together; the step is by LSTMCell, which is the
fastest that PyTorch has for single steps on the CPU. ln p is divided by the length, as `unroll translate` does.
Prints the translations, and on standard error the lines a second of the loop alone.
"""

import argparse
import json
import struct
import sys
import time

import torch
from safetensors.torch import load_file


def heading(path):
    with open(path, "rb") as file:
        (count,) = struct.unpack("<Q", file.read(8))
        return json.loads(json.loads(file.read(count))["__metadata__"]["unroll"])


class Net:
    def __init__(self, path):
        about = heading(path)
        self.p = load_file(path)
        architecture = about["architecture"]
        encoder, decoder = architecture["encoder"], architecture["decoder"]
        self.reverses, self.attends = encoder["reversed"], decoder["context"] == "after"
        self.feeds = decoder.get("feeds_readout", False)
        self.layers, self.size = decoder["layers"], decoder["hidden_size"]
        directions = 2 if encoder["bidirectional"] else 1
        self.encoder = torch.nn.LSTM(
            encoder["embedding_size"], encoder["hidden_size"], encoder["layers"],
            bidirectional=directions == 2,
        )
        self.encoder.load_state_dict(
            {n: self.p[f"encoder.{n}"] for n, _ in self.encoder.named_parameters()}
        )
        self.cells = []
        for layer in range(self.layers):
            weight = self.p[f"decoder.weight_ih_l{layer}"]
            cell = torch.nn.LSTMCell(weight.shape[1], self.size)
            cell.load_state_dict(
                {
                    n: self.p[f"decoder.{n}_l{layer}"]
                    for n in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
                }
            )
            self.cells.append(cell)
        self.directions = directions
        self.source_kind = about["source_units"]["kind"]
        self.target_kind = about["target_units"]["kind"]
        self.source = {t: i for i, t in enumerate(about["source_vocabulary"]["tokens"])}
        self.target = about["target_vocabulary"]["tokens"]

    def tokens(self, line):
        units = list(line) if self.source_kind == "characters" else line.split()
        ids = [self.source.get(unit, 0) for unit in units]
        return (ids[::-1] if self.reverses else ids) + [2]

    def text(self, tokens):
        units = [self.target[t] for t in tokens]
        return ("" if self.target_kind == "characters" else " ").join(units)

    def encode(self, sources):
        lengths = torch.tensor([len(s) for s in sources])
        padded = torch.full((int(lengths.max()), len(sources)), 2)
        for row, source in enumerate(sources):
            padded[: len(source), row] = torch.tensor(source)
        vectors = torch.nn.functional.embedding(padded, self.p["source_embedding.weight"])
        packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, enforce_sorted=False)
        outputs, (h, c) = self.encoder(packed)
        memory, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs)
        states = []
        for layer in range(self.layers):
            if self.directions == 1:
                states.append((h[layer], c[layer]))
                continue
            ends = torch.cat(
                [h[2 * layer], c[2 * layer], h[2 * layer + 1], c[2 * layer + 1]], dim=1
            )
            made = [
                ends @ self.p[f"bridge.{layer}.{part}.weight"].T
                + self.p[f"bridge.{layer}.{part}.bias"]
                for part in range(2)
            ]
            states.append((torch.tanh(made[0]), made[1]))
        return memory.transpose(0, 1), lengths, states

    def step(self, tokens, states, readout, keys, values, mask):
        x = torch.nn.functional.embedding(tokens, self.p["target_embedding.weight"])
        if self.feeds:
            x = torch.cat([x, readout], dim=1)
        next_states = []
        for cell, state in zip(self.cells, states):
            h, c = cell(x, state)
            next_states.append((h, c))
            x = h
        if self.attends:
            # Rows are sentences times beams: [B, K, H] against [B, S, F].
            count = keys.shape[0]
            scores = x.view(count, -1, x.shape[1]) @ keys.transpose(1, 2)
            weights = torch.softmax(scores.masked_fill(mask, -torch.inf), dim=-1)
            context = (weights @ values).view(x.shape[0], -1)
            joined = torch.cat([context, x], dim=1)
            x = torch.tanh(joined @ self.p["readout.weight"].T + self.p["readout.bias"])
        logits = torch.addmm(self.p["output.bias"], x, self.p["output.weight"].T)
        return torch.log_softmax(logits, dim=-1), next_states, x

    def search(self, sources, beam):
        memory, lengths, states = self.encode(sources)
        count = len(sources)
        keys = memory @ self.p["attention.key.weight"].T if self.attends else memory
        mask = (torch.arange(memory.shape[1]) >= lengths[:, None])[:, None]
        states = [tuple(s.repeat_interleave(beam, dim=0) for s in pair) for pair in states]
        readout = torch.zeros(count * beam, self.size)
        scores = torch.full((count, beam), -torch.inf)
        scores[:, 0] = 0
        last = torch.full((count * beam,), 1)
        paths = torch.zeros(count, beam, 0, dtype=torch.long)
        best = [(-torch.inf, [])] * count
        ended = [0] * count
        limits = 2 * (lengths - 1) + 20
        for length in range(int(limits.max()) + 1):
            said, states, readout = self.step(last, states, readout, keys, memory, mask)
            said[:, 1] = -torch.inf
            size = said.shape[1]
            total = (scores[:, :, None] + said.view(count, beam, size)).view(count, -1)
            top, places = total.topk(2 * beam)
            parents, tokens = places // size, places % size
            rows, chosen, kept = [], [], []
            for b in range(count):
                own = []
                for place in range(2 * beam):
                    score = float(top[b, place])
                    if tokens[b, place] == 2:
                        if place < beam and ended[b] < beam and score / (length + 1) > best[b][0]:
                            best[b] = (score / (length + 1), paths[b, parents[b, place]].tolist())
                        ended[b] += place < beam
                    elif len(own) < beam:
                        own.append(place)
                kept.append(own)
            index = torch.tensor(kept)
            scores = top.gather(1, index)
            parents, tokens = parents.gather(1, index), tokens.gather(1, index)
            done = torch.tensor([n >= beam for n in ended]) | (length >= limits)
            scores[done] = -torch.inf
            if bool(done.all()):
                break
            rows = (torch.arange(count)[:, None] * beam + parents).view(-1)
            states = [tuple(s[rows] for s in pair) for pair in states]
            readout, last = readout[rows], tokens.view(-1)
            paths = torch.cat(
                [paths.gather(1, parents[:, :, None].expand(-1, -1, paths.shape[2])), tokens[:, :, None]],
                dim=2,
            )
        return [tokens for _, tokens in best]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model")
    parser.add_argument("lines")
    parser.add_argument("--beam", type=int, default=5)
    parser.add_argument("--batch", type=int, default=100)
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    with torch.inference_mode():
        net = Net(options.model)
        lines = open(options.lines).read().splitlines()
        sources = [net.tokens(line) for line in lines]
        order = sorted(range(len(lines)), key=lambda i: len(sources[i]))
        found = [""] * len(lines)
        start = time.perf_counter()
        for first in range(0, len(order), options.batch):
            batch = order[first : first + options.batch]
            for i, tokens in zip(batch, net.search([sources[i] for i in batch], options.beam)):
                found[i] = net.text(tokens)
        seconds = time.perf_counter() - start
    print("\n".join(found))
    print(f"{len(lines) / seconds:.1f} lines/s", file=sys.stderr)


if __name__ == "__main__":
    main()
