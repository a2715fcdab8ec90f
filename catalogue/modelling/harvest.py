"""What is dug, plucked and dried: peppers, roots, bulbs, bark, leaf tea."""

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
    rounded,
    seeded,
    speckled,
    strand,
    swell,
)


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
    dice = seeded(seed)
    tones, base = [colour, *shades], empty()
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
        path = curve(points, 12)
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


def pepper(
    colour: Colour = "#5b8c34", slim: float = 1.0, stem: str = "#4d6b2c", bend: float = 1.0, wrinkled: bool = False
) -> Image.Image:
    """A chilli with its own short cap and bent stalk, lying with the tip to the right."""
    path = [(96, 190), (190, 150 - 20 * bend), (330, 250), (400, 330 + 40 * bend), (486, 330 + 110 * bend)]
    body = strand(path, lambda t: slim * (58 * (1 - t) ** 0.75 * min(1, 0.55 + t * 4) + 3))
    done = puff(body, colour, 0.055)
    if wrinkled:
        done = speckled(done, [mix(colour, SHADE, 0.5), mix(colour, GLOW, 0.3)], 120, 12, (6, 22))
    cap = puff(strand([(66, 186), (92, 186), (116, 184)], lambda t: slim * (13 + 22 * t)), stem, 0.025)
    stalk = puff(strand([(20, 96), (40, 160), (72, 186)], lambda t: 10 + 5 * t), mix(stem, SHADE, 0.12), 0.02)
    return over(stalk, done, cap)


def peppers(
    colour: Colour = "#5b8c34", slim: float = 1.0, stem: str = "#4d6b2c", wrinkled: bool = False, many: int = 3
) -> Image.Image:
    base = empty()
    for n, (turn, x, y) in list(enumerate(((38, 30, -40), (10, 10, 40), (-20, 60, 100), (24, -30, 90), (-6, 70, 10))))[
        :many
    ]:
        tone = colour if n % 2 else mix(colour, GLOW, 0.07)
        single = pepper(tone, slim, stem, 1.0 - 0.25 * n, wrinkled).resize((400, 400), Image.Resampling.LANCZOS)
        layer = empty()
        layer.paste(single, (56, 56), single)
        layer = ImageChops.offset(layer.rotate(turn, Image.Resampling.BICUBIC), x - 30, y - 30)
        under = Image.new("RGBA", layer.size, (*SHADE, 0))
        under.putalpha(
            ImageChops.offset(
                layer.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda v: int(v * 0.35)), 6, 9
            )
        )
        base = over(base, under, layer)
    return base


def lotus_root(colour: Colour = "#e3cfa9") -> Image.Image:
    """Two joints and a slice that shows the holes."""
    joints = ImageChops.lighter(ellipse((6, 130, 268, 330)), ellipse((228, 96, 506, 300)))
    neck = rounded((216, 172, 290, 262), 20)
    joints = (
        ImageChops.lighter(joints, neck)
        .filter(ImageFilter.GaussianBlur(7))
        .point(lambda v: 0 if v < 118 else min(255, (v - 118) * 14))
    )
    body = speckled(puff(joints, colour, 0.1), [mix(colour, "#8a6a3c", 0.6)], 90, 4, (2, 6))
    node = puff(strand([(252, 168), (240, 214), (256, 262)], lambda t: 8), mix(colour, "#6b4f2c", 0.62), 0.016)
    edge = puff(ellipse((150, 262, 402, 504)), mix(colour, "#b89a68", 0.3), 0.05)
    face = swell(ellipse((154, 258, 396, 490)), Image.new("RGB", (SIDE, SIDE), rgb("#f6ead2")), 0.025)
    done = over(body, node, edge, face)
    for n in range(8):
        angle = math.tau * n / 8 + 0.2
        x, y, r = 275 + 74 * math.cos(angle), 374 + 70 * math.sin(angle), 23 if n % 2 else 19
        done = over(
            done, swell(ellipse((x - r, y - r, x + r, y + r)), Image.new("RGB", (SIDE, SIDE), rgb("#a98a5c")), 0.012)
        )
    return over(done, swell(ellipse((261, 360, 289, 388)), Image.new("RGB", (SIDE, SIDE), rgb("#a98a5c")), 0.01))


def taro(
    colour: Colour = "#7d5a3e", flesh: Colour = "#efe3da", cut: bool = True, purple: str = "#8a5a78"
) -> Image.Image:
    body = ellipse((70, 40, 442, 500)) if not cut else ellipse((30, 30, 360, 470))
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    draw = ImageDraw.Draw(surface)
    for y in range(60, 500, 34):
        draw.line(curve([(0, y), (256, y + 46), (SIDE, y)]), fill=mix(colour, SHADE, 0.42), width=7)
        draw.line(curve([(0, y + 8), (256, y + 54), (SIDE, y + 8)]), fill=mix(colour, GLOW, 0.16), width=4)
    whole = speckled(
        swell(body, surface.filter(ImageFilter.GaussianBlur(2)), 0.12), [mix(colour, SHADE, 0.5)], 160, 2, (2, 8)
    )
    if not cut:
        return whole
    rind = puff(ellipse((196, 214, 506, 506)), colour, 0.05)
    face = swell(ellipse((206, 218, 494, 490)), Image.new("RGB", (SIDE, SIDE), rgb(flesh)), 0.03)
    return over(whole, rind, speckled(face, [purple], 150, 5, (2, 6)))


def lily(colour: Colour = "#f3e6c9") -> Image.Image:
    """A lily bulb: scales closing like a lotus."""
    base = empty()
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
            *curve([(256, 492), (256 - 150 * long, 360), (256 - 96 * long, 492 - tall * 0.82), (256, 492 - tall)]),
            *curve([(256, 492 - tall), (256 + 96 * long, 492 - tall * 0.82), (256 + 150 * long, 360), (256, 492)]),
        ]
        scale = puff(polygon(points), mix(colour, "#c9a566", shade * 3 + (0.1 if n % 2 else 0.0)), 0.06)
        turned = scale.rotate(-angle, Image.Resampling.BICUBIC, center=(256, 470))
        under = Image.new("RGBA", turned.size, (*mix(colour, SHADE, 0.6), 0))
        under.putalpha(turned.getchannel("A").filter(ImageFilter.GaussianBlur(6)).point(lambda v: int(v * 0.3)))
        base = over(base, ImageChops.offset(under, 2, 3), turned)
    root = puff(ellipse((206, 462, 306, 506)), mix(colour, "#9b7a48", 0.5), 0.03)
    return over(base, root)


def bark(colour: Colour = "#7a5a40") -> Image.Image:
    """Strips of eucommia bark, rough outside, smooth within, curling."""
    base, dice = empty(), seeded(11)
    for n, (x, y, turn) in enumerate(((40, 70, 14), (90, 130, -9), (64, 200, 5), (110, 262, -3))):
        shape = rounded((20, 40, 400, 150), 22)
        surface = Image.new("RGB", (SIDE, SIDE), mix(colour, GLOW, 0.06 * (n % 2)))
        draw = ImageDraw.Draw(surface)
        for _ in range(60):
            lx, ly, long = dice.uniform(0, 400), dice.uniform(36, 152), dice.uniform(20, 90)
            draw.line(
                (lx, ly, lx + long, ly + dice.uniform(-4, 4)),
                fill=mix(colour, dice.choice([SHADE, GLOW]), dice.uniform(0.15, 0.4)),
                width=dice.randint(2, 5),
            )
        strip = swell(shape, surface, 0.06)
        lip = puff(rounded((20, 126, 400, 156), 14), mix(colour, "#c79a6a", 0.55), 0.02)
        strip = over(strip, lip).rotate(turn, Image.Resampling.BICUBIC, center=(210, 95))
        layer = empty()
        layer.paste(strip, (x - 20, y - 40), strip)
        under = Image.new("RGBA", layer.size, (*SHADE, 0))
        under.putalpha(
            ImageChops.offset(
                layer.getchannel("A").filter(ImageFilter.GaussianBlur(7)).point(lambda v: int(v * 0.4)), 5, 9
            )
        )
        base = over(base, under, layer)
    return base


def slices(colour: Colour = "#f1e6cf", ring: str = "#b08a55", heart: str = "#d9c08e") -> Image.Image:
    """Slices of a dried root in a loose pile."""
    base = empty()
    for x, y, r, squeeze in (
        (120, 330, 100, 0.5),
        (372, 326, 108, 0.48),
        (246, 262, 112, 0.56),
        (160, 410, 110, 0.5),
        (350, 420, 116, 0.5),
        (254, 356, 118, 0.56),
    ):
        h = r * squeeze
        edge = puff(ellipse((x - r, y - h + 14, x + r, y + h + 18)), mix(ring, SHADE, 0.25), 0.03)
        face = swell(ellipse((x - r, y - h, x + r, y + h)), Image.new("RGB", (SIDE, SIDE), rgb(ring)), 0.01)
        pale = swell(
            ellipse((x - r + 9, y - h + 7, x + r - 9, y + h - 7)), Image.new("RGB", (SIDE, SIDE), rgb(colour)), 0.02
        )
        core = ellipse((x - r * 0.34, y - h * 0.34, x + r * 0.34, y + h * 0.34))
        middle = Image.new("RGBA", (SIDE, SIDE), (*rgb(heart), 255))
        middle.putalpha(core.filter(ImageFilter.GaussianBlur(6)))
        base = over(base, edge, face, pale, middle)
    return base


def bulbs(colour: Colour = "#f4efe0", tail: str = "#9aa65a") -> Image.Image:
    """Pickled scallion heads: white bulbs with a green stub."""
    base = empty()
    for x, y, turn in (
        (130, 190, 40),
        (330, 170, -50),
        (230, 260, 10),
        (110, 350, -70),
        (350, 340, 60),
        (240, 380, -20),
    ):
        body = strand([(256, 330), (256, 230), (256, 130)], lambda t: 70 * math.sin(math.pi * (0.32 + 0.62 * t)) + 8)
        one = over(
            puff(strand([(256, 160), (258, 120), (266, 84)], lambda t: 18 - 5 * t), tail, 0.02),
            puff(body, colour, 0.06),
        )
        one = one.rotate(turn, Image.Resampling.BICUBIC).resize((300, 300), Image.Resampling.LANCZOS)
        under = Image.new("RGBA", one.size, (*SHADE, 0))
        under.putalpha(one.getchannel("A").filter(ImageFilter.GaussianBlur(6)).point(lambda v: int(v * 0.34)))
        for image, dx, dy in ((under, 4, 7), (one, 0, 0)):
            layer = empty()
            layer.paste(image, (x - 150 + dx, y - 150 + dy), image)
            base = over(base, layer)
    return base
