"""Opens a model file of ours with `safetensors`, runs it in PyTorch and compares with the tool.

    python load_in_torch.py .build/release/unroll model.safetensors text.txt

The weights go into torch.nn.Embedding, torch.nn.LSTM / GRU / RNN and torch.nn.Linear as they are. Every token's
log-probability is compared with what `unroll score MODEL FILE --tokens --json` prints; more than 1e-5 apart is
a failure. PyTorch computes in double precision, so that the difference is the tool's rounding alone; how far
PyTorch's own single precision is from it is printed beside.
"""

import argparse
import json
import subprocess
import sys

import torch
from safetensors import safe_open

TOLERANCE = 1e-5


def load(path):
    """The description of the model, its vocabulary as token -> id, and the three nets."""
    with safe_open(path, framework="pt") as file:
        about = json.loads(file.metadata()["unroll"])
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    assert about["task"] == "language-model", f"{path} holds a {about['task']}"
    architecture, tokens = about["architecture"], about["vocabulary"]["tokens"]

    embedding = torch.nn.Embedding.from_pretrained(tensors["embedding.weight"])
    sizes = [architecture[key] for key in ("embedding_size", "hidden_size", "layers")]
    nets = {
        "lstm": lambda: torch.nn.LSTM(*sizes),
        "gru": lambda: torch.nn.GRU(*sizes),
        "rnn": lambda: torch.nn.RNN(*sizes),
        "rnn-relu": lambda: torch.nn.RNN(*sizes, nonlinearity="relu"),
    }
    if architecture["cell"] not in nets:
        sys.exit(f"PyTorch has no {architecture['cell']}; it has {', '.join(nets)}")
    rnn = nets[architecture["cell"]]()
    weights = {n.removeprefix("rnn."): t for n, t in tensors.items() if n.startswith("rnn.")}
    rnn.load_state_dict(weights)
    decoder = torch.nn.Linear(architecture["hidden_size"], len(tokens))
    tied = "decoder.weight" not in tensors
    matrix = tensors["embedding.weight" if tied else "decoder.weight"]
    decoder.load_state_dict({"weight": matrix, "bias": tensors["decoder.bias"]})
    return about, {token: index for index, token in enumerate(tokens)}, embedding, rnn, decoder


@torch.inference_mode()
def log_probabilities(ids, nets, dtype):
    """ids: the context, then the tokens to score  ->  log p of each of those."""
    embedding, rnn, decoder = (net.to(dtype) for net in nets)
    output, _ = rnn(embedding(torch.tensor(ids[:-1])[:, None]))
    logits = decoder(output[:, 0])
    return logits.log_softmax(-1).gather(-1, torch.tensor(ids[1:])[:, None])[:, 0].tolist()


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("unroll", help="the command-line tool")
    parser.add_argument("model")
    parser.add_argument("text")
    options = parser.parse_args()

    about, vocabulary, *nets = load(options.model)
    # What the first token is predicted from: a sentence's start, else the end of the line before.
    architecture = about["architecture"]
    line_end = "</s>" if architecture["level"] == "word" else "\n"
    start = "<s>" if architecture["unit"] == "sentence" else line_end
    command = [options.unroll, "score", options.model, options.text, "--tokens", "--json"]
    scored = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    worst, worst_single, count = 0.0, 0.0, 0
    for line in scored.splitlines():
        tokens = json.loads(line)["tokens"]
        ids = [vocabulary.get(t["token"], vocabulary.get("<unk>")) for t in tokens]
        ids.insert(0, vocabulary[start])
        double = log_probabilities(ids, nets, torch.double)
        single = log_probabilities(ids, nets, torch.float)
        for ours, exact, rounded in zip(tokens, double, single):
            worst = max(worst, abs(ours["log_probability"] - exact))
            worst_single = max(worst_single, abs(rounded - exact))
            count += 1
    print(
        f"{count} tokens, {architecture}: largest difference {worst:.2e},"
        f" of PyTorch's single precision {worst_single:.2e}"
    )
    if count == 0 or worst > TOLERANCE:
        sys.exit(f"PyTorch and the tool differ by more than {TOLERANCE}")


if __name__ == "__main__":
    main()
