"""The DyNet twin of `unroll bench trees`: trees a second of full training steps, with autobatching.

    python dynet_trees.py --listops 1000 --binary --write listops.txt      trees for both, in brackets
    python dynet_trees.py --file listops.txt --cell n-ary --batch 32 --seconds 10

One step is embedding, Tree-LSTM (Tai et al. 2015), softmax of the root, backward, clipping by global norm
and Adam. Each node is a few expressions, as anyone would write them; DyNet brings equal operations of
different nodes together (`autobatch`). The gates i, g and o of a node are one product, as ours are, and so
are the N-ary cell's forget gates. DyNet has one core whatever it is told.

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
    model = dy.ParameterCollection()
    embedding = model.add_lookup_parameters((len(words) + 1, features))
    w_iou = model.add_parameters((3 * size, features))
    b_iou = model.add_parameters(3 * size, init=0)
    w_f = model.add_parameters((size, features))
    b_f = model.add_parameters(size, init=1)
    is_nary = options.cell == "n-ary"
    if is_nary:
        u_iou = [model.add_parameters((3 * size, size)) for _ in range(arity)]
        u_f = [[model.add_parameters((size, size)) for _ in range(arity)] for _ in range(arity)]
        # All forget gates of a node by one product with each child: of the first a children, for a node of a.
        u_fs = {}
    else:
        u_iou = model.add_parameters((3 * size, size))
        u_f = model.add_parameters((size, size))
    output = model.add_parameters((len(label_ids), size))
    output_bias = model.add_parameters(len(label_ids), init=0)
    trainer = dy.AdamTrainer(model, alpha=0.001)
    trainer.set_clip_threshold(5.0)

    def gates(iou):
        i = dy.logistic(dy.pick_range(iou, 0, size))
        o = dy.logistic(dy.pick_range(iou, 2 * size, 3 * size))
        return i, dy.tanh(dy.pick_range(iou, size, 2 * size)), o

    def state(node):
        children = [state(child) for child in node.children]
        x = dy.lookup(embedding, words[node.word]) if node.word is not None else None
        iou = dy.affine_transform([b_iou, w_iou, x]) if x is not None else b_iou
        if not children:
            i, g, o = gates(iou)
            c = dy.cmult(i, g)
            return dy.cmult(o, dy.tanh(c)), c
        forget = dy.affine_transform([b_f, w_f, x]) if x is not None else b_f
        if is_nary:
            i, g, o = gates(
                dy.esum([iou, *(u_iou[l] * h for l, (h, _) in enumerate(children))])
            )
            count = len(children)
            if count not in u_fs:
                u_fs[count] = [
                    dy.concatenate([u_f[k][l] for k in range(count)]) for l in range(count)
                ]
            f = dy.logistic(
                dy.esum(
                    [
                        dy.concatenate([forget] * count),
                        *(u_fs[count][l] * h for l, (h, _) in enumerate(children)),
                    ]
                )
            )
            kept = [
                dy.cmult(dy.pick_range(f, k * size, (k + 1) * size), c)
                for k, (_, c) in enumerate(children)
            ]
        else:
            i, g, o = gates(iou + u_iou * dy.esum([h for h, _ in children]))
            kept = [dy.cmult(dy.logistic(forget + u_f * h), c) for h, c in children]
        c = dy.esum([dy.cmult(i, g), *kept])
        return dy.cmult(o, dy.tanh(c)), c

    order = list(range(len(trees)))
    random.seed(2)

    def step(chosen):
        dy.renew_cg()
        if is_nary:
            u_fs.clear()
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
    start = time.perf_counter()
    while time.perf_counter() - start < options.seconds:
        chosen = next(source)
        step(chosen)
        done += len(chosen)
    elapsed = time.perf_counter() - start
    print_row(
        name=options.cell,
        nodes=round(sum(map(count_nodes, trees)) / len(trees), 1),
        trees_per_second=round(done / elapsed, 1),
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
