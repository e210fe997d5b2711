"""Writes the golden pictures that the tests of `Images` compare with.

    python make_image_golden.py [FOLDER]      default: Tests/ImagesTests/Golden of this checkout

PNG files of every colour type, depth, filter and interlacing are written here from drawn samples, whose pixels
follow from the standard; Pillow (libjpeg-turbo, zlib) says what is in the JPEG files, and must agree on every PNG
file that it reads with eight bits. JPEG files that Pillow does not write come from the small encoder below.

    pixels.txt   a line for each picture: file, width, height, first byte in pixels.bin
    pixels.bin   red, green, blue, alpha
    streams.txt  a line for each zlib stream: name, first byte, bytes, first byte and bytes of the plain text
    streams.bin  streams and plain texts
"""

import io
import struct
import sys
import zlib
from pathlib import Path

import numpy as np
import PIL
from PIL import Image, ImageOps, features

rng = np.random.default_rng(20)
W, H = 13, 9
CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


# PNG -----------------------------------------------------------------------------------------------------------


def chunk(name, content):
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))


def packed(row, depth):
    """A row [width, channels] of samples as bytes."""
    if depth == 16:
        return row.astype(">u2").tobytes()
    if depth == 8:
        return row.astype(np.uint8).tobytes()
    bits = "".join(format(int(v), f"0{depth}b") for v in row.ravel())
    bits += "0" * (-len(bits) % 8)
    return bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))


def paeth(a, b, c):
    return min((abs(b - c), 0, a), (abs(a - c), 1, b), (abs(a + b - 2 * c), 2, c))[2]


def filtered(row, above, distance, kind):
    out = bytearray([kind])
    for i, value in enumerate(row):
        a = row[i - distance] if i >= distance else 0
        c = above[i - distance] if i >= distance else 0
        b = above[i]
        out.append((value - [0, a, b, (a + b) // 2, paeth(a, b, c)][kind]) & 255)
    return bytes(out)


def png(samples, depth, kind, interlaced=False, palette=None, clear=None, parts=1, extra=b"", filters=(0, 1, 2, 3, 4)):
    height, width, channels = samples.shape
    data, count = b"", 0
    for x, y, dx, dy in ADAM7 if interlaced else [(0, 0, 1, 1)]:
        part = samples[y::dy, x::dx]
        if part.size == 0:
            continue
        above = None
        for row in part:
            row = packed(row, depth)
            above = above or bytes(len(row))
            # From the last filter down, so that first rows of passes get Paeth, Average and Up too.
            data += filtered(row, above, max(1, depth * channels // 8), filters[-1 - count % len(filters)])
            above, count = row, count + 1
    stream = zlib.compress(data, 9)
    file = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, interlaced))
    file += extra
    if palette is not None:
        file += chunk(b"PLTE", palette.astype(np.uint8).tobytes())
    if clear is not None:
        file += chunk(b"tRNS", clear)
    size = -(-len(stream) // parts)
    for start in range(0, len(stream), size):
        file += chunk(b"IDAT", stream[start : start + size])
    return file + chunk(b"IEND", b"")


def expected(samples, depth, kind, palette=None, clear=None):
    height, width, _ = samples.shape
    out = np.full((height, width, 4), 255, np.uint8)
    if kind == 3:
        colors = np.full((256, 4), 255)
        colors[: len(palette), :3] = palette
        if clear is not None:
            colors[: len(clear), 3] = list(clear)
        return colors[samples[..., 0]].astype(np.uint8)
    eight = (samples.astype(np.int64) * 255 * 2 + 2**depth - 1) // (2 * (2**depth - 1))
    if kind in (0, 4):
        out[..., :3] = eight[..., :1]
    else:
        out[..., :3] = eight[..., :3]
    if kind in (4, 6):
        out[..., 3] = eight[..., -1]
    if clear is not None:
        out[..., 3] = np.where((samples == np.array(clear)).all(axis=-1), 0, 255)
    return out


def png_cases():
    """Pairs of a name with a file and its pixels."""
    for kind, depths in {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}.items():
        for depth in depths:
            for transparent in (False, True) if kind in (0, 2, 3) else (False,):
                colors = min(2**depth, 200) if kind == 3 else 2**depth
                samples = rng.integers(0, colors, (H, W, CHANNELS[kind]))
                # Neighbours that are alike, so that filters and matches have work.
                samples[2:5, 3:9] = samples[2, 3]
                palette = rng.integers(0, 256, (colors, 3)) if kind == 3 else None
                clear, raw = None, None
                if transparent and kind == 3:
                    clear = raw = bytes(rng.integers(0, 256, colors * 3 // 4).astype(np.uint8))
                elif transparent:
                    clear = samples[3, 4]
                    raw = struct.pack(f">{len(clear)}H", *clear)
                pixels = expected(samples, depth, kind, palette, clear)
                for interlaced in (False, True):
                    name = f"type{kind}-{depth}{'-clear' * transparent}{'-adam7' * interlaced}.png"
                    yield name, png(samples, depth, kind, interlaced, palette, raw), pixels
    for width, height in ((1, 1), (2, 3), (4, 1), (1, 5), (5, 5), (8, 2)):
        samples = rng.integers(0, 256, (height, width, 3))
        yield f"adam7-{width}x{height}.png", png(samples, 8, 2, True), expected(samples, 8, 2)
    samples = rng.integers(0, 256, (H, W, 4))
    extra = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Title\0parts")
    yield "parts.png", png(samples, 8, 6, parts=7, extra=extra), expected(samples, 8, 6)
    for kind in range(5):
        samples = rng.integers(0, 256, (4, 5, 3))
        yield f"filter{kind}.png", png(samples, 8, 2, filters=(kind,)), expected(samples, 8, 2)


# JPEG ----------------------------------------------------------------------------------------------------------


def photo(width, height):
    """A smooth field with noise: coefficients everywhere, and edges clipped at 0 and 255."""
    coarse = rng.integers(0, 256, (max(2, height // 5), max(2, width // 5), 3), dtype=np.uint8)
    field = np.array(Image.fromarray(coarse).resize((width, height), Image.BICUBIC)).astype(int)
    return Image.fromarray(np.clip(field * 1.2 - 20 + rng.normal(0, 9, field.shape), 0, 255).astype(np.uint8))


def zigzag():
    cells = [(r, c) for r in range(8) for c in range(8)]
    return sorted(cells, key=lambda p: (p[0] + p[1], p[0] if (p[0] + p[1]) % 2 else p[1]))


DCT = np.array([[(0.5 if u else 0.5**1.5) * np.cos((2 * x + 1) * u * np.pi / 16) for x in range(8)] for u in range(8)])


class Bits:
    def __init__(self):
        self.text = ""

    def signed(self, value, symbol_of):
        size = int(abs(value)).bit_length()
        self.text += symbol_of(size)
        if size:
            self.text += format(value if value > 0 else value + 2**size - 1, f"0{size}b")

    def bytes(self):
        text = self.text + "1" * (-len(self.text) % 8)
        raw = bytes(int(text[i : i + 8], 2) for i in range(0, len(text), 8))
        return raw.replace(b"\xff", b"\xff\x00")


def segment(marker, content):
    return bytes([0xFF, marker]) + struct.pack(">H", len(content) + 2) + content


def jpeg(planes, factors, width, height, step=6, marker=0xC0, interleaved=True, restart=0, head=b"", wide_steps=False):
    """A sequential JPEG file of sample planes at full size, whose codes all have one length."""
    hmax, vmax = max(h for h, _ in factors), max(v for _, v in factors)
    across, down = -(-width // (8 * hmax)), -(-height // (8 * vmax))
    ac_symbols = [0, 0xF0] + [run << 4 | size for run in range(16) for size in range(1, 11)]
    ac = {symbol: format(code, "08b") for code, symbol in enumerate(ac_symbols)}
    blocks = []
    for plane, (h, v) in zip(planes, factors):
        cw, ch = -(-width * h // hmax), -(-height * v // vmax)
        rows = np.minimum((np.arange(ch) * vmax) // v, height - 1)
        columns = np.minimum((np.arange(cw) * hmax) // h, width - 1)
        small = plane[np.ix_(rows, columns)].astype(float) - 128
        small = np.pad(small, ((0, down * v * 8 - ch), (0, across * h * 8 - cw)), mode="edge")
        grid = small.reshape(down * v, 8, across * h, 8).transpose(0, 2, 1, 3)
        blocks.append((np.rint(DCT @ grid @ DCT.T / step).astype(int), -(-cw // 8), -(-ch // 8)))

    def put(bits, block, last):
        scan = [block[r, c] for r, c in zigzag()]
        bits.signed(scan[0] - last, lambda size: format(size, "04b"))
        run = 0
        for value in scan[1:]:
            if value == 0:
                run += 1
                continue
            while run > 15:
                bits.text += ac[0xF0]
                run -= 16
            bits.signed(value, lambda size: ac[run << 4 | size])
            run = 0
        if run:
            bits.text += ac[0]
        return scan[0]

    def scan(parts):
        out = segment(0xDA, bytes([len(parts)]) + b"".join(bytes([p + 1, 0]) for p in parts) + bytes([0, 63, 0]))
        if len(parts) > 1:
            units = [
                [(p, y * factors[p][1] + j, x * factors[p][0] + i)
                 for p in parts for j in range(factors[p][1]) for i in range(factors[p][0])]
                for y in range(down) for x in range(across)
            ]
        else:
            _, columns, rows = blocks[parts[0]]
            units = [[(parts[0], y, x)] for y in range(rows) for x in range(columns)]
        bits, last, marks = Bits(), {p: 0 for p in parts}, 0
        for index, unit in enumerate(units):
            if restart and index and index % restart == 0:
                out += bits.bytes() + bytes([0xFF, 0xD0 + marks % 8])
                bits, last, marks = Bits(), {p: 0 for p in parts}, marks + 1
            for p, y, x in unit:
                last[p] = put(bits, blocks[p][0][y, x], last[p])
        return out + bits.bytes()

    steps = struct.pack(">64H", *[step] * 64) if wide_steps else bytes([step] * 64)
    frame = struct.pack(">BHHB", 8, height, width, len(planes))
    frame += b"".join(bytes([i + 1, h << 4 | v, 0]) for i, (h, v) in enumerate(factors))
    file = b"\xff\xd8" + head + segment(0xDB, bytes([0x10 if wide_steps else 0]) + steps) + segment(marker, frame)
    file += segment(0xC4, bytes([0x00, 0, 0, 0, 12] + [0] * 12 + list(range(12))))
    file += segment(0xC4, bytes([0x10] + [0] * 7 + [len(ac_symbols)] + [0] * 8 + ac_symbols))
    if restart:
        file += segment(0xDD, struct.pack(">H", restart))
    parts = list(range(len(planes)))
    file += scan(parts) if interleaved else b"".join(scan([p]) for p in parts)
    return file + b"\xff\xd9"


def saved(image, **options):
    out = io.BytesIO()
    image.save(out, "JPEG", **options)
    return out.getvalue()


def jpeg_cases():
    """Pairs of a name with a file."""
    w, h = 19, 17
    for name, subsampling in (("444", 0), ("422", 1), ("420", 2)):
        for progressive in (False, True):
            kind = "progressive" if progressive else "baseline"
            yield f"{kind}-{name}.jpg", saved(photo(w, h), quality=88, subsampling=subsampling, progressive=progressive)
    yield "grey.jpg", saved(photo(w, h).convert("L"), quality=95)
    yield "grey-progressive.jpg", saved(photo(w, h).convert("L"), quality=70, progressive=True)
    yield "optimized.jpg", saved(photo(w, h), quality=100, subsampling=0, optimize=True)
    yield "rgb.jpg", saved(photo(w, h), quality=85, keep_rgb=True)
    yield "cmyk.jpg", saved(photo(w, h).convert("CMYK"), quality=85)
    yield "restart.jpg", saved(photo(w, h), quality=80, restart_marker_blocks=1)
    yield "restart-progressive.jpg", saved(photo(w, h), quality=80, progressive=True, restart_marker_blocks=2)
    for width, height in ((1, 1), (2, 2), (3, 5), (6, 4)):
        yield f"tiny-{width}x{height}.jpg", saved(photo(width, height), quality=90)
    for orientation in range(1, 9):
        exif = Image.Exif()
        exif[0x0112] = orientation
        yield f"exif{orientation}.jpg", saved(photo(11, 6), quality=75, exif=exif)
    planes = [np.array(p) for p in photo(w, h).convert("YCbCr").split()]
    for name, factors in {
        "440": [(1, 2), (1, 1), (1, 1)], "411": [(4, 1), (1, 1), (1, 1)], "410": [(4, 2), (1, 1), (1, 1)],
        "chroma-larger": [(1, 1), (2, 2), (2, 1)], "thirds": [(3, 2), (1, 1), (3, 1)], "one-half": [(2, 2), (2, 1), (1, 2)],
    }.items():
        yield f"sampling-{name}.jpg", jpeg(planes, factors, w, h)
    square = [(2, 2), (1, 1), (1, 1)]
    yield "scans.jpg", jpeg(planes, square, w, h, interleaved=False, restart=2)
    yield "extended.jpg", jpeg(planes, square, w, h, marker=0xC1, wide_steps=True)
    adobe = segment(0xEE, b"Adobe\0\x64\0\0\0\0\x02")
    yield "ycck.jpg", jpeg([*planes, 255 - planes[0] // 3], [*square, (2, 2)], w, h, head=adobe)


# zlib ----------------------------------------------------------------------------------------------------------


def fixed_stream(symbols):
    """A zlib stream of one block with the fixed codes: bytes, and matches (length, distance)."""
    bits, plain = "110", bytearray()

    def literal(symbol):
        if symbol < 144:
            return format(symbol + 0x30, "08b")
        if symbol < 256:
            return format(symbol - 144 + 0x190, "09b")
        return format(symbol - 256, "07b") if symbol < 280 else format(symbol - 280 + 0xC0, "08b")

    def ranged(value, bases, extras):
        index = max(i for i, base in enumerate(bases) if base <= value)
        return index, format(value - bases[index], f"0{extras[index]}b")[::-1] if extras[index] else ""

    length_extras = [0] * 8 + [e for e in range(1, 6) for _ in range(4)] + [0]
    length_bases = [3 + sum(2**e for e in length_extras[:i]) for i in range(28)] + [258]
    distance_extras = [0] * 4 + [e for e in range(1, 14) for _ in range(2)]
    distance_bases = [1 + sum(2**e for e in distance_extras[:i]) for i in range(30)]
    for symbol in symbols:
        if isinstance(symbol, int):
            plain.append(symbol)
            bits += literal(symbol)
            continue
        length, distance = symbol
        for _ in range(length):
            plain.append(plain[-distance])
        index, rest = ranged(length, length_bases, length_extras)
        bits += literal(257 + index) + rest
        index, rest = ranged(distance, distance_bases, distance_extras)
        bits += format(index, "05b") + rest
    bits += literal(256)
    bits += "0" * (-len(bits) % 8)
    data = bytes(int(bits[i : i + 8][::-1], 2) for i in range(0, len(bits), 8))
    return b"\x78\x9c" + data + struct.pack(">I", zlib.adler32(plain)), bytes(plain)


def streams():
    words = b" ".join(bytes(rng.choice([b"time", b"and", b"again", b"the", b"gate", b"of", b"memory", b"forgets"]))
                      for _ in range(300))
    texts = {"empty": b"", "byte": b"U", "words": words, "noise": rng.bytes(300), "zeros": bytes(2000)}
    for name, plain in texts.items():
        for level in (0, 1, 6, 9):
            yield f"{name}-level{level}", zlib.compress(plain, level), plain
        for strategy in ("FIXED", "HUFFMAN_ONLY", "RLE"):
            made = zlib.compressobj(9, strategy=getattr(zlib, f"Z_{strategy}"))
            yield f"{name}-{strategy.lower()}", made.compress(plain) + made.flush(), plain
    made = zlib.compressobj(9, wbits=9)
    yield "words-window512", made.compress(words) + made.flush(), words
    made = zlib.compressobj(9)
    parts = b"".join(made.compress(words[i : i + 200]) + made.flush(zlib.Z_FULL_FLUSH) for i in range(0, 1000, 200))
    yield "flushed", parts + made.flush(), words[:1000]
    every = [65, 66] + [(length, 1 + length % 2) for length in range(3, 259)]
    yield "every-length", *fixed_stream(every)
    # Each power of two and its neighbours as distance, up to the whole window.
    start = list(range(256)) + [(258, 256)] * 127
    far = [(3 + n % 256, d) for n, d in enumerate(d for p in range(15) for d in (2**p - 1, 2**p, 2**p + 1) if d > 0)]
    yield "every-distance", *fixed_stream(start + far + [(258, 32767), (258, 32768)])


def main():
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).parents[2] / "Tests/ImagesTests/Golden"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    index, pixels, known = [], bytearray(), {}

    def add(name, file, rgba):
        (folder / name).write_bytes(file)
        raw = rgba.tobytes()
        place = known.setdefault(raw, len(pixels))
        if place == len(pixels):
            pixels.extend(raw)
        index.append(f"{name} {rgba.shape[1]} {rgba.shape[0]} {place}")

    for name, file, rgba in png_cases():
        image = Image.open(io.BytesIO(file))
        # Pillow keeps the high byte of 16 bits, and looks for grey's transparent sample among the widened ones.
        if "-16" not in name and not name.startswith(("type0-2-clear", "type0-4-clear")):
            assert (np.array(image.convert("RGBA")) == rgba).all(), name
        add(name, file, rgba)
    for name, file in jpeg_cases():
        image = ImageOps.exif_transpose(Image.open(io.BytesIO(file))).convert("RGB").convert("RGBA")
        add(name, file, np.array(image))
    (folder / "pixels.txt").write_text("\n".join(index) + "\n")
    (folder / "pixels.bin").write_bytes(pixels)

    index, data, places = [], bytearray(), {}
    for name, stream, plain in streams():
        assert zlib.decompress(stream) == plain, name
        if plain not in places:
            places[plain] = len(data)
            # Long texts are told by their stream; the test compares their length and CRC.
            data += plain if len(plain) < 4000 else b""
        kept = len(plain) if len(plain) < 4000 else 0
        index.append(f"{name} {len(data)} {len(stream)} {places[plain]} {kept} {len(plain)} {zlib.crc32(plain)}")
        data += stream
    (folder / "streams.txt").write_text("\n".join(index) + "\n")
    (folder / "streams.bin").write_bytes(data)
    size = sum(file.stat().st_size for file in folder.iterdir())
    print(f"{len(list(folder.iterdir()))} files, {size} bytes; Pillow {PIL.__version__},",
          f"libjpeg-turbo {features.version('libjpeg_turbo')}, zlib {features.version('zlib')}")


if __name__ == "__main__":
    main()
