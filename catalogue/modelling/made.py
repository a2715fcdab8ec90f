"""What is made and packed: bricks, tins, jars, jugs, sacks, tofu, bacon, preserved eggs."""

import math
from collections.abc import Sequence

from PIL import Image, ImageChops, ImageDraw, ImageFilter

from catalogue.modelling.clay import (
    GLOW,
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
    speckled,
    strand,
    swell,
)


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
    front = rounded((left, top, right, bottom), 14)
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    if bands:
        draw, y, total = ImageDraw.Draw(surface), top, sum(share for share, _ in bands)
        for n, (share, tone) in enumerate(bands):
            nxt = y + (bottom - top) * share / total
            edge = [(x, y + 5 * math.sin(x / 41 + n * 1.7) + 3 * math.sin(x / 17 + n)) for x in range(0, SIDE + 8, 8)]
            draw.polygon([*(edge if n else [(0, y), (SIDE, y)]), (SIDE, bottom + 10), (0, bottom + 10)], fill=rgb(tone))
            y = nxt
        surface = surface.filter(ImageFilter.GaussianBlur(1.6))
    face = swell(front, surface, 0.022)
    lid = polygon([(left + 6, top + 8), (left + depth, top - lift), (right + depth, top - lift), (right - 2, top + 8)])
    lid_tone = bands[0][1] if bands else colour
    cap = swell(
        lid.filter(ImageFilter.GaussianBlur(2)), Image.new("RGB", (SIDE, SIDE), mix(lid_tone, GLOW, 0.24)), 0.01
    )
    side = polygon(
        [(right - 8, top + 4), (right + depth, top - lift), (right + depth, bottom - lift), (right - 8, bottom - 2)]
    )
    dim = surface.point(lambda v: int(v * 0.66)) if bands else Image.new("RGB", (SIDE, SIDE), mix(colour, SHADE, 0.36))
    flank = swell(side.filter(ImageFilter.GaussianBlur(2)), dim, 0.01)
    if flecks:
        face, cap, flank = (
            speckled(part, flecks, many, seed, fleck)
            for part, many, seed in ((face, count, 1), (cap, count // 4, 2), (flank, count // 5, 3))
        )
    done = over(flank, cap, face)
    if label:
        paper = swell(
            rounded((left + 110, top + (bottom - top) * 0.22, right - 110, bottom - (bottom - top) * 0.22), 8),
            Image.new("RGB", (SIDE, SIDE), rgb(label)),
            0.008,
        )
        seal_top = (top + bottom) / 2 - 34
        seal = swell(
            rounded((left + 166, seal_top, right - 166, seal_top + 68), 8),
            Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")),
            0.008,
        )
        done = over(done, paper, seal)
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
    back = puff(ellipse((30 + thick, 34, SIDE - 22, SIDE - 14)), mix(rim or colour, SHADE, 0.3), 0.05)
    face = swell(
        ellipse((20, 30, SIDE - 30 - thick, SIDE - 14)), Image.new("RGB", (SIDE, SIDE), rgb(rim or colour)), 0.03
    )
    inner = swell(ellipse((36, 46, SIDE - 46 - thick, SIDE - 30)), Image.new("RGB", (SIDE, SIDE), rgb(colour)), 0.03)
    if flecks:
        inner = speckled(inner, flecks, count, 6, fleck)
    return over(back, face, inner)


def tin(colour: Colour, lid: str = "", label: str = "#f4ead2", tall: float = 0.86) -> Image.Image:
    """A round caddy with its lid and a paper band."""
    top, bottom, left, right = SIDE * (1 - tall), SIDE - 14, 96, 416
    body = ImageChops.lighter(
        rounded((left, top + 40, right, bottom - 20), 12), ellipse((left, bottom - 74, right, bottom))
    )
    done = puff(body, colour, 0.11)
    band = ImageChops.multiply(
        body,
        ImageChops.lighter(
            rounded((left, top + 190, right, bottom - 96), 2), ellipse((left, bottom - 126, right, bottom - 70))
        ),
    )
    done = over(done, puff(band, label, 0.11))
    seal = swell(rounded((216, top + 226, 296, top + 306), 10), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01)
    cap_tone = lid or mix(colour, SHADE, 0.2)
    cap = ImageChops.lighter(
        rounded((left - 6, top + 36, right + 6, top + 112), 8), ellipse((left - 6, top + 82, right + 6, top + 140))
    )
    flat = ellipse((left - 6, top, right + 6, top + 74))
    return over(
        done,
        seal,
        puff(cap, cap_tone, 0.1),
        swell(flat, Image.new("RGB", (SIDE, SIDE), mix(cap_tone, GLOW, 0.3)), 0.02),
    )


def jar(
    content: Colour,
    lid: str = "#8a2f22",
    flecks: Sequence[Colour] = (),
    label: str = "#f4ead2",
    fleck: tuple[float, float] = (5, 14),
) -> Image.Image:
    """A glass jar that shows what is in it."""
    glass = ImageChops.lighter(rounded((84, 128, 428, 500), 58), rounded((120, 92, 392, 200), 20))
    inside = ImageChops.multiply(rounded((98, 170, 414, 488), 50), glass)
    shell = puff(glass, "#dfe5dc", 0.06)
    filled = puff(inside, content, 0.09)
    if flecks:
        filled = speckled(filled, flecks, 190, 9, fleck)
    shine = empty()
    ImageDraw.Draw(shine).rounded_rectangle((120, 190, 142, 420), 11, fill=(255, 252, 244, 120))
    paper = swell(rounded((170, 280, 342, 420), 10), Image.new("RGB", (SIDE, SIDE), rgb(label)), 0.012)
    seal = swell(rounded((224, 316, 288, 384), 8), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01)
    cap = puff(ImageChops.lighter(rounded((108, 44, 404, 124), 18), ellipse((108, 30, 404, 86))), lid, 0.06)
    top = swell(ellipse((116, 30, 396, 80)), Image.new("RGB", (SIDE, SIDE), mix(lid, GLOW, 0.2)), 0.015)
    return over(shell, filled, shine.filter(ImageFilter.GaussianBlur(3)), paper, seal, cap, top)


def crock(colour: Colour = "#6b4a33", cloth: str = "#a2412e") -> Image.Image:
    """An earthen pickling jar with its mouth tied in cloth."""
    outline = [
        *curve([(150, 150), (20, 220), (40, 420), (150, 500)]),
        *curve([(150, 500), (256, 512), (362, 500)]),
        *curve([(362, 500), (472, 420), (492, 220), (362, 150)]),
    ]
    body = puff(polygon(outline), colour, 0.13)
    glaze = ImageChops.multiply(
        polygon(outline),
        polygon(
            [
                (0, 0),
                (SIDE, 0),
                (SIDE, 262),
                *reversed([(x, 262 + 16 * math.sin(x / 34)) for x in range(0, SIDE + 8, 8)]),
            ]
        ),
    )
    body = over(body, puff(glaze, mix(colour, SHADE, 0.34), 0.13).copy())
    hood = polygon(
        [
            *curve([(140, 176), (150, 60), (256, 34), (362, 60), (372, 176)]),
            *curve([(372, 176), (256, 216), (140, 176)]),
        ]
    )
    cord = puff(strand([(146, 150), (256, 186), (366, 150)], lambda t: 9), "#d8bd86", 0.012)
    return over(body, puff(hood, cloth, 0.07), cord)


def jug(colour: Colour, cap: str = "#7a2e1d", label: str = "#f4ead2", slim: bool = False) -> Image.Image:
    """A jug of oil with a grip; slim: a bottle."""
    if slim:
        outline = ImageChops.lighter(rounded((150, 210, 362, 502), 40), rounded((214, 90, 298, 300), 20))
        outline = outline.filter(ImageFilter.GaussianBlur(12)).point(
            lambda v: 0 if v < 120 else min(255, (v - 120) * 14)
        )
        grip, paper_box, seal_box, cap_box = None, (166, 310, 346, 440), (222, 336, 290, 408), (208, 34, 304, 108)
    else:
        outline = ImageChops.lighter(
            rounded((70, 170, 442, 502), 56), polygon([(130, 260), (196, 96), (300, 96), (420, 260)])
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
    oil = puff(outline, colour, 0.1)
    shine = empty()
    x = paper_box[0] - 4
    ImageDraw.Draw(shine).rounded_rectangle((x, 236, x + 18, 306), 9, fill=(255, 252, 240, 150))
    parts = [oil, shine.filter(ImageFilter.GaussianBlur(3))]
    if grip:
        hole = ellipse(grip)
        cut = oil.copy()
        cut.putalpha(ImageChops.subtract(oil.getchannel("A"), hole))
        parts[0] = cut
    parts.append(puff(rounded(paper_box, 8), label, 0.03))
    parts.append(swell(rounded(seal_box, 10), Image.new("RGB", (SIDE, SIDE), rgb("#a2412e")), 0.01))
    parts.append(puff(rounded(cap_box, 12), cap, 0.05))
    return over(*parts)


def sack(colour: Colour = "#d9c49a", patch: str = "#f7efdc", mark: str = "#b98a2c") -> Image.Image:
    """A woven sack, its mouth tied, an ear of grain on the patch."""
    outline = [
        *curve([(196, 150), (60, 200), (24, 420), (84, 500)]),
        *curve([(84, 500), (256, 516), (428, 500)]),
        *curve([(428, 500), (488, 420), (452, 200), (316, 150)]),
    ]
    bag = polygon(outline)
    surface = Image.new("RGB", (SIDE, SIDE), rgb(colour))
    draw = ImageDraw.Draw(surface)
    for i in range(0, SIDE, 9):
        draw.line((0, i, SIDE, i), fill=mix(colour, SHADE, 0.1), width=2)
        draw.line((i, 0, i, SIDE), fill=mix(colour, GLOW, 0.16), width=2)
    body = swell(bag, surface, 0.11)
    ruff = polygon(
        [(196, 160), (130, 60), (190, 84), (230, 40), (262, 78), (306, 36), (328, 84), (388, 62), (316, 160)]
    )
    cord = puff(strand([(186, 150), (256, 166), (326, 150)], lambda t: 11), "#a2412e", 0.014)
    label = swell(rounded((160, 256, 352, 440), 12), Image.new("RGB", (SIDE, SIDE), rgb(patch)), 0.012)
    ear = empty()
    pen = ImageDraw.Draw(ear)
    pen.line(curve([(232, 420), (244, 350), (276, 284)]), fill=(*rgb(mark), 255), width=6)
    for k in range(6):
        x, y = 238 + k * 7, 396 - k * 21
        for lean in (-1, 1):
            grain = strand(
                [(x, y), (x + lean * 16 + 6, y - 14), (x + lean * 22 + 8, y - 26)],
                lambda t: 7 * math.sin(math.pi * min(max(t, 0.12), 0.9)),
            )
            ear.paste((*rgb(mark), 255), (0, 0), grain)
    return over(swell(ruff.filter(ImageFilter.GaussianBlur(3)), surface, 0.04), body, cord, label, ear)


def bacon(
    lean: Colour = "#6e2a1c", fat: Colour = "#d99a4e", skin: Colour = "#4a2415", cord: str = "#d3b98a"
) -> Image.Image:
    """A strip of Hunan smoked pork hung by its cord: black-brown skin, amber fat, dark lean, cut lengthwise."""
    left, right, top, bottom = 150, 378, 118, 500
    outline = [(left + 7 * math.sin(y / 43), y) for y in range(top, bottom + 1, 6)]
    outline += [(right + 8 * math.sin(y / 51 + 2), y) for y in range(bottom, top - 1, -6)]
    strip = (
        polygon(outline).filter(ImageFilter.GaussianBlur(9)).point(lambda v: 0 if v < 110 else min(255, (v - 110) * 12))
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
    meat = swell(strip, surface, 0.05)
    meat = speckled(meat, [mix(lean, SHADE, 0.5), mix(fat, GLOW, 0.3)], 150, 21, (2, 7))
    gloss = empty()
    ImageDraw.Draw(gloss).rounded_rectangle((left + 34, top + 40, left + 46, bottom - 90), 6, fill=(255, 240, 214, 90))
    loop = puff(strand([(236, 146), (150, -28), (372, -28), (276, 146)], lambda t: 8), cord, 0.012)
    hole = puff(ellipse((234, 132, 282, 162)), mix(lean, SHADE, 0.6), 0.01)
    return over(meat, gloss.filter(ImageFilter.GaussianBlur(4)), hole, loop)


def cubes(colour: Colour = "#f2ead9", flecks: Sequence[Colour] = (), many: int = 5) -> Image.Image:
    """A small stack of cubes or squares: poria, tofu."""
    single = block(colour, flecks, tall=0.72, count=90)
    base = empty()
    for x, y in ((250, 40), (20, 60), (250, 236), (16, 250), (140, 130))[:many]:
        small = single.resize((250, 250), Image.Resampling.LANCZOS)
        base.alpha_composite(small, (x, y))
    return base


def sheets(colour: Colour = "#a8763e", flecks: Sequence[Colour] = (), many: int = 4) -> Image.Image:
    """Squares of pressed tofu, one on the other."""
    base = empty()
    for n in range(many):
        y = 362 - n * 74
        layer = block(colour if n % 2 else mix(colour, SHADE, 0.12), flecks, tall=0.22, count=120, fleck=(2, 5))
        base.alpha_composite(ImageChops.offset(layer, (0, 14, -6, 10)[n % 4], y - 362))
    return base


def dark_egg(white: Colour = "#6b4a22", yolk: Colour = "#2f3a33", shell: Colour = "#a9b6ae") -> Image.Image:
    """A preserved egg cut in half: amber jelly, green-black heart."""
    back = puff(ellipse((60, 70, 470, 500)), shell, 0.08)
    jelly = puff(ellipse((52, 50, 452, 470)), white, 0.05)
    ring = puff(ellipse((136, 140, 376, 390)), mix(yolk, "#7d8a5a", 0.5), 0.05)
    heart = puff(ellipse((164, 170, 350, 362)), yolk, 0.07)
    gloss = empty()
    ImageDraw.Draw(gloss).ellipse((104, 96, 190, 150), fill=(255, 246, 220, 130))
    return over(back, jelly, ring, heart, gloss.filter(ImageFilter.GaussianBlur(10)))
