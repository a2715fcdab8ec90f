"""The clay that goods are modelled of: outlines, relief, flecks. Light falls from the upper left."""

import random
from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise

from PIL import Image, ImageChops, ImageColor, ImageDraw, ImageFilter, ImageOps

SIDE = 512
MIDDLE = SIDE / 2
SHADE, GLOW = (44, 28, 18), (255, 250, 238)

Colour = str | tuple[int, int, int]
Point = tuple[float, float]


def rgb(colour: Colour) -> tuple[int, int, int]:
    return ImageColor.getrgb(colour)[:3] if isinstance(colour, str) else colour


def mix(a: Colour, b: Colour, share: float) -> tuple[int, int, int]:
    return tuple(round(x + (y - x) * share) for x, y in zip(rgb(a), rgb(b), strict=True))


def empty(mode: str = "RGBA") -> Image.Image:
    return Image.new(mode, (SIDE, SIDE), 0)


def relief(mask: Image.Image, depth: float) -> Image.Image:
    """How much light falls on a swollen shape: 128 is the plain colour, brighter at the upper left."""
    step = max(2, int(SIDE * depth * 0.9))
    room = step * 3  # shifting wraps round the edge, so the shape gets room about it
    swollen = ImageOps.expand(mask, room).filter(ImageFilter.GaussianBlur(SIDE * depth))
    towards = ImageChops.offset(swollen, -step, -step)
    away = ImageChops.offset(swollen, step, step)
    light = ImageChops.subtract(towards, away, scale=2.0, offset=132)
    return light.crop((room, room, room + SIDE, room + SIDE))


def puff(mask: Image.Image, colour: Colour, depth: float = 0.09) -> Image.Image:
    light = relief(mask, depth)
    solid = ImageOps.colorize(
        light,
        black=mix(colour, SHADE, 0.78),
        mid=rgb(colour),
        white=mix(colour, GLOW, 0.72),
        blackpoint=18,
        whitepoint=238,
    )
    solid.putalpha(mask)
    return solid


def swell(mask: Image.Image, surface: Image.Image, depth: float = 0.07) -> Image.Image:
    """Give a painted surface the relief of its outline."""
    light = relief(mask, depth)
    solid = ImageChops.hard_light(surface.convert("RGB"), Image.merge("RGB", (light, light, light)))
    solid.putalpha(mask)
    return solid


def seeded(seed: int) -> random.Random:
    """Chance that falls the same way each time: for scattering, not for secrets."""
    return random.Random(seed)  # noqa: S311


def outlined(draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    big = Image.new("L", (SIDE * 2, SIDE * 2), 0)
    draw(ImageDraw.Draw(big))
    return big.resize((SIDE, SIDE), Image.Resampling.BOX)


def twice(points: Iterable[float]) -> list[float]:
    return [p * 2 for p in points]


def ellipse(box: Sequence[float]) -> Image.Image:
    return outlined(lambda d: d.ellipse(twice(box), fill=255))


def rounded(box: Sequence[float], radius: float) -> Image.Image:
    return outlined(lambda d: d.rounded_rectangle(twice(box), radius * 2, fill=255))


def polygon(points: Sequence[Point]) -> Image.Image:
    return outlined(lambda d: d.polygon([(x * 2, y * 2) for x, y in points], fill=255))


def over(*layers: Image.Image) -> Image.Image:
    base = empty()
    for layer in layers:
        base.alpha_composite(layer)
    return base


def curve(points: Sequence[Point], parts: int = 48) -> list[Point]:
    """Points along a Bezier curve of any degree."""

    def at(t: float) -> Point:
        row = list(points)
        while len(row) > 1:
            row = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for (x0, y0), (x1, y1) in pairwise(row)]
        return row[0]

    return [at(i / parts) for i in range(parts + 1)]


def strand(points: Sequence[Point], thick: Callable[[float], float]) -> Image.Image:
    path = curve(points)

    def draw(d: ImageDraw.ImageDraw) -> None:
        for i, (x, y) in enumerate(path):
            r = thick(i / (len(path) - 1))
            d.ellipse(twice((x - r, y - r, x + r, y + r)), fill=255)

    return outlined(draw)


def speckled(
    image: Image.Image, colours: Sequence[Colour], count: int, seed: int, size: tuple[float, float] = (2, 6)
) -> Image.Image:
    """The image with small flecks on it, kept inside its outline."""
    dice, flecks = seeded(seed), empty()
    draw = ImageDraw.Draw(flecks)
    left, top, right, bottom = image.getbbox()
    for _ in range(count):
        x, y, r, flat = (
            dice.uniform(left, right),
            dice.uniform(top, bottom),
            dice.uniform(*size),
            dice.uniform(0.3, 0.8),
        )
        draw.ellipse(
            (x - r, y - r * flat, x + r, y + r * flat), fill=(*rgb(dice.choice(colours)), dice.randint(90, 200))
        )
    inside = ImageChops.multiply(flecks.getchannel("A"), image.getchannel("A"))
    flecks.putalpha(inside)
    return over(image, flecks)


def stuck(base: Image.Image, thing: Image.Image, width: float, x: float, y: float) -> Image.Image:
    """Lay a smaller modelled thing over the base, its centre at x, y (0..1)."""
    side = int(SIDE * width)
    small = thing.resize((side, side), Image.Resampling.LANCZOS)
    layer = empty()
    layer.paste(small, (int(x * SIDE - side / 2), int(y * SIDE - side / 2)), small)
    return over(base, layer)
