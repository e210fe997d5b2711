"""One step of whole encoder-decoders in PyTorch, with the gradients of all parameters.

    python make_translator_golden.py ../../Tests/ModelsTests/Golden

writes translator-after.safetensors (Luong et al. 2015: general attention after a step) and
translator-before.safetensors (Bahdanau et al. 2015: additive attention before a step). Names are those of
Unroll's parameters.
"""

import sys

import torch
from safetensors.torch import save_file

torch.set_default_dtype(torch.float64)

E, H, V_SOURCE, V_TARGET, A = 5, 6, 9, 8, 6
SOURCES = [[3, 4, 5, 2], [6, 2], [5, 8, 3, 2]]
INPUTS = [[1, 3, 4], [1, 5, 2], [1, 2, 2]]
TARGETS = [[3, 4, 2], [5, 2, -1], [2, -1, -1]]


def parameters(context):
    """Random parameters of one layer, from both ends and with a bridge."""
    torch.manual_seed(len(context))
    half = H // 2
    shapes = {"source_embedding.weight": (V_SOURCE, E)}
    for suffix in ["", "_reverse"]:
        shapes[f"encoder.weight_ih_l0{suffix}"] = (4 * half, E)
        shapes[f"encoder.weight_hh_l0{suffix}"] = (4 * half, half)
        shapes[f"encoder.bias_ih_l0{suffix}"] = (4 * half,)
        shapes[f"encoder.bias_hh_l0{suffix}"] = (4 * half,)
    shapes["target_embedding.weight"] = (V_TARGET, E)
    inputs = E + (H if context == "before" else 0)
    shapes["decoder.weight_ih_l0"] = (4 * H, inputs)
    shapes["decoder.weight_hh_l0"] = (4 * H, H)
    shapes["decoder.bias_ih_l0"] = (4 * H,)
    shapes["decoder.bias_hh_l0"] = (4 * H,)
    if context == "after":
        shapes["attention.key.weight"] = (H, H)
    else:
        shapes["attention.query.weight"] = (A, H)
        shapes["attention.key.weight"] = (A, H)
        shapes["attention.key.bias"] = (A,)
        shapes["attention.score.weight"] = (1, A)
    for part in range(2):
        shapes[f"bridge.0.{part}.weight"] = (H, 2 * H)
        shapes[f"bridge.0.{part}.bias"] = (H,)
    shapes["readout.weight"] = (H, 2 * H + (E if context == "before" else 0))
    shapes["readout.bias"] = (H,)
    shapes["output.weight"] = (V_TARGET, H)
    shapes["output.bias"] = (V_TARGET,)
    # Rounded to single precision, so that both sides start from the same numbers.
    return {
        # Attention that attends: else its gradients are the small differences of large numbers.
        name: (torch.rand(shape) - 0.5)
        .mul(4 if name.startswith("attention") else 1.2)
        .float()
        .double()
        .requires_grad_()
        for name, shape in shapes.items()
    }


def lstm(p, name):
    return [p[f"{name}.{kind}_l0"] for kind in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]]


def encode(p):
    lengths = torch.tensor([len(source) for source in SOURCES])
    steps = int(lengths.max())
    padded = torch.tensor([source + [2] * (steps - len(source)) for source in SOURCES]).T
    vectors = torch.nn.functional.embedding(padded, p["source_embedding.weight"])
    packed = torch.nn.utils.rnn.pack_padded_sequence(vectors, lengths, enforce_sorted=False)
    flat = [
        p[f"encoder.{kind}_l0{suffix}"]
        for suffix in ["", "_reverse"]
        for kind in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    ]
    net = torch.nn.LSTM(E, H // 2, bidirectional=True)
    names = [name for name, _ in net.named_parameters()]
    (outputs, (h, c)) = torch.func.functional_call(net, dict(zip(names, flat)), (packed,))
    memory, _ = torch.nn.utils.rnn.pad_packed_sequence(outputs)
    # Parts of the forward direction, then those of the other.
    state = torch.cat([h[0], c[0], h[1], c[1]], dim=1)
    return memory, lengths, state


def attend(p, context, query, memory, lengths):
    """Contexts [B, H] of queries [B, H]."""
    keys = memory @ p["attention.key.weight"].T
    if context == "after":
        scores = (keys * query).sum(-1)
    else:
        keys = keys + p["attention.key.bias"]
        mixed = torch.tanh(query @ p["attention.query.weight"].T + keys)
        scores = (mixed @ p["attention.score.weight"].T).squeeze(-1)
    beyond = torch.arange(memory.shape[0])[:, None] >= lengths
    weights = torch.softmax(scores.masked_fill(beyond, -torch.inf), dim=0)
    return (weights[:, :, None] * memory).sum(0)


def losses(p, context):
    memory, lengths, state = encode(p)
    h = torch.tanh(state @ p["bridge.0.0.weight"].T + p["bridge.0.0.bias"])
    c = state @ p["bridge.0.1.weight"].T + p["bridge.0.1.bias"]
    inputs, targets = torch.tensor(INPUTS).T, torch.tensor(TARGETS).T
    result = []
    cell = torch.nn.LSTMCell(E if context == "after" else E + H, H)
    names = ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    weights = dict(zip(names, lstm(p, "decoder")))
    for tokens, target in zip(inputs, targets):
        x = torch.nn.functional.embedding(tokens, p["target_embedding.weight"])
        if context == "after":
            h, c = torch.func.functional_call(cell, weights, (x, (h, c)))
            parts = [attend(p, context, h, memory, lengths), h]
        else:
            seen = attend(p, context, h, memory, lengths)
            joined = torch.cat([x, seen], dim=1)
            h, c = torch.func.functional_call(cell, weights, (joined, (h, c)))
            parts = [h, seen, x]
        readout = torch.tanh(torch.cat(parts, dim=1) @ p["readout.weight"].T + p["readout.bias"])
        logits = readout @ p["output.weight"].T + p["output.bias"]
        result.append(
            torch.nn.functional.cross_entropy(logits, target, ignore_index=-1, reduction="none")
        )
    return torch.stack(result)


for context in ["after", "before"]:
    p = parameters(context)
    rows = losses(p, context)
    rows.sum().backward()
    tensors = {name: value.detach().float() for name, value in p.items()}
    tensors |= {f"d_{name}": value.grad.float() for name, value in p.items()}
    tensors["losses"] = rows.detach().float()
    save_file(
        {name: value.contiguous() for name, value in tensors.items()},
        f"{sys.argv[1]}/translator-{context}.safetensors",
    )
