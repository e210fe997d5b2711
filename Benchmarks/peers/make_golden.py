"""Writes the golden values that the tests of `Recurrent` compare with.

    python make_golden.py [FOLDER]      default: Tests/RecurrentTests/Golden of this checkout

Every case is drawn and evaluated by PyTorch. The inputs are numbers that a Float holds exactly; the
arithmetic is done in Double and rounded to Float once, at the end, so what is stored is right to the last
bit and a test measures the error of our Float arithmetic, not the sum of two errors.
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

T, B, I, H, P = 5, 3, 4, 6, 3
CELLS = {
    "rnn-tanh": lambda layers, **also: torch.nn.RNN(I, H, layers, nonlinearity="tanh", **also),
    "rnn-relu": lambda layers, **also: torch.nn.RNN(I, H, layers, nonlinearity="relu", **also),
    "lstm": lambda layers, **also: torch.nn.LSTM(I, H, layers, **also),
    "gru": lambda layers, **also: torch.nn.GRU(I, H, layers, **also),
}
PROJECTED = {"lstm-projected": lambda layers, **also: torch.nn.LSTM(I, H, layers, proj_size=P, **also)}


def normal(*shape, scale=1.0):
    """Normal numbers, exact in Float, held in Double."""
    return (torch.randn(*shape, dtype=torch.float32) * scale).double()


def write(path, tensors, about):
    stored = {name: t.detach().to(torch.float32).contiguous() for name, t in tensors.items()}
    save_file(stored, path, metadata={"about": f"{about}; torch {torch.__version__}"})


def recurrent_case(cell, layers, lengths, bidirectional=False):
    """One net, one batch, one backward pass from a random gradient of everything it returns."""
    net = (CELLS | PROJECTED)[cell](layers, bidirectional=bidirectional).double()
    has_memory, rows = cell.startswith("lstm"), layers * (2 if bidirectional else 1)
    # PyTorch's own start is too timid to reach the curved part of a gate.
    with torch.no_grad():
        for name, p in net.named_parameters():
            p.copy_(normal(*p.shape, scale=0.6 if name.startswith("weight") else 0.4))
    x = normal(T, B, I).requires_grad_()
    h0 = normal(rows, B, P if cell in PROJECTED else H, scale=0.7).requires_grad_()
    c0 = normal(rows, B, H, scale=0.7).requires_grad_() if has_memory else None
    state = (h0, c0) if c0 is not None else h0

    if lengths is None:
        output, final = net(x, state)
    else:
        packed = pack_padded_sequence(x, torch.tensor(lengths), enforce_sorted=False)
        packed_output, final = net(packed, state)
        output, _ = pad_packed_sequence(packed_output, total_length=T)
    hn, cn = final if c0 is not None else (final, None)

    grad_output, grad_hn = normal(*output.shape), normal(*hn.shape)
    loss = (output * grad_output).sum() + (hn * grad_hn).sum()
    tensors = {"input": x, "h0": h0, "output": output, "hn": hn}
    tensors |= {"grad_output": grad_output, "grad_hn": grad_hn}
    if c0 is not None:
        grad_cn = normal(*cn.shape)
        loss = loss + (cn * grad_cn).sum()
        tensors |= {"c0": c0, "cn": cn, "grad_cn": grad_cn}
    loss.backward()

    tensors |= {"d_input": x.grad, "d_h0": h0.grad}
    if c0 is not None:
        tensors["d_c0"] = c0.grad
    for name, p in net.named_parameters():
        tensors[name] = p
        tensors["d_" + name] = p.grad
    if lengths is not None:
        tensors["lengths"] = torch.tensor(lengths, dtype=torch.float32)
    return tensors


def operations():
    """Softmax, log-softmax, layer norm and cross-entropy over the last axis of a [4, 7] matrix."""
    rows, columns = 4, 7
    tensors = {}
    for name in ["softmax", "log_softmax"]:
        x = normal(rows, columns, scale=3).requires_grad_()
        y = getattr(torch.nn.functional, name)(x, dim=-1)
        upstream = normal(rows, columns)
        y.backward(upstream)
        tensors |= {
            f"{name}.input": x, f"{name}.output": y,
            f"{name}.grad_output": upstream, f"{name}.d_input": x.grad,
        }  # fmt: skip

    x = normal(rows, columns, scale=2).requires_grad_()
    weight, bias = normal(columns).requires_grad_(), normal(columns).requires_grad_()
    y = torch.nn.functional.layer_norm(x, (columns,), weight, bias, eps=1e-5)
    upstream = normal(rows, columns)
    y.backward(upstream)
    tensors |= {
        "layer_norm.input": x, "layer_norm.weight": weight, "layer_norm.bias": bias,
        "layer_norm.output": y, "layer_norm.grad_output": upstream,
        "layer_norm.d_input": x.grad, "layer_norm.d_weight": weight.grad, "layer_norm.d_bias": bias.grad,
    }  # fmt: skip

    x = normal(rows, columns, scale=3).requires_grad_()
    targets = torch.tensor([0, 6, 3, 3])
    losses = torch.nn.functional.cross_entropy(x, targets, reduction="none")
    losses.mean().backward()
    tensors |= {
        "cross_entropy.input": x, "cross_entropy.targets": targets,
        "cross_entropy.rows": losses, "cross_entropy.output": losses.mean().reshape(1),
        "cross_entropy.d_input": x.grad,
    }  # fmt: skip
    return tensors


class TinyLanguageModel(torch.nn.Module):
    def __init__(self, vocabulary, embedding, hidden, layers):
        super().__init__()
        self.embedding = torch.nn.Embedding(vocabulary, embedding)
        self.rnn = torch.nn.LSTM(embedding, hidden, layers)
        self.decoder = torch.nn.Linear(hidden, vocabulary)

    def forward(self, tokens, state):
        output, state = self.rnn(self.embedding(tokens), state)
        return self.decoder(output), state


def training_curve(make_optimizer, clip, over_time):
    """Ten windows of truncated backpropagation through time, the state carried and cut between them."""
    vocabulary, width, layers, batch, window, steps = 20, 8, 2, 4, 6, 10
    net = TinyLanguageModel(vocabulary, width, width, layers).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(normal(*p.shape, scale=0.5))
    # Tokens with something to learn: mostly the successor of the token before.
    tokens = torch.randint(vocabulary, (steps * window + 1, batch))
    for t in range(1, len(tokens)):
        follow = torch.rand(batch) < 0.7
        tokens[t] = torch.where(follow, (tokens[t - 1] * 3 + 1) % vocabulary, tokens[t])

    tensors = {"tokens": tokens}
    tensors |= {f"initial.{name}": p.detach().clone() for name, p in net.named_parameters()}
    optimizer = make_optimizer(net.parameters())
    losses, norms, state = [], [], None
    for step in range(steps):
        at = step * window
        optimizer.zero_grad()
        logits, state = net(tokens[at : at + window], state)
        state = tuple(s.detach() for s in state)
        targets = tokens[at + 1 : at + window + 1]
        loss = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        (loss * window if over_time else loss).backward()
        norms.append(torch.nn.utils.clip_grad_norm_(net.parameters(), clip).item())
        losses.append(loss.item())
        optimizer.step()
    assert any(n > clip for n in norms) and any(n < clip for n in norms), norms
    tensors |= {f"final.{name}": p for name, p in net.named_parameters()}
    tensors |= {"final.h": state[0], "final.c": state[1]}
    tensors |= {"losses": torch.tensor(losses), "gradient_norms": torch.tensor(norms)}
    return tensors


CURVES = {
    "sgd": (lambda p: torch.optim.SGD(p, lr=1.0), 0.35, False),
    "sgd-sum-over-time": (lambda p: torch.optim.SGD(p, lr=0.2), 2.1, True),
    "momentum": (lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.9), 0.35, False),
    "adam": (lambda p: torch.optim.Adam(p, lr=0.02), 0.35, False),
    "adamw": (lambda p: torch.optim.AdamW(p, lr=0.02, weight_decay=0.1), 0.35, False),
}


TREES = [[-1, 0, 0, 0, 2, 2, 5], [1, -1, 1], [-1]]
CHILDREN = 3  # the most of a node


def tree_states(kind, parents, x, w):
    """The states of all nodes of one tree (Socher et al. 2013; Tai et al. 2015), by recursion."""
    states = {}

    def visit(node):
        below = [visit(k) for k, parent in enumerate(parents) if parent == node]
        p = w["weight_ih"] @ x[node] + w["bias_ih"]
        hs = [h for h, _ in below]
        side_by_side = torch.cat(hs + [torch.zeros(H, dtype=torch.float64)] * (CHILDREN - len(hs)))
        if kind == "recursive":
            h, c = torch.tanh(p + w["weight_hh"] @ side_by_side), None
        else:
            total = sum(hs, torch.zeros(H, dtype=torch.float64))
            i, f, g, o = p.chunk(4)
            u = w["weight_hh"] @ (total if kind == "child-sum" else side_by_side)
            ui, ug, uo = u.chunk(3)
            if kind == "child-sum":
                gates = [f + w["weight_hf"] @ h for h in hs]
            else:
                gates = [f + uf for uf in (w["weight_hf"] @ side_by_side).chunk(CHILDREN)]
            c = torch.sigmoid(i + ui) * torch.tanh(g + ug)
            for gate, (_, memory) in zip(gates, below):
                c = c + torch.sigmoid(gate) * memory
            h = torch.sigmoid(o + uo) * torch.tanh(c)
        states[node] = h
        return h, c

    visit(parents.index(-1))
    return [states[node] for node in range(len(parents))]


def tree_case(kind):
    """A tree cell over three trees, and one backward pass from a random gradient of all states."""
    wide = H if kind == "child-sum" else CHILDREN * H
    gates = {"recursive": H, "child-sum": 3 * H, "n-ary": 3 * H}[kind]
    inputs = H if kind == "recursive" else 4 * H
    shapes = {"weight_ih": (inputs, I), "bias_ih": (inputs,), "weight_hh": (gates, wide)}
    if kind != "recursive":
        shapes["weight_hf"] = (wide, wide)
    w = {name: normal(*shape, scale=0.5).requires_grad_() for name, shape in shapes.items()}
    nodes = sum(map(len, TREES))
    x = normal(nodes, I).requires_grad_()
    states, start = [], 0
    for parents in TREES:
        states += tree_states(kind, parents, x[start : start + len(parents)], w)
        start += len(parents)
    output = torch.stack(states)
    grad_output = normal(nodes, H)
    (output * grad_output).sum().backward()
    tensors = {"input": x, "output": output, "grad_output": grad_output, "d_input": x.grad}
    for name, parameter in w.items():
        tensors |= {name: parameter, "d_" + name: parameter.grad}
    tensors["parents"] = torch.tensor([p for parents in TREES for p in parents])
    tensors["sizes"] = torch.tensor([len(parents) for parents in TREES])
    return tensors


def adaptive_case():
    """AdaptiveLogSoftmaxWithLoss of a batch with targets in the head and in both clusters, and one backward pass."""
    vocabulary, cutoffs = 11, [3, 7]
    net = torch.nn.AdaptiveLogSoftmaxWithLoss(16, vocabulary, cutoffs, div_value=4.0, head_bias=True).double()
    with torch.no_grad():
        for p in net.parameters():
            p.copy_(normal(*p.shape, scale=0.7))
    x = normal(6, 16).requires_grad_()
    targets = torch.tensor([0, 2, 9, 3, 6, 10])
    log_probabilities = net.log_prob(x)
    output, loss = net(x, targets)
    loss.backward()
    tensors = {"input": x, "targets": targets, "cutoffs": torch.tensor(cutoffs), "d_input": x.grad}
    tensors |= {"log_probabilities": log_probabilities, "output": output, "loss": loss.reshape(1)}
    for name, p in net.named_parameters():
        tensors[name] = p
        tensors["d_" + name] = p.grad
    return tensors


def main():
    here = Path(__file__).resolve().parents[2] / "Tests" / "RecurrentTests" / "Golden"
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else here
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(601475)
    torch.set_num_threads(1)
    for cell in CELLS:
        for layers in (1, 2):
            for suffix, lengths in (("", None), ("-lengths", [3, 5, 2])):
                name = f"{cell}-{layers}{suffix}.safetensors"
                about = f"torch {cell}, {layers} layers, T={T} B={B} I={I} H={H}, lengths {lengths}"
                write(folder / name, recurrent_case(cell, layers, lengths), about)
    write(folder / "operations.safetensors", operations(), "torch.nn.functional")
    for name, (optimizer, clip, over_time) in CURVES.items():
        about = f"ten steps, {name}, clip {clip}"
        write(folder / f"curve-{name}.safetensors", training_curve(optimizer, clip, over_time), about)

    # Seeded anew, so that what is added above leaves these as they are.
    torch.manual_seed(601476)
    cases = [(cell, False) for cell in PROJECTED] + [(cell, True) for cell in CELLS | PROJECTED]
    for cell, bidirectional in cases:
        for layers in (1, 2):
            for suffix, lengths in (("", None), ("-lengths", [3, 5, 2])):
                both = "-bidirectional" if bidirectional else ""
                about = f"torch {cell}{both}, {layers} layers, T={T} B={B} I={I} H={H}, lengths {lengths}"
                tensors = recurrent_case(cell, layers, lengths, bidirectional)
                write(folder / f"{cell}{both}-{layers}{suffix}.safetensors", tensors, about)

    torch.manual_seed(601477)
    for kind in ("recursive", "child-sum", "n-ary"):
        about = f"{kind} tree cell, E={I} H={H}, at most {CHILDREN} children"
        write(folder / f"tree-{kind}.safetensors", tree_case(kind), about)

    torch.manual_seed(601478)
    about = "torch.nn.AdaptiveLogSoftmaxWithLoss, H=16, 11 tokens, clusters from 3 and 7"
    write(folder / "adaptive.safetensors", adaptive_case(), about)


if __name__ == "__main__":
    main()
