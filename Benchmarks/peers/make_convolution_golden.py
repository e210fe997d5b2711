"""Writes the golden values that the tests of convolution and pooling compare with.

    python make_convolution_golden.py [FOLDER]      default: Tests/TensorsTests/Golden of this checkout

As in make_golden.py: drawn as Floats, computed by PyTorch in Double, rounded to Float once, at the end. Pictures are
stored with their channels last, [B, height, width, C].
"""

import sys
from pathlib import Path

import torch
from safetensors.torch import save_file

# Name: height, width, channels in and out, kernel, stride, padding.
CASES = {
    "same": (7, 6, 3, 5, (3, 3), 1, 1),
    "valid": (6, 7, 2, 4, (3, 2), 1, 0),
    "strided": (9, 8, 4, 18, (3, 3), 2, 1),
    "wide": (4, 4, 2, 3, (5, 5), 3, 3),
    "point": (3, 5, 6, 2, (1, 1), 1, 0),
}
BATCH = 2


def normal(*shape):
    """Normal numbers, exact in Float, held in Double."""
    return torch.randn(*shape, dtype=torch.float32).double()


def last(x):
    return x.permute(0, 2, 3, 1)


def case(name, height, width, channels, outputs, kernel, stride, padding):
    x = normal(BATCH, channels, height, width).requires_grad_()
    weight, bias = normal(outputs, channels, *kernel).requires_grad_(), normal(outputs).requires_grad_()
    y = torch.nn.functional.conv2d(x, weight, bias, stride=stride, padding=padding)
    gradient = normal(*y.shape)
    (y * gradient).sum().backward()
    return {
        f"{name}.input": last(x), f"{name}.weight": weight, f"{name}.bias": bias, f"{name}.output": last(y),
        f"{name}.grad_output": last(gradient), f"{name}.grad_input": last(x.grad),
        f"{name}.grad_weight": weight.grad, f"{name}.grad_bias": bias.grad,
    }


def pooling(name, size, height, width):
    x = normal(BATCH, 3, height, width).requires_grad_()
    y = torch.nn.functional.max_pool2d(x, size)
    gradient = normal(*y.shape)
    (y * gradient).sum().backward()
    return {
        f"{name}.input": last(x), f"{name}.output": last(y), f"{name}.grad_output": last(gradient),
        f"{name}.grad_input": last(x.grad),
    }


def main():
    root = Path(__file__).resolve().parents[2]
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else root / "Tests/TensorsTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(20150607)
    tensors = {}
    for name, sizes in CASES.items():
        tensors |= case(name, *sizes)
    tensors |= pooling("pool-2", 2, 5, 6) | pooling("pool-3", 3, 7, 6)
    stored = {name: t.detach().to(torch.float32).contiguous() for name, t in tensors.items()}
    save_file(
        stored, folder / "convolution.safetensors",
        metadata={"about": f"convolution and pooling; torch {torch.__version__}"},
    )


if __name__ == "__main__":
    main()
