"""Photos of goods: uploads are checked and made uniform, thumbnails are cut, composed pictures are told apart."""

from io import BytesIO
from pathlib import PurePosixPath

from django.conf import settings
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext_lazy as _
from PIL import Image, ImageOps, UnidentifiedImageError

from catalogue.still_life import compose, recipes

SIZES = (160, 320, 640)
LONGEST_SIDE = 1280
QUALITY = 80
COMPOSED = "composed-"
READABLE = ("JPEG", "PNG", "WEBP")

NOT_A_PHOTO, TOO_HEAVY, TOO_MANY_PIXELS, TOO_SMALL = "NOT_A_PHOTO", "TOO_HEAVY", "TOO_MANY_PIXELS", "TOO_SMALL"
WORDS = {
    NOT_A_PHOTO: _("This file is not a photo. Use a JPEG, PNG or WebP picture."),
    TOO_HEAVY: _("The photo is larger than %(limit)s MB. Take a smaller one."),
    TOO_MANY_PIXELS: _("The photo has more than %(limit)s million pixels. Take a smaller one."),
    TOO_SMALL: _("The photo is too small. It needs at least %(limit)s pixels on each side."),
}
SMALLEST_SIDE = 200


class UnableToUsePhoto(Exception):
    """A photo was refused; `reason` is one of the codes above, `words` says it to the person."""

    def __init__(self, reason: str, *, limit: int | None = None):
        super().__init__(reason)
        self.reason, self.limit = reason, limit

    @property
    def words(self) -> str:
        return str(WORDS[self.reason]) % {"limit": self.limit}


def normalised(uploaded: UploadedFile) -> Image.Image:
    """The photo upright, without its metadata, in RGB, at most 1280 px on the longer side.

    :param uploaded: as a form delivers it; its name and declared type are not believed.
    :raises UnableToUsePhoto: NOT_A_PHOTO, TOO_HEAVY, TOO_MANY_PIXELS or TOO_SMALL, judged before decoding.
    """
    if uploaded.size > settings.PHOTO_MAX_BYTES:
        raise UnableToUsePhoto(TOO_HEAVY, limit=settings.PHOTO_MAX_BYTES // (1024 * 1024))
    try:
        with Image.open(uploaded, formats=READABLE) as opened:
            _measure(opened.size)
            opened.verify()
        uploaded.seek(0)
        with Image.open(uploaded, formats=READABLE) as photo:
            photo.draft("RGB", (LONGEST_SIDE, LONGEST_SIDE))
            photo.load()
            upright = ImageOps.exif_transpose(photo)
    except Image.DecompressionBombError as error:
        raise UnableToUsePhoto(TOO_MANY_PIXELS, limit=settings.PHOTO_MAX_PIXELS // 1_000_000) from error
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UnableToUsePhoto(NOT_A_PHOTO) from error
    upright.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    return _on_white(upright)


def webp(image: Image.Image) -> bytes:
    """The image as WebP, carrying no metadata."""
    out = BytesIO()
    image.save(out, "WEBP", quality=QUALITY, method=4, exif=b"", icc_profile=None)
    return out.getvalue()


def thumbnails(image: Image.Image) -> dict[int, bytes]:
    """WebP squares of 160, 320 and 640 px, cut from the middle."""
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    return {size: webp(square.resize((size, size), Image.Resampling.LANCZOS)) for size in SIZES}


def thumbnail_name(name: str, *, size: int) -> str:
    """The stored name of a thumbnail, beside its original: a/b.webp -> a/b-320.webp."""
    if size not in SIZES:
        raise ValueError(f"no thumbnails of {size} px, only {SIZES}")
    path = PurePosixPath(name)
    return str(path.with_name(f"{path.stem}-{size}.webp"))


def is_composed(name: str) -> bool:
    """Whether a stored picture was composed (and must be marked 示意图), not photographed."""
    return PurePosixPath(name).name.startswith(COMPOSED)


def store(image: Image.Image, *, name: str, storage: Storage) -> str:
    """Write the image and its thumbnails and return the name it got.

    :param name: wished name without ending ("images/products/HN019"); the storage may add to it to keep it unique.
    """
    stored = storage.save(f"{name}.webp", ContentFile(webp(image)))
    for size, content in thumbnails(image).items():
        thumbnail = thumbnail_name(stored, size=size)
        storage.delete(thumbnail)
        storage.save(thumbnail, ContentFile(content))
    return stored


def save_photo(uploaded: UploadedFile, *, name: str, storage: Storage) -> str:
    """Check a seller's photo, make it uniform, store it with its thumbnails, and return its stored name.

    :raises UnableToUsePhoto: when it is refused; nothing is stored then.
    """
    return store(normalised(uploaded), name=name, storage=storage)


def store_composed(sku: str, *, storage: Storage, folder: str = "images/products") -> str:
    """Compose the still life of a product, store it with its thumbnails and return its name, the same each time.

    :raises KeyError: when there is no recipe for the sku.
    """
    image = compose(recipes()[sku])
    name = f"{folder}/{COMPOSED}{sku}"
    storage.delete(f"{name}.webp")
    return store(image, name=name, storage=storage)


def _measure(size: tuple[int, int]) -> None:
    width, height = size
    if width * height > settings.PHOTO_MAX_PIXELS:
        raise UnableToUsePhoto(TOO_MANY_PIXELS, limit=settings.PHOTO_MAX_PIXELS // 1_000_000)
    if min(width, height) < SMALLEST_SIDE:
        raise UnableToUsePhoto(TOO_SMALL, limit=SMALLEST_SIDE)


def _on_white(image: Image.Image) -> Image.Image:
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        rgba = image.convert("RGBA")
        ground = Image.new("RGB", rgba.size, "#fffdf8")
        ground.paste(rgba, mask=rgba.getchannel("A"))
        return ground
    plain = image.convert("RGB")
    plain.info.clear()
    return plain
