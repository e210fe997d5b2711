"""The PyTorch twin of `unroll train lm`: the same recipe, the same text, the same conventions.

    python torch_language_model.py --config Recipes/kjv-words.yaml --train train.txt --valid valid.txt

Prints one JSON object an epoch: `epoch`, `learning_rate`, `training_cross_entropy`, `validation_perplexity`,
`tokens_per_second` (training alone) and `seconds` (everything so far).

Words are split on white space and every newline is a token `</s>`; words below --min-count, or beyond the
--vocabulary-size most frequent tokens, are `<unk>`. Characters are Unicode scalars. Training cuts the text into
B streams and unrolls T steps at a time with the state carried; validation reads the whole file as one stream,
the first token predicted from `</s>` (characters: a newline). Uniform start of every weight, biases zero but
for the forget gates' 1; dropout on the embedding, between layers and before the softmax. The loss that is
differentiated is the mean over a window's T·B tokens (--loss-unit token) or that times T, the sum over the steps
and the mean over the sequences (--loss-unit sequence, Zaremba et al. 2014).
"""

import argparse
import json
import math
import sys
import time
from collections import Counter

import torch
from torch.nn.functional import cross_entropy

UNKNOWN, END = "<unk>", "</s>"


# Text


def read_tokens(path, level):
    with open(path, encoding="utf-8", newline="") as file:
        text = file.read()
    if level == "character":
        return list(text)
    tokens = []
    lines = text.split("\n")
    for line in lines if lines[-1] else lines[:-1]:
        tokens += line.split()
        tokens.append(END)
    return tokens


def make_vocabulary(tokens, options):
    """`<unk>`, for words `</s>`, then the others by falling count, ties in the order of first sight."""
    special = [UNKNOWN, END] if options.level == "word" else [UNKNOWN]
    kept = [t for t, n in Counter(tokens).most_common() if n >= options.min_count and t not in special]
    if options.vocabulary_size:
        kept = kept[: options.vocabulary_size - len(special)]
    return {token: index for index, token in enumerate([*special, *kept])}


def to_ids(tokens, vocabulary):
    return torch.tensor([vocabulary.get(t, 0) for t in tokens])


# Net


class LanguageModel(torch.nn.Module):
    def __init__(self, vocabulary_size, options):
        super().__init__()
        self.cell = options.cell
        nets = {"lstm": torch.nn.LSTM, "gru": torch.nn.GRU, "rnn": torch.nn.RNN}
        self.embedding = torch.nn.Embedding(vocabulary_size, options.embedding)
        self.rnn = nets[options.cell](
            options.embedding,
            options.hidden,
            options.layers,
            dropout=options.dropout if options.layers > 1 else 0.0,
        )
        self.decoder = torch.nn.Linear(options.hidden, vocabulary_size)
        if options.tie:
            self.decoder.weight = self.embedding.weight
        self.dropout = torch.nn.Dropout(options.dropout)
        for name, p in self.named_parameters():
            if "bias" in name:
                torch.nn.init.zeros_(p)
            else:
                torch.nn.init.uniform_(p, -options.init_range, options.init_range)
            if options.cell == "lstm" and "bias_ih" in name:
                with torch.no_grad():
                    p[options.hidden : 2 * options.hidden] = 1  # the forget gates

    def forward(self, tokens, state):
        output, state = self.rnn(self.dropout(self.embedding(tokens)), state)
        return self.decoder(self.dropout(output)), state


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


@torch.inference_mode()
def evaluate(net, ids, first, window=256):
    """Nats a token over the whole text, read as one stream."""
    net.eval()
    inputs = torch.cat([torch.tensor([first]), ids[:-1]])
    total, state = 0.0, None
    for at in range(0, len(ids), window):
        logits, state = net(inputs[at : at + window, None], state)
        total += cross_entropy(logits[:, 0], ids[at : at + window], reduction="sum").item()
    net.train()
    return total / len(ids)


# Training


def make_optimizer(net, options):
    rate, parameters = options.learning_rate, net.parameters()
    if options.optimizer == "sgd":
        return torch.optim.SGD(parameters, rate, momentum=options.momentum, fused=True)
    if options.optimizer == "adam":
        return torch.optim.Adam(parameters, rate, fused=True)
    return torch.optim.AdamW(parameters, rate, weight_decay=options.weight_decay, fused=True)


def learning_rate(options, step, steps_per_epoch):
    warmth = (step + 1) / options.warmup if step < options.warmup else 1
    if options.schedule == "cosine":
        total = options.epochs * steps_per_epoch
        progress = max(0, step - options.warmup) / max(1, total - options.warmup)
        return warmth * options.learning_rate * 0.5 * (1 + math.cos(math.pi * progress))
    epoch = step // steps_per_epoch + 1
    return warmth * options.learning_rate * options.decay ** max(0, epoch - options.decay_after)


def train(options):
    torch.set_num_threads(options.threads)
    torch.manual_seed(options.seed)
    training = read_tokens(options.train, options.level)
    vocabulary = make_vocabulary(training, options)
    ids = to_ids(training, vocabulary)
    validation = to_ids(read_tokens(options.valid, options.level), vocabulary)
    first = vocabulary[END if options.level == "word" else "\n"]

    length = len(ids) // options.batch
    streams = ids[: length * options.batch].view(options.batch, length).t().contiguous()
    starts = range(0, length - 1, options.bptt)
    net = LanguageModel(len(vocabulary), options)
    optimizer = make_optimizer(net, options)
    parameters = sum(p.numel() for p in net.parameters())
    print(
        f"{len(ids)} tokens, vocabulary {len(vocabulary)}, {parameters} parameters,"
        f" {len(starts)} steps an epoch",
        file=sys.stderr,
    )

    began, step = time.perf_counter(), 0
    for epoch in range(1, options.epochs + 1):
        state, total, count = None, 0.0, 0
        epoch_began = time.perf_counter()
        for at in starts:
            for group in optimizer.param_groups:
                group["lr"] = learning_rate(options, step, len(starts))
            window = min(options.bptt, length - 1 - at)
            targets = streams[at + 1 : at + 1 + window]
            optimizer.zero_grad(set_to_none=True)
            logits, state = net(streams[at : at + window], state)
            state = detached(state)
            loss = cross_entropy(logits.flatten(0, 1), targets.flatten())
            (loss * window if options.loss_unit == "sequence" else loss).backward()
            if options.clip > 0:
                torch.nn.utils.clip_grad_norm_(net.parameters(), options.clip)
            optimizer.step()
            total += loss.item() * targets.numel()
            count += targets.numel()
            step += 1
        seconds = time.perf_counter() - epoch_began
        row = {
            "epoch": epoch,
            "learning_rate": optimizer.param_groups[0]["lr"],
            "training_cross_entropy": total / count,
            "validation_perplexity": math.exp(evaluate(net, validation, first)),
            "tokens_per_second": round(count / seconds, 1),
            "seconds": round(time.perf_counter() - began, 1),
        }
        print(json.dumps(row), flush=True)


# Options


def read_config(path):
    """`key: value` lines with `#` comments: as much of YAML as the recipes use."""
    values = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            line = line.split("#")[0].strip()
            if line:
                key, _, value = line.partition(":")
                values[key.strip().replace("-", "_")] = value.strip()
    return values


def make_parser():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", help="a recipe; flags win")
    parser.add_argument("--train")
    parser.add_argument("--valid")
    parser.add_argument("--level", choices=["word", "character"], default="word")
    parser.add_argument("--cell", choices=["lstm", "gru", "rnn"], default="lstm")
    for name, default in [
        ("hidden", 200), ("layers", 2), ("embedding", 200), ("batch", 20), ("bptt", 20), ("epochs", 13),
        ("decay-after", 4), ("min-count", 1), ("vocabulary-size", 0), ("warmup", 0), ("seed", 1),
        ("threads", 2),
    ]:  # fmt: skip
        parser.add_argument(f"--{name}", type=int, default=default)
    for name, default in [
        ("dropout", 0.0), ("learning-rate", 1.0), ("decay", 1.0), ("clip", 5.0), ("init-range", 0.1),
        ("momentum", 0.0), ("weight-decay", 0.0),
    ]:  # fmt: skip
        parser.add_argument(f"--{name}", type=float, default=default)
    parser.add_argument("--optimizer", choices=["sgd", "adam", "adamw"], default="sgd")
    parser.add_argument("--schedule", choices=["exponential", "cosine"], default="exponential")
    parser.add_argument("--loss-unit", choices=["token", "sequence"], default="token")
    parser.add_argument("--tie", action="store_true")
    return parser


def main():
    parser = make_parser()
    config = parser.parse_known_args()[0].config
    if config:
        values = read_config(config)
        tie = values.pop("tie", "false") == "true"
        known = {action.dest for action in parser._actions}
        if unknown := set(values) - known:
            parser.error(f"{config}: unknown keys {', '.join(sorted(unknown))}")
        parser.set_defaults(tie=tie, **values)
    options = parser.parse_args()
    if not options.train or not options.valid:
        parser.error("--train and --valid are needed")
    if options.tie and options.embedding != options.hidden:
        parser.error("tied weights need --embedding equal to --hidden")
    train(options)


if __name__ == "__main__":
    main()
