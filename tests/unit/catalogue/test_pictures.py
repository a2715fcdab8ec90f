"""Photos that sellers upload, and the still lifes that stand in for them."""

import random
from io import BytesIO

import pytest
from django.core.files.storage import InMemoryStorage
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from catalogue import pictures, still_life

ORIENTATION = 0x0112
GPS = 0x8825


def upload(image, *, kind="JPEG", name="photo.jpg", **options):
    out = BytesIO()
    image.save(out, kind, **options)
    return SimpleUploadedFile(name, out.getvalue(), content_type="image/jpeg")


def noise(width, height):
    return Image.frombytes("RGB", (width, height), random.Random(1).randbytes(width * height * 3))


def test_a_photo_becomes_webp_of_at_most_1280_px():
    storage = InMemoryStorage()

    name = pictures.save_photo(upload(Image.new("RGB", (3000, 2000), "#b84c0b")), name="images/a", storage=storage)

    with Image.open(storage.open(name)) as stored:
        assert (stored.format, stored.size) == ("WEBP", (1280, 853))


def test_a_photo_is_turned_upright_and_loses_its_metadata():
    image = Image.new("RGB", (600, 400), "white")
    image.paste("black", (0, 0, 300, 400))
    exif = Image.Exif()
    exif[ORIENTATION] = 6
    exif[GPS] = {1: "N", 2: (28.0, 12.0, 0.0)}
    storage = InMemoryStorage()

    name = pictures.save_photo(upload(image, exif=exif.tobytes()), name="images/a", storage=storage)

    with Image.open(storage.open(name)) as stored:
        assert stored.size == (400, 600)
        assert stored.getpixel((200, 50))[0] < 40  # what was left is above now
        assert stored.getpixel((200, 550))[0] > 215
        assert dict(stored.getexif()) == {}


def test_a_photo_without_orientation_stays_as_it_is():
    upright = pictures.normalised(upload(Image.new("RGB", (600, 400), "white")))

    assert upright.size == (600, 400)


def test_a_photo_of_eleven_megabytes_is_refused():
    photo = upload(noise(2200, 1800), kind="PNG", name="big.png")
    assert photo.size > 11 * 1024 * 1024

    with pytest.raises(pictures.UnableToUsePhoto) as refusal:
        pictures.normalised(photo)

    assert refusal.value.reason == pictures.TOO_HEAVY
    assert "10" in refusal.value.words


def test_a_photo_just_under_the_limit_is_taken(settings):
    photo = upload(noise(400, 300))
    settings.PHOTO_MAX_BYTES = photo.size

    assert pictures.normalised(photo).size == (400, 300)


@pytest.mark.parametrize(
    "content", [b"not a photo at all", b"", b"\xff\xd8\xff\xe0 cut off", b"<svg xmlns='http://www.w3.org/2000/svg'/>"]
)
def test_a_file_that_is_no_photo_is_refused_whatever_its_name_says(content):
    with pytest.raises(pictures.UnableToUsePhoto) as refusal:
        pictures.normalised(SimpleUploadedFile("photo.jpg", content, content_type="image/jpeg"))

    assert refusal.value.reason == pictures.NOT_A_PHOTO


def test_a_photo_that_breaks_off_is_refused():
    whole = upload(noise(500, 500)).read()

    with pytest.raises(pictures.UnableToUsePhoto) as refusal:
        pictures.normalised(SimpleUploadedFile("photo.jpg", whole[: len(whole) // 2]))

    assert refusal.value.reason == pictures.NOT_A_PHOTO


@pytest.mark.parametrize("side", [6400, 20000])
def test_a_decompression_bomb_is_refused_before_it_is_unpacked(side):
    bomb = upload(Image.new("1", (side, side)), kind="PNG", name="bomb.png")
    assert bomb.size < 1024 * 1024

    with pytest.raises(pictures.UnableToUsePhoto) as refusal:
        pictures.normalised(bomb)

    assert refusal.value.reason == pictures.TOO_MANY_PIXELS


def test_a_photo_of_few_pixels_is_refused():
    with pytest.raises(pictures.UnableToUsePhoto) as refusal:
        pictures.normalised(upload(Image.new("RGB", (199, 800))))

    assert refusal.value.reason == pictures.TOO_SMALL


def test_a_refused_photo_leaves_nothing_behind():
    storage = InMemoryStorage()

    with pytest.raises(pictures.UnableToUsePhoto):
        pictures.save_photo(SimpleUploadedFile("photo.jpg", b"no"), name="images/a", storage=storage)

    assert not storage.exists("images")


def test_a_transparent_picture_is_laid_on_paper():
    flat = pictures.normalised(upload(Image.new("RGBA", (300, 300), (0, 0, 0, 0)), kind="PNG"))

    assert flat.mode == "RGB"
    assert flat.getpixel((10, 10)) == (255, 253, 248)


def test_thumbnails_are_webp_squares_cut_from_the_middle():
    image = Image.new("RGB", (900, 300), "white")
    image.paste("black", (300, 0, 600, 300))

    cut = pictures.thumbnails(image)

    assert list(cut) == [160, 320, 640]
    for size, content in cut.items():
        with Image.open(BytesIO(content)) as thumbnail:
            assert (thumbnail.format, thumbnail.size) == ("WEBP", (size, size))
            assert max(thumbnail.convert("L").getextrema()) < 40


def test_thumbnails_lie_beside_their_original():
    storage = InMemoryStorage()

    name = pictures.save_photo(upload(noise(400, 400)), name="images/a", storage=storage)

    assert name == "images/a.webp"
    assert sorted(storage.listdir("images")[1]) == ["a-160.webp", "a-320.webp", "a-640.webp", "a.webp"]
    assert pictures.thumbnail_name(name, size=320) == "images/a-320.webp"
    assert not pictures.is_composed(name)


def test_every_product_of_the_list_has_a_recipe_of_its_own():
    listed = {f"HN{number:03}" for number in range(1, 89)}

    recipes = still_life.recipes()

    assert set(recipes) == listed
    assert len(set(map(repr, recipes.values()))) == len(recipes)


def test_a_still_life_is_the_same_each_time():
    recipe = still_life.recipes()["HN077"]

    first, second = (still_life.compose(recipe).tobytes() for _ in range(2))

    assert first == second
    assert first != still_life.compose(still_life.recipes()["HN078"]).tobytes()


def test_a_composed_picture_is_stored_under_a_name_that_says_so_and_stays():
    storage = InMemoryStorage()

    names = {pictures.store_composed("HN019", storage=storage) for _ in range(2)}

    assert names == {"images/products/composed-HN019.webp"}
    assert pictures.is_composed(names.pop())
    assert storage.size("images/products/composed-HN019-320.webp") < 12_000
