"""Folders of pictures of every kind that Pillow writes, and RGBA arrays."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin

from arden.data import load_data, read_rows
from arden.data.readers.rgba import on_black
from arden.data.schema import Schema
from arden.errors import FileError, InputError

GENERATOR = np.random.default_rng(0)
HEIGHT, WIDTH = 3, 4
GREY_256 = Schema("image", (HEIGHT, WIDTH), 256)
RGB_256 = Schema("image", (HEIGHT, WIDTH, 3), 256)


def pixels(channels: int = 1, high: int = 250) -> np.ndarray:
    shape = (HEIGHT, WIDTH) if channels == 1 else (HEIGHT, WIDTH, channels)
    return GENERATOR.integers(0, high, shape, dtype=np.uint8)


def saved(path: Path, array: np.ndarray, mode: str | None = None, **options) -> np.ndarray:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = Image.fromarray(array)
    (image if mode is None else image.convert(mode)).save(path, **options)
    return array


def rows(folder: Path, schema: Schema, **options) -> list:
    return read_rows(folder, schema, **options).values.tolist()


def refused(folder: Path) -> str:
    with pytest.raises((FileError, InputError)) as caught:
        load_data(folder)
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("ending", [".png", ".BMP", ".tif", ".webp"])
def test_grey_images(tmp_path, ending):
    lossless = {"lossless": True} if ending == ".webp" else {}
    if ending == ".webp":  # it knows no grey
        arrays = [saved(tmp_path / f"{i:02}{ending}", pixels(3), **lossless) for i in range(12)]
    else:
        arrays = [saved(tmp_path / f"{i:02}{ending}", pixels()) for i in range(12)]
    data = load_data(tmp_path)
    assert data.schema.event_shape == arrays[0].shape
    assert data.schema.num_symbols == 256  # though none is brighter than 249
    assert data.train.values.dtype == torch.uint8
    assert (len(data.train), len(data.valid), len(data.test)) == (10, 1, 1)
    assert f"{tmp_path.name}: images 3 x 4" in data.protocol
    assert "sha256 " in data.protocol
    assert "12 image files sorted by name" in data.protocol
    assert "levels 0..255" in data.protocol
    assert read_rows(tmp_path, data.schema).values.tolist() == [a.tolist() for a in arrays]


def test_jpeg_and_palettes_become_rgb(tmp_path):
    saved(tmp_path / "a.jpg", pixels(3))
    array = pixels(3) // 128 * 255  # eight colours: a palette holds them all
    saved(tmp_path / "b.png", array, "P")
    saved(tmp_path / "c.gif", array, "P")
    found = read_rows(tmp_path, RGB_256).values
    assert found.shape == (3, HEIGHT, WIDTH, 3)
    assert found[1].tolist() == found[2].tolist() == array.tolist()


def test_rgba_is_composited_on_black_and_said_so(tmp_path):
    rgba = saved(tmp_path / "a.png", pixels(4))
    grey_alpha = np.stack([pixels(), pixels()], axis=2)
    Image.fromarray(grey_alpha, "LA").save(tmp_path / "b.png")
    saved(tmp_path / "c.png", pixels(3))
    found = rows(tmp_path, RGB_256)
    expected = np.round(rgba[..., :3] * (rgba[..., 3:] / 255.0))
    assert found[0] == expected.tolist()
    grey = np.round(grey_alpha[..., 0] * (grey_alpha[..., 1] / 255.0))
    assert found[1] == np.repeat(grey[..., None], 3, axis=2).tolist()
    protocol = load_data(tmp_path).protocol
    assert "2 with transparency composited on black, alpha dropped" in protocol
    assert "1 grey among them taken as R = G = B" in protocol


def test_a_transparent_colour_is_black(tmp_path):
    (tmp_path / "grey").mkdir()
    saved(tmp_path / "grey" / "a.png", np.full((HEIGHT, WIDTH), 9, np.uint8), transparency=9)
    saved(tmp_path / "grey" / "b.png", np.full((HEIGHT, WIDTH), 9, np.uint8), transparency=8)
    assert np.unique(rows(tmp_path / "grey", GREY_256)).tolist() == [0, 9]
    palette = Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8), "P")
    palette.putpalette([200, 100, 50])
    (tmp_path / "colour").mkdir()
    palette.save(tmp_path / "colour" / "a.png", transparency=0)
    palette.save(tmp_path / "colour" / "b.png")
    found = rows(tmp_path / "colour", RGB_256)
    assert np.unique(found[0]).tolist() == [0]
    assert np.unique(found[1]).tolist() == [50, 100, 200]


def test_bits_with_a_transparent_colour_stay_bits(tmp_path):
    bits = pixels() // 128 * 255
    for index, transparency in enumerate((None, 0, 255)):
        options = {} if transparency is None else {"transparency": transparency}
        saved(tmp_path / f"{index}.png", bits, "1", **options)
    data = load_data(tmp_path)
    assert data.schema.num_symbols == 2
    found = rows(tmp_path, data.schema)
    assert found[0] == found[1] == (bits // 255).tolist()
    assert np.unique(found[2]).tolist() == [0]


def test_grey_files_stay_grey_with_alpha(tmp_path):
    Image.fromarray(np.stack([pixels(), pixels()], axis=2), "LA").save(tmp_path / "a.png")
    saved(tmp_path / "b.png", pixels())
    saved(tmp_path / "c.png", pixels())
    assert load_data(tmp_path).schema.event_shape == (HEIGHT, WIDTH)


def test_grey_among_colour_becomes_colour(tmp_path):
    grey = saved(tmp_path / "a.png", pixels())
    saved(tmp_path / "b.png", pixels(3))
    assert rows(tmp_path, RGB_256)[0] == np.repeat(grey[..., None], 3, axis=2).tolist()
    told = "expected shape (N, 3, 4), got (2, 3, 4, 3)"
    with pytest.raises(InputError) as caught:
        read_rows(tmp_path, GREY_256)
    assert told in str(caught.value)


def test_a_colour_model_takes_a_grey_folder(tmp_path):
    grey = saved(tmp_path / "a.png", pixels())
    assert rows(tmp_path, RGB_256) == [np.repeat(grey[..., None], 3, axis=2).tolist()]


def test_one_bit_files_are_bits_unless_others_lie_beside_them(tmp_path):
    bits = [pixels() // 128 * 255 for _ in range(6)]
    for index, array in enumerate(bits):
        saved(tmp_path / f"{index}.png", array, "1")
    data = load_data(tmp_path)
    assert data.schema.num_symbols == 2
    assert rows(tmp_path, data.schema) == (np.array(bits) // 255).tolist()
    # A model of 256 levels was shown black and white as 0 and 255.
    assert rows(tmp_path, GREY_256) == np.array(bits).tolist()
    saved(tmp_path / "9.png", bits[0])
    assert load_data(tmp_path).schema.num_symbols == 256
    assert rows(tmp_path, GREY_256) == [*np.array(bits).tolist(), bits[0].tolist()]
    with pytest.raises(InputError, match="holds 255; expected 0 or 1"):
        read_rows(tmp_path, data.schema)


def test_classes_and_splits(tmp_path):
    for split, count in (("train", 8), ("val", 2), ("test", 2)):
        for index in range(count):
            saved(tmp_path / split / "cat" / f"{index}.png", pixels())
            saved(tmp_path / split / "dog" / f"{index}.png", pixels())
    data = load_data(tmp_path)
    assert data.schema.class_names == ("cat", "dog")
    assert data.train.labels.tolist() == [0] * 8 + [1] * 8
    assert (len(data.valid), len(data.test)) == (4, 4)
    assert "split 16/4/4 as given" in data.protocol
    assert read_rows(tmp_path, data.schema).values.tolist() == data.test.values.tolist()
    train = read_rows(f"{tmp_path}:train", data.schema)
    assert train.labels.tolist() == data.train.labels.tolist()
    for file in (tmp_path / "val").rglob("*.png"):
        file.unlink()
    assert "valid taken from train" in load_data(tmp_path).protocol


def test_other_sizes_are_refused(tmp_path):
    saved(tmp_path / "a.png", pixels())
    saved(tmp_path / "sub.png", np.zeros((5, 4), np.uint8))
    assert refused(tmp_path) == (
        f"{tmp_path / 'sub.png'}: all images of a folder need one size, got 5 x 4 here and 3 x 4 "
        f"in {tmp_path / 'a.png'} (height x width)."
    )


@pytest.mark.parametrize(
    ("array", "name", "told"),
    [
        (np.zeros((3, 4), np.uint16), "x.png", "got an image of mode I;16."),
        (np.zeros((3, 4), np.float32), "x.tif", "got an image of mode F."),
        (np.zeros((3, 4), np.int32), "x.tif", "got an image of mode I."),
    ],
)
def test_other_depths_are_refused(tmp_path, array, name, told):
    saved(tmp_path / name, array)
    assert refused(tmp_path).startswith(f"{tmp_path / name}: expected grey or RGB pixels of 8 bits")
    assert refused(tmp_path).endswith(told)


def test_cmyk_is_refused(tmp_path):
    saved(tmp_path / "x.jpg", pixels(3), "CMYK")
    assert refused(tmp_path).endswith("got an image of mode CMYK.")


def test_sixteen_bits_of_colour_are_not_quietly_halved(tmp_path):
    """Pillow reads such a file as 8-bit RGB. It does not write one, so the header is made here."""
    path = tmp_path / "x.png"
    saved(path, pixels(3))
    content = bytearray(path.read_bytes())
    place = content.index(b"IHDR") + 4
    content[place + 8] = 16
    checksum = PngImagePlugin._crc32(bytes(content[place : place + 13]), _crc_of(b"IHDR"))
    content[place + 13 : place + 17] = checksum.to_bytes(4, "big")
    path.write_bytes(content)
    assert refused(tmp_path) == f"{path}: expected pixels of 8 bits, got 16 bits for each channel."


def _crc_of(name: bytes) -> int:
    return PngImagePlugin._crc32(name)


def test_a_film_is_refused(tmp_path):
    frames = [Image.fromarray(pixels()) for _ in range(3)]
    frames[0].save(tmp_path / "x.gif", save_all=True, append_images=frames[1:])
    assert refused(tmp_path) == f"{tmp_path / 'x.gif'}: expected a single image, got 3 frames."


def test_damaged_files_are_named(tmp_path):
    path = tmp_path / "x.png"
    saved(path, GENERATOR.integers(0, 255, (50, 50), dtype=np.uint8))
    whole = path.read_bytes()
    for content in (b"", b"not a picture", whole[:30], whole[:1000], whole[:-200]):
        path.write_bytes(content)
        assert refused(tmp_path).startswith(f"{path}: is not a readable image")
    rng = np.random.default_rng(5)
    for _ in range(40):
        damaged = bytearray(whole)
        for place in rng.integers(0, 200, 3):
            damaged[place] = rng.integers(0, 256)
        path.write_bytes(damaged)
        with suppress(FileError, InputError):  # a sentence, or harmless; anything else fails here
            read_rows(tmp_path, Schema("image", (50, 50), 256))


@pytest.mark.parametrize("most", [11, 5])
def test_bombs_are_refused(tmp_path, monkeypatch, most):
    """Pillow warns of more pixels than its limit, and raises at twice as many."""
    saved(tmp_path / "x.png", pixels())
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", most)
    assert refused(tmp_path) == (
        f"{tmp_path / 'x.png'}: has more than {most} pixels, too many for one event."
    )


def test_a_postscript_file_in_disguise_starts_no_program(tmp_path):
    (tmp_path / "x.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 4 3\n%%EOF\n")
    assert "is not a readable image" in refused(tmp_path)
    # Nor is anything else tried than the formats of the endings: Pillow knows this one.
    (tmp_path / "x.png").write_bytes(b"P5 4 3 255\n" + bytes(12))
    assert "is not a readable image" in refused(tmp_path)


def test_folders_without_images(tmp_path):
    (tmp_path / "x.csv").write_text("1\n")
    (tmp_path / ".hidden.png").write_text("")
    assert "got a folder that holds no images (.png, .jpg," in refused(tmp_path)


def test_the_current_folder_has_a_name(tmp_path, monkeypatch):
    for index in range(3):
        saved(tmp_path / f"{index}.png", pixels())
    monkeypatch.chdir(tmp_path)
    assert load_data(Path(".")).name == tmp_path.name


def test_on_black_is_rounded_to_the_nearest_level():
    colour, alpha = np.meshgrid(np.arange(256), np.arange(256))
    both = np.stack([colour, alpha], axis=2).astype(np.uint8)
    assert np.array_equal(on_black(both)[..., 0], np.round(colour * alpha / 255))


@pytest.mark.parametrize("way", ["memory", "tensor", "npy", "npz", "split npz"])
def test_rgba_arrays(tmp_path, way):
    array = GENERATOR.integers(0, 200, (12, HEIGHT, WIDTH, 4), dtype=np.uint8)
    source: object = array
    if way == "tensor":
        source = torch.from_numpy(array)
    elif way == "npy":
        source = tmp_path / "x.npy"
        np.save(source, array)
    elif way == "npz":
        source = tmp_path / "x.npz"
        np.savez(source, rgba=array, name=np.array(["a"] * 12))
    elif way == "split npz":
        source = tmp_path / "x.npz"
        np.savez(source, train=array, test=array)
    data = load_data(source)
    assert (data.schema.event_shape, data.schema.num_symbols) == ((HEIGHT, WIDTH, 3), 256)
    assert "RGBA composited on black, alpha dropped" in data.protocol
    assert read_rows(source, data.schema).values.tolist() == on_black(array).tolist()


def test_four_channels_that_are_no_rgba():
    bits = GENERATOR.integers(0, 2, (12, 2, 2, 4), dtype=np.uint8)
    assert load_data(bits).schema.event_shape == (2, 2, 4)
    assert load_data(bits.astype(bool)).schema.event_shape == (2, 2, 4)
    assert load_data(bits.astype(np.int64) * 7).schema.event_shape == (2, 2, 4)
    assert load_data(bits / 2).schema.event_shape == (2, 2, 4)
