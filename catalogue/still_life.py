"""Composed pictures of goods: a still life on a table before a pale disc, light from the upper left.

A recipe names a tone (wall and table) and the objects from back to front. Objects are either of the emoji set (by code
point, MIT, from node_modules) or modelled by `catalogue.modelling` (by name). The same recipe gives the same picture.
"""

import colorsys
import tomllib
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from PIL import Image, ImageDraw, ImageFilter

from catalogue.modelling import MODELS
from catalogue.modelling.clay import mix, rgb

MASTER = 640
HORIZON = 0.655  # where the wall meets the table
RECIPES = Path(__file__).parent / "data" / "pictures.toml"
TONES = {  # category: wall, table
    "citrus": ("#f1e2c8", "#e3c79d"),
    "tea": ("#dbe3d6", "#bccabb"),
    "cured": ("#ecd9cb", "#d8b7a2"),
    "oil": ("#ece4c6", "#d6c894"),
    "greens": ("#e2e8d3", "#c5d0ab"),
    "grain": ("#eee8da", "#dbcfb5"),
    "honey": ("#f0e0be", "#dfc28a"),
    "fish": ("#dbe4e5", "#b9c9cb"),
    "root": ("#ece0d0", "#d5c0a4"),
    "fowl": ("#e4e2d6", "#c9c5b0"),
    "berry": ("#ecdcdc", "#d3b9b8"),
    "herb": ("#e6e6d2", "#cbcba8"),
}
SHADOWS = (  # spread, drop, shift (of the object's width), strength, blur (of the picture)
    (1.10, 0.15, 0.16, 0.30, 0.022),
    (0.74, 0.07, 0.03, 0.42, 0.008),
)


@dataclass(frozen=True)
class Thing:
    """One object: its width and place are shares of the picture, foot is where it stands, turn in degrees."""

    name: str
    width: float
    x: float
    foot: float
    turn: float = 0.0
    recolour: tuple[float, float, float] | None = None  # hue in degrees, saturation, value; of emoji only
    squeeze: float = 1.0  # height by this factor
    options: dict[str, Any] = field(default_factory=dict)  # what a model is asked for


@dataclass(frozen=True)
class Recipe:
    tone: str
    things: tuple[Thing, ...]


@cache
def recipes() -> dict[str, Recipe]:
    """All recipes by sku, from catalogue/data/pictures.toml."""
    with RECIPES.open("rb") as file:
        raw = tomllib.load(file)
    return {
        sku: Recipe(tone=entry["tone"], things=tuple(_thing(t) for t in entry["things"])) for sku, entry in raw.items()
    }


def compose(recipe: Recipe, *, size: int = MASTER) -> Image.Image:
    """The picture of a recipe as a square RGB image of `size` px."""
    canvas = _ground(recipe.tone).copy()
    dark = mix(TONES[recipe.tone][1], (52, 38, 24), 0.72)
    for thing in recipe.things:
        _place(canvas, thing, dark)
    return canvas if size == MASTER else canvas.resize((size, size), Image.Resampling.LANCZOS)


def _thing(raw: dict[str, Any]) -> Thing:
    recolour = raw.get("recolour")
    known = {key: raw[key] for key in ("name", "width", "x", "foot", "turn", "squeeze", "options") if key in raw}
    return Thing(**known, recolour=tuple(recolour) if recolour else None)


@cache
def _ground(tone: str) -> Image.Image:
    """Wall, table and disc, brighter at the upper left."""
    wall, table = (rgb(c) for c in TONES[tone])
    edge = int(MASTER * HORIZON)
    canvas = _lit(wall)
    canvas.paste(_lit(table).crop((0, edge, MASTER, MASTER)), (0, edge))
    big = Image.new("L", (MASTER * 2, MASTER * 2), 0)
    ImageDraw.Draw(big).ellipse((MASTER * 0.42, MASTER * 0.24, MASTER * 1.58, MASTER * 1.40), fill=150)
    disc = big.resize((MASTER, MASTER), Image.Resampling.LANCZOS)
    disc.paste(0, (0, edge, MASTER, MASTER))
    canvas.paste(mix(wall, (255, 253, 247), 0.72), (0, 0, MASTER, MASTER), disc)
    return canvas


def _lit(colour: tuple[int, int, int]) -> Image.Image:
    """A plane of one colour, 1.035 of it at the upper left, 0.965 at the lower right."""
    corner = Image.new("RGB", (2, 2))
    for x, y in ((0, 0), (1, 0), (0, 1), (1, 1)):
        light = 1.035 - 0.07 * (x * 0.6 + y * 0.4)
        corner.putpixel((x, y), tuple(min(255, round(c * light)) for c in colour))
    return corner.resize((MASTER, MASTER), Image.Resampling.BILINEAR, box=(0.5, 0.5, 1.5, 1.5))


def _place(canvas: Image.Image, thing: Thing, dark: tuple[int, int, int]) -> None:
    image = _object(thing)
    scale = thing.width * MASTER / max(image.width, image.height / thing.squeeze)
    wide, tall = max(1, int(image.width * scale)), max(1, int(image.height * scale))
    image = image.resize((wide, tall), Image.Resampling.LANCZOS)
    for spread, drop, shift, strength, blur in SHADOWS:
        w, h = wide * spread, min(wide, tall * 1.6) * drop
        cx, cy = thing.x * MASTER + wide * shift, thing.foot * MASTER - h * 0.30
        shadow = Image.new("L", canvas.size, 0)
        ImageDraw.Draw(shadow).ellipse((cx - w / 2, cy - h / 2, cx + w / 2, cy + h / 2), fill=int(255 * strength))
        canvas.paste(dark, (0, 0, MASTER, MASTER), shadow.filter(ImageFilter.GaussianBlur(MASTER * blur)))
    canvas.paste(image, (int(thing.x * MASTER - wide / 2), int(thing.foot * MASTER - tall)), image)


def _object(thing: Thing) -> Image.Image:
    model = MODELS.get(thing.name)
    image = model(**thing.options) if model else _graded(thing.name, thing.recolour)
    if thing.turn:
        image = image.rotate(thing.turn, Image.Resampling.BICUBIC, expand=True)
    image = image.crop(image.getchannel("A").point(lambda v: 255 if v > 8 else 0).getbbox())
    if thing.squeeze != 1.0:
        image = image.resize((image.width, int(image.height * thing.squeeze)), Image.Resampling.LANCZOS)
    return image


@cache
def _graded(code: str, recolour: tuple[float, float, float] | None) -> Image.Image:
    path = settings.NODE_MODULES / "@lobehub" / "fluent-emoji-3d" / "assets" / f"{code}.webp"
    with Image.open(path) as source:
        image = source.convert("RGBA")
    calm = image.convert("RGB").filter(_grade(recolour))
    calm.putalpha(image.getchannel("A"))
    return calm


@cache
def _grade(recolour: tuple[float, float, float] | None) -> ImageFilter.Color3DLUT:
    """Calm the colours: magenta becomes clay, violet shade warm grey, saturation falls, a warm light lies over all."""

    def graded(r: float, g: float, b: float) -> tuple[float, float, float]:
        hue, s, v = colorsys.rgb_to_hsv(r, g, b)
        h = hue * 360
        magenta = h > 285
        if magenta:
            h = 2 + (h - 285) / 75 * 12
        elif h > 205 and s < 0.43:  # the violet shade of white things
            h, s = 42, s * 0.35
        s *= 0.82 * (0.86 if magenta else 1)
        if recolour:
            to, saturation, value = recolour
            leaf = 70 < h < 170 and to < 60
            if (s > 0.157 or saturation <= 0.4) and not leaf:  # leaves stay green
                h = to
                s = min(max(s * saturation / 0.82 + (0.086 if saturation > 0.5 else 0), 0), 0.92)
                v = min(max(v * value, 0), 1)
        red, green, blue = colorsys.hsv_to_rgb(h / 360 % 1, s, v)
        return red, green * 0.972, blue * 0.925

    return ImageFilter.Color3DLUT.generate(25, graded)
