"""The DyNet twin of `unroll bench trees`: trees a second of full training steps, with autobatching.

    python dynet_trees.py --listops 1000 --binary --write listops.txt      trees for both, in brackets
    python dynet_trees.py --file listops.txt --cell n-ary --batch 32 --seconds 10

One step is embedding, Tree-LSTM (Tai et al. 2015), softmax of the root, backward, clipping by global norm
and Adam. Each node is a few expressions, as anyone would write them; DyNet brings equal operations of
different nodes together (`autobatch`). The gates of a node are one product; for a node of fewer children than
the N-ary cell has places that of fewer rows and columns. DyNet has one core whatever it is told.

    child-sum   i, g, o = W x + U Σ h_k + b;   f_k = σ(W_f x + U_f h_k + b_f)
    n-ary       i, g, o, f_1 … f_a = W x + Σ_l U^l h_l + b    for the a children that are there
"""

import argparse
import random
import sys
import time
from pathlib import Path

from shapes import peak_memory_mb, print_row

OPERATORS = ("MIN", "MAX", "MED", "SM")


class Node:
    __slots__ = ("children", "label", "word")

    def __init__(self, word=None, children=(), label=None):
        self.word, self.children, self.label = word, list(children), label


def draw(depth=1):
    """An expression of ListOps (Nangia & Bowman 2018), with the published generator's numbers."""
    if depth <= 20 and random.random() < 0.25:
        return Node(random.choice(OPERATORS), [draw(depth + 1) for _ in range(random.randint(2, 5))])
    return Node(str(random.randrange(10)))


def value(node):
    if not node.children:
        return int(node.word)
    values = sorted(value(child) for child in node.children)
    if node.word == "MED":
        return (values[(len(values) - 1) // 2] + values[len(values) // 2]) // 2
    return {"MIN": min, "MAX": max, "SM": lambda v: sum(v) % 10}[node.word](values)


def length(node):
    return 2 + sum(map(length, node.children)) if node.children else 1


def binary(node):
    """The published binary tree: words are leaves, each joined to all of its list before it."""
    if not node.children:
        return Node(node.word)
    tree = Node("[" + node.word)
    for child in [*map(binary, node.children), Node("]")]:
        tree = Node(None, [tree, child])
    return tree


def brackets(node):
    label = node.label or "_"
    parts = [label] + ([node.word] if node.word else [])
    return "(" + " ".join(parts + [brackets(child) for child in node.children]) + ")"


def write(count, is_binary, path):
    random.seed(1)
    lines = []
    while len(lines) < count:
        tree = draw()
        if length(tree) <= 10:
            continue
        label = str(value(tree))
        tree = binary(tree) if is_binary else tree
        tree.label = label
        lines.append(brackets(tree))
    Path(path).write_text("\n".join(lines) + "\n")


def read_brackets(text):
    stack, trees = [], []
    for token in text.replace("(", " ( ").replace(")", " ) ").split():
        if token == "(":
            node = Node()
            (stack[-1].children if stack else trees).append(node)
            stack.append(node)
        elif token == ")":
            stack.pop()
        elif stack[-1].label is None:
            stack[-1].label = token
        else:
            stack[-1].word = token
    return trees


def read_dependencies(text):
    trees = []
    for block in text.strip().split("\n\n"):
        rows = [line.split("\t") for line in block.split("\n") if not line.startswith("#")]
        rows = [row for row in rows if row[0].isdigit()]
        nodes = [Node(row[1]) for row in rows]
        root = None
        for node, row in zip(nodes, rows):
            head = int(row[6])
            if head == 0:
                root = node
            else:
                nodes[head - 1].children.append(node)
        trees.append(root)
    return trees


def count_nodes(node):
    return 1 + sum(map(count_nodes, node.children))


def measure(options):
    sys.argv = sys.argv[:1]
    import dynet_config

    dynet_config.set(mem=2048, random_seed=1, autobatch=1)
    import dynet as dy

    text = Path(options.file).read_text()
    read = read_dependencies if options.file.endswith(".conllu") else read_brackets
    trees = read(text)
    labels = [tree.label or str(index % 5) for index, tree in enumerate(trees)]
    label_ids = {label: i for i, label in enumerate(sorted(set(labels)))}
    words = {}

    def number(node):
        if node.word is not None:
            words.setdefault(node.word, len(words))
        for child in node.children:
            number(child)

    for tree in trees:
        number(tree)
    arity = max(len(n.children) for t in trees for n in all_nodes(t))

    size, features = options.hidden, options.embedding
    is_nary = options.cell == "n-ary"
    model = dy.ParameterCollection()
    embedding = model.add_lookup_parameters((len(words) + 1, features))
    # Gates in the order i, o, g, f, so that one logistic serves i and o.
    w = model.add_parameters((4 * size, features))
    b = model.add_parameters(4 * size, init=0)
    if is_nary:
        u = model.add_parameters(((3 + arity) * size, arity * size))
    else:
        u = model.add_parameters((3 * size, size))
        u_f = model.add_parameters((size, size))
    output = model.add_parameters((len(label_ids), size))
    output_bias = model.add_parameters(len(label_ids), init=0)
    trainer = dy.AdamTrainer(model, alpha=0.001)
    trainer.set_clip_threshold(5.0)
    # What is made of parameters once a batch: rows and columns for a node of so many children.
    of_arity = {}

    def block(x, k, count=1):
        return dy.pick_range(x, k * size, (k + count) * size)

    def biases(count):
        """b of i, o, g and of `count` forget gates."""
        key = "b", count
        if key not in of_arity:
            of_arity[key] = dy.concatenate([block(b, 0, 3)] + [block(b, 3)] * count)
        return of_arity[key]

    def weights(count):
        key = "u", count
        if key not in of_arity:
            rows = dy.pick_range(u, 0, (3 + count) * size)
            of_arity[key] = dy.pick_range(rows, 0, count * size, d=1)
        return of_arity[key]

    def activations(gates):
        io = dy.logistic(block(gates, 0, 2))
        return block(io, 0), block(io, 1), dy.tanh(block(gates, 2))

    def state(node):
        children = [state(child) for child in node.children]
        count = len(children)
        x = None
        if node.word is not None:
            x = dy.affine_transform([b, w, dy.lookup(embedding, words[node.word])])
        if not children:
            i, o, g = activations(x if x is not None else b)
            c = dy.cmult(i, g)
            return dy.cmult(o, dy.tanh(c)), c
        if is_nary:
            below = dy.concatenate([h for h, _ in children])
            if x is None:
                gates = dy.affine_transform([biases(count), weights(count), below])
            else:
                own = x if count == 1 else dy.concatenate([x] + [block(x, 3)] * (count - 1))
                gates = own + weights(count) * below
            i, o, g = activations(gates)
            f = dy.logistic(block(gates, 3, count))
            kept = [dy.cmult(block(f, k), c) for k, (_, c) in enumerate(children)]
        else:
            x = b if x is None else x
            i, o, g = activations(block(x, 0, 3) + u * dy.esum([h for h, _ in children]))
            forget = block(x, 3)
            kept = [dy.cmult(dy.logistic(forget + u_f * h), c) for h, c in children]
        c = dy.esum([dy.cmult(i, g), *kept])
        return dy.cmult(o, dy.tanh(c)), c

    order = list(range(len(trees)))
    random.seed(2)

    def step(chosen):
        dy.renew_cg()
        of_arity.clear()
        losses = [
            dy.pickneglogsoftmax(
                dy.affine_transform([output_bias, output, state(trees[index])[0]]),
                label_ids[labels[index]],
            )
            for index in chosen
        ]
        loss = dy.esum(losses) / len(losses)
        loss.value()
        loss.backward()
        trainer.update()

    def batches():
        while True:
            random.shuffle(order)
            for start in range(0, len(order), options.batch):
                yield order[start : start + options.batch]

    source = batches()
    warm = time.perf_counter()
    steps = 0
    while steps < 2 or time.perf_counter() - warm < min(1.0, options.seconds / 4):
        step(next(source))
        steps += 1
    done = 0
    start, processor = time.perf_counter(), time.process_time()
    while time.perf_counter() - start < options.seconds:
        chosen = next(source)
        step(chosen)
        done += len(chosen)
    elapsed, processor = time.perf_counter() - start, time.process_time() - processor
    print_row(
        name=options.cell,
        nodes=round(sum(map(count_nodes, trees)) / len(trees), 1),
        trees_per_second=round(done / elapsed, 1),
        trees_per_processor_second=round(done / processor, 1),
        peak_memory_mb=round(peak_memory_mb(), 1),
    )


def all_nodes(tree):
    yield tree
    for child in tree.children:
        yield from all_nodes(child)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--listops", type=int, help="write so many expressions")
    parser.add_argument("--binary", action="store_true", help="as the published binary trees")
    parser.add_argument("--write", help="where they go")
    parser.add_argument("--file", help="trees in brackets, or dependencies (.conllu)")
    parser.add_argument("--cell", choices=("child-sum", "n-ary"), default="child-sum")
    parser.add_argument("--embedding", type=int, default=128)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--seconds", type=float, default=5)
    options = parser.parse_args()
    sys.setrecursionlimit(100_000)
    if options.listops:
        return write(options.listops, options.binary, options.write)
    measure(options)


if __name__ == "__main__":
    main()
