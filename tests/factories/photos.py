"""Photos as phones send them."""

from io import BytesIO

from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image


def jpeg(side: int = 300) -> SimpleUploadedFile:
    """Return a photo with something in its metadata that nobody should see."""
    out = BytesIO()
    exif = Image.Exif()
    exif[0x010E] = "secret place"
    Image.new("RGB", (side, side), "tomato").save(out, "JPEG", exif=exif)
    return SimpleUploadedFile("家门口.jpg", out.getvalue(), "image/jpeg")
