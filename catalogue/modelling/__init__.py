"""Goods modelled in Pillow where the emoji set has nothing true: bricks of tea, bacon, pomelos, lotus roots, jars.

Every model is a function that returns an RGBA image of 512 px with the light from the upper left; colours are hex
strings. The same arguments give the same picture: what looks scattered is drawn from a seed.
"""

from collections.abc import Callable
from inspect import getmembers, isfunction

from PIL import Image

from catalogue.modelling import fruit, harvest, made

MODELS: dict[str, Callable[..., Image.Image]] = {
    name: model
    for module in (fruit, harvest, made)
    for name, model in getmembers(module, isfunction)
    if model.__module__ == module.__name__
}
