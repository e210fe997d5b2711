"""The net of the step benchmarks, in PyTorch and as an ONNX graph with the same weights."""

import numpy
import torch
from onnx import TensorProto, helper, numpy_helper


class StepNet(torch.nn.Module):
    """One token in, its logits out, the LSTM's state carried."""

    def __init__(self, shape):
        super().__init__()
        self.shape = shape
        self.embedding = torch.nn.Embedding(shape.vocabulary, shape.embedding)
        self.rnn = torch.nn.LSTM(shape.embedding, shape.hidden, shape.layers)
        self.decoder = torch.nn.Linear(shape.hidden, shape.vocabulary)
        for p in self.parameters():
            torch.nn.init.uniform_(p, -0.1, 0.1)

    def forward(self, tokens, state):
        output, state = self.rnn(self.embedding(tokens)[None], state)
        return self.decoder(output[0]), state


def onnx_model(net, batch):
    """tokens [B] int64, h0…, c0… [1,B,H]  ->  logits [B,V], hn0…, cn0… [1,B,H]."""
    shape = net.shape
    weights = {name: p.detach().numpy() for name, p in net.named_parameters()}
    constants, nodes = [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(numpy.ascontiguousarray(value), name))
        return name

    def reorder(matrix):
        """PyTorch's gate order i f g o into ONNX's i o f g."""
        i, f, g, o = numpy.split(matrix, 4)
        return numpy.concatenate([i, o, f, g])

    nodes.append(
        helper.make_node("Gather", [constant("embedding", weights["embedding.weight"]), "tokens"], ["x"])
    )
    nodes.append(helper.make_node("Unsqueeze", ["x", constant("axis", numpy.array([0]))], ["x0"]))
    inputs = [helper.make_tensor_value_info("tokens", TensorProto.INT64, [batch])]
    outputs = [helper.make_tensor_value_info("logits", TensorProto.FLOAT, [batch, shape.vocabulary])]
    for layer in range(shape.layers):
        part = {
            kind: reorder(weights[f"rnn.{kind}_l{layer}"])
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        }
        bias = numpy.concatenate([part["bias_ih"], part["bias_hh"]])
        nodes.append(
            helper.make_node(
                "LSTM",
                [
                    f"x{layer}",
                    constant(f"W{layer}", part["weight_ih"][None]),
                    constant(f"R{layer}", part["weight_hh"][None]),
                    constant(f"B{layer}", bias[None]),
                    "",
                    f"h{layer}",
                    f"c{layer}",
                ],
                [f"y{layer}", f"hn{layer}", f"cn{layer}"],
                hidden_size=shape.hidden,
            )
        )
        # Y is [T, directions, B, H]; one direction, so drop that axis.
        axis = constant(f"direction{layer}", numpy.array([1]))
        nodes.append(helper.make_node("Squeeze", [f"y{layer}", axis], [f"x{layer + 1}"]))
        size = [1, batch, shape.hidden]
        for name in (f"h{layer}", f"c{layer}"):
            inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, size))
        for name in (f"hn{layer}", f"cn{layer}"):
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, size))
    nodes.append(helper.make_node("Squeeze", [f"x{shape.layers}", "axis"], ["top"]))
    # [H, V] as it lies in memory is what ONNX Runtime multiplies fastest.
    decoder = [constant("decoder", weights["decoder.weight"].T), constant("bias", weights["decoder.bias"])]
    nodes.append(helper.make_node("Gemm", ["top", *decoder], ["logits"]))
    graph = helper.make_graph(nodes, "step", inputs, outputs, constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
