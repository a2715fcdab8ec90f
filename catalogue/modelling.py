"""Goods modelled in Pillow where the emoji set has nothing true: bricks of tea, bacon, pomelos, lotus roots, jars.

Every function returns an RGBA image of 512 px with the light from the upper left; colours are hex strings. The same
arguments give the same picture: what looks scattered is drawn from a seed.
"""

import math
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


def _empty(mode: str = "RGBA") -> Image.Image:
    return Image.new(mode, (SIDE, SIDE), 0)


def _relief(mask: Image.Image, depth: float) -> Image.Image:
    """How much light falls on a swollen shape: 128 is the plain colour, brighter at the upper left."""
    step = max(2, int(SIDE * depth * 0.9))
    room = step * 3  # shifting wraps round the edge, so the shape gets room about it
    swollen = ImageOps.expand(mask, room).filter(ImageFilter.GaussianBlur(SIDE * depth))
    towards = ImageChops.offset(swollen, -step, -step)
    away = ImageChops.offset(swollen, step, step)
    light = ImageChops.subtract(towards, away, scale=2.0, offset=132)
    return light.crop((room, room, room + SIDE, room + SIDE))


def _puff(mask: Image.Image, colour: Colour, depth: float = 0.09) -> Image.Image:
    light = _relief(mask, depth)
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


def _swell(mask: Image.Image, surface: Image.Image, depth: float = 0.07) -> Image.Image:
    """Give a painted surface the relief of its outline."""
    light = _relief(mask, depth)
    solid = ImageChops.hard_light(surface.convert("RGB"), Image.merge("RGB", (light, light, light)))
    solid.putalpha(mask)
    return solid


def _dice(seed: int) -> random.Random:
    """Chance that falls the same way each time: for scattering, not for secrets."""
    return random.Random(seed)  # noqa: S311


def _mask(draw: Callable[[ImageDraw.ImageDraw], None]) -> Image.Image:
    big = Image.new("L", (SIDE * 2, SIDE * 2), 0)
    draw(ImageDraw.Draw(big))
    return big.resize((SIDE, SIDE), Image.Resampling.BOX)


def _twice(points: Iterable[float]) -> list[float]:
    return [p * 2 for p in points]


def _ellipse(box: Sequence[float]) -> Image.Image:
    return _mask(lambda d: d.ellipse(_twice(box), fill=255))


def _round(box: Sequence[float], radius: float) -> Image.Image:
    return _mask(lambda d: d.rounded_rectangle(_twice(box), radius * 2, fill=255))


def _polygon(points: Sequence[Point]) -> Image.Image:
    return _mask(lambda d: d.polygon([(x * 2, y * 2) for x, y in points], fill=255))


def _over(*layers: Image.Image) -> Image.Image:
    base = _empty()
    for layer in layers:
        base.alpha_composite(layer)
    return base


def _curve(points: Sequence[Point], parts: int = 48) -> list[Point]:
    """Points along a Bezier curve of any degree."""

    def at(t: float) -> Point:
        row = list(points)
        while len(row) > 1:
            row = [(x0 + (x1 - x0) * t, y0 + (y1 - y0) * t) for (x0, y0), (x1, y1) in pairwise(row)]
        return row[0]

    return [at(i / parts) for i in range(parts + 1)]


def _strand_mask(points: Sequence[Point], thick: Callable[[float], float]) -> Image.Image:
    path = _curve(points)

    def draw(d: ImageDraw.ImageDraw) -> None:
        for i, (x, y) in enumerate(path):
            r = thick(i / (len(path) - 1))
            d.ellipse(_twice((x - r, y - r, x + r, y + r)), fill=255)

    return _mask(draw)


def _speckled(
    image: Image.Image, colours: Sequence[Colour], count: int, seed: int, size: tuple[float, float] = (2, 6)
) -> Image.Image:
    """The image with small flecks on it, kept inside its outline."""
    dice, flecks = _dice(seed), _empty()
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
    return _over(image, flecks)


def ball(colour: Colour, wide: float = 0.9, tall: float = 0.9, dots: str = "") -> Image.Image:
    w, h = SIDE * wide / 2, SIDE * tall / 2
    done = _puff(_ellipse((MIDDLE - w, MIDDLE - h, MIDDLE + w, MIDDLE + h)), colour, 0.2)
    return _speckled(done, [dots], 160, 3, (1, 2.6)) if dots else done


def leaf(colour: Colour = "#5c8a3a", turn: float = 0) -> Image.Image:
    blade = _polygon([*_curve([(60, 330), (150, 90), (450, 150)]), *_curve([(450, 150), (330, 400), (60, 330)])])
    done = _puff(blade, colour, 0.05)
    draw = ImageDraw.Draw(done)
    draw.line(_curve([(64, 328), (220, 250), (440, 156)]), fill=(*mix(colour, GLOW, 0.4), 255), width=7)
    return done.rotate(turn, Image.Resampling.BICUBIC)


def _stuck(base: Image.Image, thing: Image.Image, width: float, x: float, y: float) -> Image.Image:
    """Lay a smaller modelled thing over the base, its centre at x, y (0..1)."""
    side = int(SIDE * width)
    small = thing.resize((side, side), Image.Resampling.LANCZOS)
    layer = _empty()
    layer.paste(small, (int(x * SIDE - side / 2), int(y * SIDE - side / 2)), small)
    return _over(base, layer)


def pomelo(colour: Colour = "#d9c455") -> Image.Image:
    body = ImageChops.lighter(_ellipse((56, 130, 456, 500)), _ellipse((150, 60, 362, 320)))
    body = body.filter(ImageFilter.GaussianBlur(16)).point(lambda v: 0 if v < 116 else min(255, (v - 116) * 12))
    done = _speckled(_puff(body, colour, 0.17), [mix(colour, "#7c8a1f", 0.6)], 420, 5, (1, 2.4))
    stem = _puff(_strand_mask([(256, 74), (262, 50), (276, 34)], lambda t: 9 - 3 * t), "#6d6a35", 0.02)
    return _stuck(_over(stem, done, stem), leaf("#4f7f3a", 24), 0.42, 0.7, 0.13)


def half(peel: Colour, flesh: Colour, pith: Colour = "#fbf0d6", parts: int = 11) -> Image.Image:
    """A citrus cut across, seen from the front and a little above."""
    back = _puff(_ellipse((40, 66, 476, 494)), peel, 0.12)
    face = _swell(_ellipse((34, 40, 470, 462)), Image.new("RGB", (SIDE, SIDE), rgb(peel)), 0.02)
    pale = _ellipse((48, 54, 456, 448))
    white = Image.new("RGBA", (SIDE, SIDE), (*rgb(pith), 255))
    white.putalpha(pale)
    done = _over(back, face, white)
    cx, cy, r, squeeze = 252, 251, 186, 0.965
    for i in range(parts):
        a0, a1 = (math.tau * (i + edge) / parts for edge in (0.045, 0.955))
        tip = math.tau * (i + 0.5) / parts
        points = [(cx + 16 * math.cos(tip), cy + 16 * squeeze * math.sin(tip))]
        points += [
            (cx + r * math.cos(a0 + (a1 - a0) * k / 8), cy + r * squeeze * math.sin(a0 + (a1 - a0) * k / 8))
            for k in range(9)
        ]
        done = _over(done, _puff(_polygon(points).filter(ImageFilter.GaussianBlur(2)), flesh, 0.03))
    return done


def navel_orange(colour: Colour = "#ee8a2a") -> Image.Image:
    done = ball(colour, 0.88, 0.9, mix(colour, SHADE, 0.25))
    ring = _puff(_ellipse((222, 330, 310, 404)), mix(colour, SHADE, 0.28), 0.03)
    knob = _puff(_ellipse((238, 344, 296, 392)), mix(colour, GLOW, 0.12), 0.03)
    return _over(done, ring, knob)


def ponkan(colour: Colour = "#ec8c1e") -> Image.Image:
    """A loose-skinned mandarin with its neck and ribs."""
    body = ImageChops.lighter(_ellipse((30, 150, 482, 486)), _ellipse((178, 96, 334, 260)))
    body = body.filter(ImageFilter.GaussianBlur(12)).point(lambda v: 0 if v < 118 else min(255, (v - 118) * 12))
    done = _puff(body, colour, 0.15)
    ribs = _empty()
    draw = ImageDraw.Draw(ribs)
    for dx in (-150, -80, 0, 80, 150):
        draw.line(
            _curve([(256 + dx * 0.25, 130), (256 + dx, 210), (256 + dx * 1.1, 330)]),
            fill=(*mix(colour, SHADE, 0.35), 70),
            width=9,
        )
    ribs = ribs.filter(ImageFilter.GaussianBlur(5))
    ribs.putalpha(ImageChops.multiply(ribs.getchannel("A"), body))
    done = _speckled(_over(done, ribs), [mix(colour, SHADE, 0.3)], 200, 8, (1, 2.4))
    stem = _puff(_ellipse((236, 92, 282, 122)), "#5d7a36", 0.02)
    return _stuck(_over(done, stem), leaf("#4f7f3a", 30), 0.4, 0.7, 0.15)


def blossom(colour: Colour = "#efc23c", petals: int = 4, heart: str = "#c98a1c") -> Image.Image:
    """A small flower seen from above: rape has four petals, osmanthus four narrow ones."""
    base = _empty()
    for n in range(petals):
        petal = _puff(_ellipse((178, 26, 334, 262)), mix(colour, GLOW, 0.1 * (n % 2)), 0.06)
        base = _over(base, petal.rotate(360 * n / petals + 20, Image.Resampling.BICUBIC, center=(256, 256)))
    return _over(base, _puff(_ellipse((210, 210, 302, 302)), heart, 0.05))


def heap(
    colour: Colour,
    shades: Sequence[Colour] = (),
    count: int = 46,
    grain: float = 0.16,
    oval: float = 1.0,
    seed: int = 1,
    mark: str = "",
) -> Image.Image:
    """A mound of round things: lotus seeds, beans, berries."""
    dice = _dice(seed)
    tones = [rgb(colour), *(rgb(s) for s in shades)]
    side = int(SIDE * grain)
    sprites = []
    for tone in tones:
        single = ball(tone, 0.94, 0.94 * oval)
        if mark:
            single = _speckled(single, [mark], 90, 4, (9, 20))
        sprites.append(single.resize((side, side), Image.Resampling.LANCZOS))
    spots = []
    for _ in range(count):
        u = dice.uniform(-1, 1)
        reach = math.sqrt(max(0.0, 1 - u * u))
        spots.append(
            (MIDDLE + u * (MIDDLE - side * 0.55), SIDE - side * 0.55 - dice.uniform(0, 1) * reach * SIDE * 0.42)
        )
    base = _empty()
    for x, y in sorted(spots, key=lambda s: s[1]):
        sprite = dice.choice(sprites).rotate(
            dice.uniform(0, 70) if oval != 1.0 else dice.uniform(-12, 12), Image.Resampling.BICUBIC
        )
        under = Image.new("RGBA", sprite.size, (*SHADE, 0))
        under.putalpha(sprite.getchannel("A").filter(ImageFilter.GaussianBlur(4)).point(lambda v: int(v * 0.38)))
        base.alpha_composite(under, (max(0, int(x - side / 2 + 3)), max(0, int(y - side / 2 + 5))))
        base.alpha_composite(sprite, (max(0, int(x - side / 2)), max(0, int(y - side / 2))))
    return base


def cluster(colour: Colour, shades: Sequence[Colour] = (), seed: int = 2, berry: float = 0.25) -> Image.Image:
    """One fruit grown together of many: kadsura."""
    dice, side, base = _dice(seed), int(SIDE * berry), _empty()
    tones = [colour, *shades]
    spots = []
    for ring, many in ((0.0, 1), (0.42, 6), (0.78, 11), (1.0, 15)):
        for i in range(many):
            angle = math.tau * (i + ring) / many
            reach = ring * (MIDDLE - side * 0.52)
            spots.append((ring, MIDDLE + reach * math.cos(angle), MIDDLE + reach * math.sin(angle)))
    for _, x, y in sorted(spots, reverse=True):
        sprite = ball(dice.choice(tones), 0.96, 0.96).resize((side, side), Image.Resampling.LANCZOS)
        base.alpha_composite(sprite, (int(x - side / 2), int(y - side / 2)))
    return base


def strands(
    colour: Colour,
    shades: Sequence[Colour] = (),
    count: int = 70,
    length: float = 0.3,
    thick: float = 0.018,
    curl: float = 0.5,
    seed: int = 1,
    tip: str = "",
) -> Image.Image:
    """A mound of long thin things: leaf tea, daylilies, honeysuckle buds."""
    dice = _dice(seed)
    tones, base = [colour, *shades], _empty()
    spots = []
    for _ in range(count):
        u = dice.uniform(-1, 1)
        spots.append((MIDDLE + u * MIDDLE * 0.78, SIDE * 0.93 - dice.random() * math.sqrt(1 - u * u) * SIDE * 0.44))
    for x, y in sorted(spots, key=lambda s: s[1]):
        angle, long = (
            dice.uniform(-0.9, 0.9) + (math.pi if dice.random() < 0.5 else 0),
            SIDE * length * dice.uniform(0.75, 1.15),
        )
        ex, ey = x + long * math.cos(angle), y + long * math.sin(angle) * 0.5
        bend = dice.uniform(-curl, curl) * long
        cx, cy = (x + ex) / 2 + bend * 0.3, (y + ey) / 2 - abs(bend) * 0.5
        keep = SIDE * 0.02
        points = [
            (min(max(px, keep), SIDE - keep), min(max(py, keep), SIDE - keep * 1.5))
            for px, py in ((x, y), (cx, cy), (ex, ey))
        ]
        path = _curve(points, 12)
        tone = rgb(dice.choice(tones))
        draw = ImageDraw.Draw(base)
        r = SIDE * thick * dice.uniform(0.8, 1.15)
        draw.line(
            [(px + 3, py + 4) for px, py in path],
            fill=(*mix(tone, SHADE, 0.7), 255),
            width=max(2, int(r * 2)),
            joint="curve",
        )
        draw.line(path, fill=(*tone, 255), width=max(2, int(r * 1.8)), joint="curve")
        draw.line(
            [(px - 1, py - r * 0.45) for px, py in path],
            fill=(*mix(tone, GLOW, 0.35), 255),
            width=max(1, int(r * 0.6)),
            joint="curve",
        )
        if tip:
            tx, ty = path[-1]
            draw.ellipse((tx - r * 1.5, ty - r * 1.2, tx + r * 1.5, ty + r * 1.2), fill=(*rgb(tip), 255))
    return base.filter(ImageFilter.SMOOTH)


def block(
    colour: Colour,
    flecks: Sequence[Colour] = (),
    tall: float = 0.5,
    count: int = 500,
    bands: Sequence[tuple[float, Colour]] = (),
    label: str = "",
    fleck: tuple[float, float] = (2, 7),
) -> Image.Image:
    """A slab with front, top and side: a brick of tea, tofu, a box, a cut of pork in layers.

    :param bands: layers of the front from top to bottom as (share of the height, colour).
    """
    left, right, depth, lift = 24, 424, 64, 56
    top = SIDE - 24 - SIDE * tall
    bottom = SIDE - 24
    front = _round((left, top, right, bottom), 14)
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    if bands:
        draw, y, total = ImageDraw.Draw(surface), top, sum(share for share, _ in bands)
        for n, (share, tone) in enumerate(bands):
            nxt = y + (bottom - top) * share / total
            edge = [(x, y + 5 * math.sin(x / 41 + n * 1.7) + 3 * math.sin(x / 17 + n)) for x in range(0, SIDE + 8, 8)]
            draw.polygon([*(edge if n else [(0, y), (SIDE, y)]), (SIDE, bottom + 10), (0, bottom + 10)], fill=rgb(tone))
            y = nxt
        surface = surface.filter(ImageFilter.GaussianBlur(1.6))
    face = _swell(front, surface, 0.022)
    lid = _polygon([(left + 6, top + 8), (left + depth, top - lift), (right + depth, top - lift), (right - 2, top + 8)])
    lid_tone = bands[0][1] if bands else colour
    cap = _swell(
        lid.filter(ImageFilter.GaussianBlur(2)), Image.new("RGB", (SIDE, SIDE), mix(lid_tone, GLOW, 0.24)), 0.01
    )
    side = _polygon(
        [(right - 8, top + 4), (right + depth, top - lift), (right + depth, bottom - lift), (right - 8, bottom - 2)]
    )
    dim = surface.point(lambda v: int(v * 0.66)) if bands else Image.new("RGB", (SIDE, SIDE), mix(colour, SHADE, 0.36))
    flank = _swell(side.filter(ImageFilter.GaussianBlur(2)), dim, 0.01)
    if flecks:
        face, cap, flank = (
            _speckled(part, flecks, many, seed, fleck)
            for part, many, seed in ((face, count, 1), (cap, count // 4, 2), (flank, count // 5, 3))
        )
    done = _over(flank, cap, face)
    if label:
        paper = _swell(
            _round((left + 110, top + (bottom - top) * 0.22, right - 110, bottom - (bottom - top) * 0.22), 8),
            Image.new("RGB", (SIDE, SIDE), rgb(label)),
            0.008,
        )
        seal_top = (top + bottom) / 2 - 34
        seal = _swell(
            _round((left + 166, seal_top, right - 166, seal_top + 68), 8),
            Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")),
            0.008,
        )
        done = _over(done, paper, seal)
    return done


def disc(
    colour: Colour,
    flecks: Sequence[Colour] = (),
    rim: str = "",
    count: int = 700,
    thick: int = 44,
    fleck: tuple[float, float] = (2, 7),
) -> Image.Image:
    """A round cake standing on its edge, or a slice."""
    back = _puff(_ellipse((30 + thick, 34, SIDE - 22, SIDE - 14)), mix(rim or colour, SHADE, 0.3), 0.05)
    face = _swell(
        _ellipse((20, 30, SIDE - 30 - thick, SIDE - 14)), Image.new("RGB", (SIDE, SIDE), rgb(rim or colour)), 0.03
    )
    inner = _swell(_ellipse((36, 46, SIDE - 46 - thick, SIDE - 30)), Image.new("RGB", (SIDE, SIDE), rgb(colour)), 0.03)
    if flecks:
        inner = _speckled(inner, flecks, count, 6, fleck)
    return _over(back, face, inner)


def tin(colour: Colour, lid: str = "", label: str = "#f4ead2", tall: float = 0.86) -> Image.Image:
    """A round caddy with its lid and a paper band."""
    top, bottom, left, right = SIDE * (1 - tall), SIDE - 14, 96, 416
    body = ImageChops.lighter(
        _round((left, top + 40, right, bottom - 20), 12), _ellipse((left, bottom - 74, right, bottom))
    )
    done = _puff(body, colour, 0.11)
    band = ImageChops.multiply(
        body,
        ImageChops.lighter(
            _round((left, top + 190, right, bottom - 96), 2), _ellipse((left, bottom - 126, right, bottom - 70))
        ),
    )
    done = _over(done, _puff(band, label, 0.11))
    seal = _swell(_round((216, top + 226, 296, top + 306), 10), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01)
    cap_tone = lid or mix(colour, SHADE, 0.2)
    cap = ImageChops.lighter(
        _round((left - 6, top + 36, right + 6, top + 112), 8), _ellipse((left - 6, top + 82, right + 6, top + 140))
    )
    flat = _ellipse((left - 6, top, right + 6, top + 74))
    return _over(
        done,
        seal,
        _puff(cap, cap_tone, 0.1),
        _swell(flat, Image.new("RGB", (SIDE, SIDE), mix(cap_tone, GLOW, 0.3)), 0.02),
    )


def jar(
    content: Colour,
    lid: str = "#8a2f22",
    flecks: Sequence[Colour] = (),
    label: str = "#f4ead2",
    fleck: tuple[float, float] = (5, 14),
) -> Image.Image:
    """A glass jar that shows what is in it."""
    glass = ImageChops.lighter(_round((84, 128, 428, 500), 58), _round((120, 92, 392, 200), 20))
    inside = ImageChops.multiply(_round((98, 170, 414, 488), 50), glass)
    shell = _puff(glass, "#dfe5dc", 0.06)
    filled = _puff(inside, content, 0.09)
    if flecks:
        filled = _speckled(filled, flecks, 190, 9, fleck)
    shine = _empty()
    ImageDraw.Draw(shine).rounded_rectangle((120, 190, 142, 420), 11, fill=(255, 252, 244, 120))
    paper = _swell(_round((170, 280, 342, 420), 10), Image.new("RGB", (SIDE, SIDE), rgb(label)), 0.012)
    seal = _swell(_round((224, 316, 288, 384), 8), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01)
    cap = _puff(ImageChops.lighter(_round((108, 44, 404, 124), 18), _ellipse((108, 30, 404, 86))), lid, 0.06)
    top = _swell(_ellipse((116, 30, 396, 80)), Image.new("RGB", (SIDE, SIDE), mix(lid, GLOW, 0.2)), 0.015)
    return _over(shell, filled, shine.filter(ImageFilter.GaussianBlur(3)), paper, seal, cap, top)


def crock(colour: Colour = "#6b4a33", cloth: str = "#a2412e") -> Image.Image:
    """An earthen pickling jar with its mouth tied in cloth."""
    outline = [
        *_curve([(150, 150), (20, 220), (40, 420), (150, 500)]),
        *_curve([(150, 500), (256, 512), (362, 500)]),
        *_curve([(362, 500), (472, 420), (492, 220), (362, 150)]),
    ]
    body = _puff(_polygon(outline), colour, 0.13)
    glaze = ImageChops.multiply(
        _polygon(outline),
        _polygon(
            [
                (0, 0),
                (SIDE, 0),
                (SIDE, 262),
                *reversed([(x, 262 + 16 * math.sin(x / 34)) for x in range(0, SIDE + 8, 8)]),
            ]
        ),
    )
    body = _over(body, _puff(glaze, mix(colour, SHADE, 0.34), 0.13).copy())
    hood = _polygon(
        [
            *_curve([(140, 176), (150, 60), (256, 34), (362, 60), (372, 176)]),
            *_curve([(372, 176), (256, 216), (140, 176)]),
        ]
    )
    cord = _puff(_strand_mask([(146, 150), (256, 186), (366, 150)], lambda t: 9), "#d8bd86", 0.012)
    return _over(body, _puff(hood, cloth, 0.07), cord)


def jug(colour: Colour, cap: str = "#7a2e1d", label: str = "#f4ead2", slim: bool = False) -> Image.Image:
    """A jug of oil with a grip; slim: a bottle."""
    if slim:
        outline = ImageChops.lighter(_round((150, 210, 362, 502), 40), _round((214, 90, 298, 300), 20))
        outline = outline.filter(ImageFilter.GaussianBlur(12)).point(
            lambda v: 0 if v < 120 else min(255, (v - 120) * 14)
        )
        grip, paper_box, seal_box, cap_box = None, (166, 310, 346, 440), (222, 336, 290, 408), (208, 34, 304, 108)
    else:
        outline = ImageChops.lighter(
            _round((70, 170, 442, 502), 56), _polygon([(130, 260), (196, 96), (300, 96), (420, 260)])
        )
        outline = outline.filter(ImageFilter.GaussianBlur(14)).point(
            lambda v: 0 if v < 118 else min(255, (v - 118) * 14)
        )
        grip, paper_box, seal_box, cap_box = (
            (300, 168, 376, 268),
            (112, 320, 400, 462),
            (218, 350, 294, 430),
            (196, 34, 300, 112),
        )
    oil = _puff(outline, colour, 0.1)
    shine = _empty()
    x = paper_box[0] - 4
    ImageDraw.Draw(shine).rounded_rectangle((x, 236, x + 18, 306), 9, fill=(255, 252, 240, 150))
    parts = [oil, shine.filter(ImageFilter.GaussianBlur(3))]
    if grip:
        hole = _ellipse(grip)
        cut = oil.copy()
        cut.putalpha(ImageChops.subtract(oil.getchannel("A"), hole))
        parts[0] = cut
    parts.append(_puff(_round(paper_box, 8), label, 0.03))
    parts.append(_swell(_round(seal_box, 10), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01))
    parts.append(_puff(_round(cap_box, 12), cap, 0.05))
    return _over(*parts)


def sack(colour: Colour = "#d9c49a", patch: str = "#f7efdc", mark: str = "#b98a2c") -> Image.Image:
    """A woven sack, its mouth tied, an ear of grain on the patch."""
    outline = [
        *_curve([(196, 150), (60, 200), (24, 420), (84, 500)]),
        *_curve([(84, 500), (256, 516), (428, 500)]),
        *_curve([(428, 500), (488, 420), (452, 200), (316, 150)]),
    ]
    bag = _polygon(outline)
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    draw = ImageDraw.Draw(surface)
    for i in range(0, SIDE, 9):
        draw.line((0, i, SIDE, i), fill=mix(colour, SHADE, 0.1), width=2)
        draw.line((i, 0, i, SIDE), fill=mix(colour, GLOW, 0.16), width=2)
    body = _swell(bag, surface, 0.11)
    ruff = _polygon(
        [(196, 160), (130, 60), (190, 84), (230, 40), (262, 78), (306, 36), (328, 84), (388, 62), (316, 160)]
    )
    cord = _puff(_strand_mask([(186, 150), (256, 166), (326, 150)], lambda t: 11), "#a2412e", 0.014)
    label = _swell(_round((160, 256, 352, 440), 12), Image.new("RGB", (SIDE, SIDE), rgb(patch)), 0.012)
    ear = _empty()
    pen = ImageDraw.Draw(ear)
    pen.line(_curve([(232, 420), (244, 350), (276, 284)]), fill=(*rgb(mark), 255), width=6)
    for k in range(6):
        x, y = 238 + k * 7, 396 - k * 21
        for lean in (-1, 1):
            grain = _strand_mask(
                [(x, y), (x + lean * 16 + 6, y - 14), (x + lean * 22 + 8, y - 26)],
                lambda t: 7 * math.sin(math.pi * min(max(t, 0.12), 0.9)),
            )
            ear.paste((*rgb(mark), 255), (0, 0), grain)
    return _over(_swell(ruff.filter(ImageFilter.GaussianBlur(3)), surface, 0.04), body, cord, label, ear)


def pepper(
    colour: Colour = "#5b8c34", slim: float = 1.0, stem: str = "#4d6b2c", bend: float = 1.0, wrinkled: bool = False
) -> Image.Image:
    """A chilli with its own short cap and bent stalk, lying with the tip to the right."""
    path = [(96, 190), (190, 150 - 20 * bend), (330, 250), (400, 330 + 40 * bend), (486, 330 + 110 * bend)]
    body = _strand_mask(path, lambda t: slim * (58 * (1 - t) ** 0.75 * min(1, 0.55 + t * 4) + 3))
    done = _puff(body, colour, 0.055)
    if wrinkled:
        done = _speckled(done, [mix(colour, SHADE, 0.5), mix(colour, GLOW, 0.3)], 120, 12, (6, 22))
    cap = _puff(_strand_mask([(66, 186), (92, 186), (116, 184)], lambda t: slim * (13 + 22 * t)), stem, 0.025)
    stalk = _puff(_strand_mask([(20, 96), (40, 160), (72, 186)], lambda t: 10 + 5 * t), mix(stem, SHADE, 0.12), 0.02)
    return _over(stalk, done, cap)


def peppers(
    colour: Colour = "#5b8c34", slim: float = 1.0, stem: str = "#4d6b2c", wrinkled: bool = False, many: int = 3
) -> Image.Image:
    base = _empty()
    for n, (turn, x, y) in list(enumerate(((38, 30, -40), (10, 10, 40), (-20, 60, 100), (24, -30, 90), (-6, 70, 10))))[
        :many
    ]:
        tone = colour if n % 2 else mix(colour, GLOW, 0.07)
        single = pepper(tone, slim, stem, 1.0 - 0.25 * n, wrinkled).resize((400, 400), Image.Resampling.LANCZOS)
        layer = _empty()
        layer.paste(single, (56, 56), single)
        layer = ImageChops.offset(layer.rotate(turn, Image.Resampling.BICUBIC), x - 30, y - 30)
        under = Image.new("RGBA", layer.size, (*SHADE, 0))
        under.putalpha(
            ImageChops.offset(
                layer.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda v: int(v * 0.35)), 6, 9
            )
        )
        base = _over(base, under, layer)
    return base


def bacon(
    lean: Colour = "#6e2a1c", fat: Colour = "#d99a4e", skin: Colour = "#4a2415", cord: str = "#d3b98a"
) -> Image.Image:
    """A strip of Hunan smoked pork hung by its cord: black-brown skin, amber fat, dark lean, cut lengthwise."""
    left, right, top, bottom = 150, 378, 118, 500
    outline = [(left + 7 * math.sin(y / 43), y) for y in range(top, bottom + 1, 6)]
    outline += [(right + 8 * math.sin(y / 51 + 2), y) for y in range(bottom, top - 1, -6)]
    strip = (
        _polygon(outline)
        .filter(ImageFilter.GaussianBlur(9))
        .point(lambda v: 0 if v < 110 else min(255, (v - 110) * 12))
    )
    surface = Image.new("RGB", (SIDE, SIDE), rgb(skin))
    draw = ImageDraw.Draw(surface)
    layers = (
        (0.12, fat),
        (0.34, lean),
        (0.48, fat),
        (0.58, lean),
        (0.74, mix(fat, "#b8672f", 0.3)),
        (0.82, lean),
        (1.0, lean),
    )
    for n, (share, tone) in enumerate(layers):
        x0 = left + (right - left) * (layers[n - 1][0] if n else 0.1)
        edge = [
            (x0 + 9 * math.sin(y / (31 + 6 * n) + n * 2.1) + 5 * math.sin(y / 13 + n), y)
            for y in range(80, SIDE + 8, 6)
        ]
        draw.polygon([*edge, (SIDE, SIDE), (SIDE, 80)], fill=rgb(tone))
        del share
    surface = surface.filter(ImageFilter.GaussianBlur(2.2))
    meat = _swell(strip, surface, 0.05)
    meat = _speckled(meat, [mix(lean, SHADE, 0.5), mix(fat, GLOW, 0.3)], 150, 21, (2, 7))
    gloss = _empty()
    ImageDraw.Draw(gloss).rounded_rectangle((left + 34, top + 40, left + 46, bottom - 90), 6, fill=(255, 240, 214, 90))
    loop = _puff(_strand_mask([(236, 146), (150, -28), (372, -28), (276, 146)], lambda t: 8), cord, 0.012)
    hole = _puff(_ellipse((234, 132, 282, 162)), mix(lean, SHADE, 0.6), 0.01)
    return _over(meat, gloss.filter(ImageFilter.GaussianBlur(4)), hole, loop)


def lotus_root(colour: Colour = "#e3cfa9") -> Image.Image:
    """Two joints and a slice that shows the holes."""
    joints = ImageChops.lighter(_ellipse((6, 130, 268, 330)), _ellipse((228, 96, 506, 300)))
    neck = _round((216, 172, 290, 262), 20)
    joints = (
        ImageChops.lighter(joints, neck)
        .filter(ImageFilter.GaussianBlur(7))
        .point(lambda v: 0 if v < 118 else min(255, (v - 118) * 14))
    )
    body = _speckled(_puff(joints, colour, 0.1), [mix(colour, "#8a6a3c", 0.6)], 90, 4, (2, 6))
    node = _puff(_strand_mask([(252, 168), (240, 214), (256, 262)], lambda t: 8), mix(colour, "#6b4f2c", 0.62), 0.016)
    edge = _puff(_ellipse((150, 262, 402, 504)), mix(colour, "#b89a68", 0.3), 0.05)
    face = _swell(_ellipse((154, 258, 396, 490)), Image.new("RGB", (SIDE, SIDE), rgb("#f6ead2")), 0.025)
    done = _over(body, node, edge, face)
    for n in range(8):
        angle = math.tau * n / 8 + 0.2
        x, y, r = 275 + 74 * math.cos(angle), 374 + 70 * math.sin(angle), 23 if n % 2 else 19
        done = _over(
            done, _swell(_ellipse((x - r, y - r, x + r, y + r)), Image.new("RGB", (SIDE, SIDE), rgb("#a98a5c")), 0.012)
        )
    return _over(done, _swell(_ellipse((261, 360, 289, 388)), Image.new("RGB", (SIDE, SIDE), rgb("#a98a5c")), 0.01))


def taro(
    colour: Colour = "#7d5a3e", flesh: Colour = "#efe3da", cut: bool = True, purple: str = "#8a5a78"
) -> Image.Image:
    body = _ellipse((70, 40, 442, 500)) if not cut else _ellipse((30, 30, 360, 470))
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    draw = ImageDraw.Draw(surface)
    for y in range(60, 500, 34):
        draw.line(_curve([(0, y), (256, y + 46), (SIDE, y)]), fill=mix(colour, SHADE, 0.42), width=7)
        draw.line(_curve([(0, y + 8), (256, y + 54), (SIDE, y + 8)]), fill=mix(colour, GLOW, 0.16), width=4)
    whole = _speckled(
        _swell(body, surface.filter(ImageFilter.GaussianBlur(2)), 0.12), [mix(colour, SHADE, 0.5)], 160, 2, (2, 8)
    )
    if not cut:
        return whole
    rind = _puff(_ellipse((196, 214, 506, 506)), colour, 0.05)
    face = _swell(_ellipse((206, 218, 494, 490)), Image.new("RGB", (SIDE, SIDE), rgb(flesh)), 0.03)
    return _over(whole, rind, _speckled(face, [purple], 150, 5, (2, 6)))


def lily(colour: Colour = "#f3e6c9") -> Image.Image:
    """A lily bulb: scales closing like a lotus."""
    base = _empty()
    fan = (
        (-62, 0.84, 0.12),
        (62, 0.84, 0.12),
        (-44, 0.92, 0.08),
        (44, 0.92, 0.08),
        (-24, 0.98, 0.04),
        (24, 0.98, 0.04),
        (0, 1.0, 0.0),
        (-13, 0.8, -0.02),
        (13, 0.74, -0.02),
        (0, 0.58, -0.03),
    )
    for n, (angle, long, shade) in enumerate(fan):
        tall = 400 * long
        points = [
            *_curve([(256, 492), (256 - 150 * long, 360), (256 - 96 * long, 492 - tall * 0.82), (256, 492 - tall)]),
            *_curve([(256, 492 - tall), (256 + 96 * long, 492 - tall * 0.82), (256 + 150 * long, 360), (256, 492)]),
        ]
        scale = _puff(_polygon(points), mix(colour, "#c9a566", shade * 3 + (0.1 if n % 2 else 0.0)), 0.06)
        turned = scale.rotate(-angle, Image.Resampling.BICUBIC, center=(256, 470))
        under = Image.new("RGBA", turned.size, (*mix(colour, SHADE, 0.6), 0))
        under.putalpha(turned.getchannel("A").filter(ImageFilter.GaussianBlur(6)).point(lambda v: int(v * 0.3)))
        base = _over(base, ImageChops.offset(under, 2, 3), turned)
    root = _puff(_ellipse((206, 462, 306, 506)), mix(colour, "#9b7a48", 0.5), 0.03)
    return _over(base, root)


def bark(colour: Colour = "#7a5a40") -> Image.Image:
    """Strips of eucommia bark, rough outside, smooth within, curling."""
    base, dice = _empty(), _dice(11)
    for n, (x, y, turn) in enumerate(((40, 70, 14), (90, 130, -9), (64, 200, 5), (110, 262, -3))):
        shape = _round((20, 40, 400, 150), 22)
        surface = Image.new("RGB", (SIDE, SIDE), mix(colour, GLOW, 0.06 * (n % 2)))
        draw = ImageDraw.Draw(surface)
        for _ in range(60):
            lx, ly, long = dice.uniform(0, 400), dice.uniform(36, 152), dice.uniform(20, 90)
            draw.line(
                (lx, ly, lx + long, ly + dice.uniform(-4, 4)),
                fill=mix(colour, dice.choice([SHADE, GLOW]), dice.uniform(0.15, 0.4)),
                width=dice.randint(2, 5),
            )
        strip = _swell(shape, surface, 0.06)
        lip = _puff(_round((20, 126, 400, 156), 14), mix(colour, "#c79a6a", 0.55), 0.02)
        strip = _over(strip, lip).rotate(turn, Image.Resampling.BICUBIC, center=(210, 95))
        layer = _empty()
        layer.paste(strip, (x - 20, y - 40), strip)
        under = Image.new("RGBA", layer.size, (*SHADE, 0))
        under.putalpha(
            ImageChops.offset(
                layer.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda v: int(v * 0.4)), 5, 9
            )
        )
        base = _over(base, under, layer)
    return base


def slices(colour: Colour = "#f1e6cf", ring: str = "#b08a55", heart: str = "#d9c08e") -> Image.Image:
    """Slices of a dried root in a loose pile."""
    base = _empty()
    for x, y, r, squeeze in (
        (120, 330, 100, 0.5),
        (372, 326, 108, 0.48),
        (246, 262, 112, 0.56),
        (160, 410, 110, 0.5),
        (350, 420, 116, 0.5),
        (254, 356, 118, 0.56),
    ):
        h = r * squeeze
        edge = _puff(_ellipse((x - r, y - h + 14, x + r, y + h + 18)), mix(ring, SHADE, 0.25), 0.03)
        face = _swell(_ellipse((x - r, y - h, x + r, y + h)), Image.new("RGB", (SIDE, SIDE), rgb(ring)), 0.01)
        pale = _swell(
            _ellipse((x - r + 9, y - h + 7, x + r - 9, y + h - 7)), Image.new("RGB", (SIDE, SIDE), rgb(colour)), 0.02
        )
        core = _ellipse((x - r * 0.34, y - h * 0.34, x + r * 0.34, y + h * 0.34))
        middle = Image.new("RGBA", (SIDE, SIDE), (*rgb(heart), 255))
        middle.putalpha(core.filter(ImageFilter.GaussianBlur(6)))
        base = _over(base, edge, face, pale, middle)
    return base


def cubes(colour: Colour = "#f2ead9", flecks: Sequence[Colour] = (), many: int = 5) -> Image.Image:
    """A small stack of cubes or squares: poria, tofu."""
    single = block(colour, flecks, tall=0.72, count=90)
    base = _empty()
    for x, y in ((250, 40), (20, 60), (250, 236), (16, 250), (140, 130))[:many]:
        small = single.resize((250, 250), Image.Resampling.LANCZOS)
        base.alpha_composite(small, (x, y))
    return base


def sheets(colour: Colour = "#a8763e", flecks: Sequence[Colour] = (), many: int = 4) -> Image.Image:
    """Squares of pressed tofu, one on the other."""
    base = _empty()
    for n in range(many):
        y = 362 - n * 74
        layer = block(colour if n % 2 else mix(colour, SHADE, 0.12), flecks, tall=0.22, count=120, fleck=(2, 5))
        base.alpha_composite(ImageChops.offset(layer, (0, 14, -6, 10)[n % 4], y - 362))
    return base


def dark_egg(white: Colour = "#6b4a22", yolk: Colour = "#2f3a33", shell: Colour = "#a9b6ae") -> Image.Image:
    """A preserved egg cut in half: amber jelly, green-black heart."""
    back = _puff(_ellipse((60, 70, 470, 500)), shell, 0.08)
    jelly = _puff(_ellipse((52, 50, 452, 470)), white, 0.05)
    ring = _puff(_ellipse((136, 140, 376, 390)), mix(yolk, "#7d8a5a", 0.5), 0.05)
    heart = _puff(_ellipse((164, 170, 350, 362)), yolk, 0.07)
    gloss = _empty()
    ImageDraw.Draw(gloss).ellipse((104, 96, 190, 150), fill=(255, 246, 220, 130))
    return _over(back, jelly, ring, heart, gloss.filter(ImageFilter.GaussianBlur(10)))


def bulbs(colour: Colour = "#f4efe0", tail: str = "#9aa65a") -> Image.Image:
    """Pickled scallion heads: white bulbs with a green stub."""
    base = _empty()
    for x, y, turn in (
        (130, 190, 40),
        (330, 170, -50),
        (230, 260, 10),
        (110, 350, -70),
        (350, 340, 60),
        (240, 380, -20),
    ):
        body = _strand_mask(
            [(256, 330), (256, 230), (256, 130)], lambda t: 70 * math.sin(math.pi * (0.32 + 0.62 * t)) + 8
        )
        one = _over(
            _puff(_strand_mask([(256, 160), (258, 120), (266, 84)], lambda t: 18 - 5 * t), tail, 0.02),
            _puff(body, colour, 0.06),
        )
        one = one.rotate(turn, Image.Resampling.BICUBIC).resize((300, 300), Image.Resampling.LANCZOS)
        under = Image.new("RGBA", one.size, (*SHADE, 0))
        under.putalpha(one.getchannel("A").filter(ImageFilter.GaussianBlur(6)).point(lambda v: int(v * 0.34)))
        for image, dx, dy in ((under, 4, 7), (one, 0, 0)):
            layer = _empty()
            layer.paste(image, (x - 150 + dx, y - 150 + dy), image)
            base = _over(base, layer)
    return base


MODELS: dict[str, Callable[..., Image.Image]] = {
    model.__name__: model
    for model in (
        ball, leaf, blossom, pomelo, half, navel_orange, ponkan, heap, cluster, strands, block, disc, tin, jar,
        crock, jug, sack, pepper, peppers, bacon, lotus_root, taro, lily, bark, slices, cubes, sheets, dark_egg, bulbs,
    )
}  # fmt: skip
