"""Fruit, berries, leaves and blossoms."""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from catalogue.modelling.clay import (
    GLOW,
    MIDDLE,
    SHADE,
    SIDE,
    Colour,
    curve,
    ellipse,
    empty,
    mix,
    over,
    polygon,
    puff,
    rgb,
    seeded,
    speckled,
    strand,
    stuck,
    swell,
)


def ball(colour: Colour, wide: float = 0.9, tall: float = 0.9, dots: str = "") -> Image.Image:
    w, h = SIDE * wide / 2, SIDE * tall / 2
    done = puff(ellipse((MIDDLE - w, MIDDLE - h, MIDDLE + w, MIDDLE + h)), colour, 0.2)
    return speckled(done, [dots], 160, 3, (1, 2.6)) if dots else done


def leaf(colour: Colour = "#5c8a3a", turn: float = 0) -> Image.Image:
    blade = polygon([*curve([(60, 330), (150, 90), (450, 150)]), *curve([(450, 150), (330, 400), (60, 330)])])
    done = puff(blade, colour, 0.05)
    draw = ImageDraw.Draw(done)
    draw.line(curve([(64, 328), (220, 250), (440, 156)]), fill=(*mix(colour, GLOW, 0.4), 255), width=7)
    return done.rotate(turn, Image.Resampling.BICUBIC)


def pomelo(colour: Colour = "#d9c455") -> Image.Image:
    body = ImageChops.lighter(ellipse((56, 130, 456, 500)), ellipse((150, 60, 362, 320)))
    body = body.filter(ImageFilter.GaussianBlur(16)).point(lambda v: 0 if v < 116 else min(255, (v - 116) * 12))
    done = speckled(puff(body, colour, 0.17), [mix(colour, "#7c8a1f", 0.6)], 420, 5, (1, 2.4))
    stem = puff(strand([(256, 74), (262, 50), (276, 34)], lambda t: 9 - 3 * t), "#6d6a35", 0.02)
    return stuck(over(stem, done, stem), leaf("#4f7f3a", 24), 0.42, 0.7, 0.13)


def half(peel: Colour, flesh: Colour, pith: Colour = "#fbf0d6", parts: int = 11) -> Image.Image:
    """A citrus cut across, seen from the front and a little above."""
    back = puff(ellipse((40, 66, 476, 494)), peel, 0.12)
    face = swell(ellipse((34, 40, 470, 462)), Image.new("RGB", (SIDE, SIDE), rgb(peel)), 0.02)
    pale = ellipse((48, 54, 456, 448))
    white = Image.new("RGBA", (SIDE, SIDE), (*rgb(pith), 255))
    white.putalpha(pale)
    done = over(back, face, white)
    cx, cy, r, squeeze = 252, 251, 186, 0.965
    for i in range(parts):
        a0, a1 = (math.tau * (i + edge) / parts for edge in (0.045, 0.955))
        tip = math.tau * (i + 0.5) / parts
        points = [(cx + 16 * math.cos(tip), cy + 16 * squeeze * math.sin(tip))]
        points += [
            (cx + r * math.cos(a0 + (a1 - a0) * k / 8), cy + r * squeeze * math.sin(a0 + (a1 - a0) * k / 8))
            for k in range(9)
        ]
        done = over(done, puff(polygon(points).filter(ImageFilter.GaussianBlur(2)), flesh, 0.03))
    return done


def navel_orange(colour: Colour = "#ee8a2a") -> Image.Image:
    done = ball(colour, 0.88, 0.9, mix(colour, SHADE, 0.25))
    ring = puff(ellipse((222, 330, 310, 404)), mix(colour, SHADE, 0.28), 0.03)
    knob = puff(ellipse((238, 344, 296, 392)), mix(colour, GLOW, 0.12), 0.03)
    return over(done, ring, knob)


def ponkan(colour: Colour = "#ec8c1e") -> Image.Image:
    """A loose-skinned mandarin with its neck and ribs."""
    body = ImageChops.lighter(ellipse((30, 150, 482, 486)), ellipse((178, 96, 334, 260)))
    body = body.filter(ImageFilter.GaussianBlur(12)).point(lambda v: 0 if v < 118 else min(255, (v - 118) * 12))
    done = puff(body, colour, 0.15)
    ribs = empty()
    draw = ImageDraw.Draw(ribs)
    for dx in (-150, -80, 0, 80, 150):
        draw.line(
            curve([(256 + dx * 0.25, 130), (256 + dx, 210), (256 + dx * 1.1, 330)]),
            fill=(*mix(colour, SHADE, 0.35), 70),
            width=9,
        )
    ribs = ribs.filter(ImageFilter.GaussianBlur(5))
    ribs.putalpha(ImageChops.multiply(ribs.getchannel("A"), body))
    done = speckled(over(done, ribs), [mix(colour, SHADE, 0.3)], 200, 8, (1, 2.4))
    stem = puff(ellipse((236, 92, 282, 122)), "#5d7a36", 0.02)
    return stuck(over(done, stem), leaf("#4f7f3a", 30), 0.4, 0.7, 0.15)


def blossom(colour: Colour = "#efc23c", petals: int = 4, heart: str = "#c98a1c") -> Image.Image:
    """A small flower seen from above: rape has four petals, osmanthus four narrow ones."""
    base = empty()
    for n in range(petals):
        petal = puff(ellipse((178, 26, 334, 262)), mix(colour, GLOW, 0.1 * (n % 2)), 0.06)
        base = over(base, petal.rotate(360 * n / petals + 20, Image.Resampling.BICUBIC, center=(256, 256)))
    return over(base, puff(ellipse((210, 210, 302, 302)), heart, 0.05))


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
    dice = seeded(seed)
    tones = [rgb(colour), *(rgb(s) for s in shades)]
    side = int(SIDE * grain)
    sprites = []
    for tone in tones:
        single = ball(tone, 0.94, 0.94 * oval)
        if mark:
            single = speckled(single, [mark], 90, 4, (9, 20))
        sprites.append(single.resize((side, side), Image.Resampling.LANCZOS))
    spots = []
    for _ in range(count):
        u = dice.uniform(-1, 1)
        reach = math.sqrt(max(0.0, 1 - u * u))
        spots.append(
            (MIDDLE + u * (MIDDLE - side * 0.55), SIDE - side * 0.55 - dice.uniform(0, 1) * reach * SIDE * 0.42)
        )
    base = empty()
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
    dice, side, base = seeded(seed), int(SIDE * berry), empty()
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
