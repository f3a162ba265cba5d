import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import REFERENCE, read_bytes

import figures
import input_data


def strip(images, path):
    """Draws images [rows, 10, 28, 28] as the scripts do."""
    fig, ax = plt.subplots(len(images), 10, figsize=(10, len(images)), squeeze=False)
    for axis, image in zip(ax.ravel(), images.reshape(-1, 28, 28)):
        axis.imshow(image)
    figures.save(fig, str(path))
    plt.close(fig)


def boxes(dark):
    """First and last index of each run of True."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], dark.astype(int), [0]])))
    return list(zip(edges[::2].tolist(), (edges[1::2] - 1).tolist()))


@pytest.mark.parametrize('rows, height', [(1, 113), (2, 197)])
def test_tiles_stand_in_the_books_boxes(tmp_path, rows, height):
    strip(np.zeros((rows, 10, 28, 28)), tmp_path / 's.png')
    pixels = plt.imread(str(tmp_path / 's.png'))
    assert pixels.shape == (height, 825, 4) and (pixels[..., 3] == 1).all()
    dark = (pixels[..., :3] < 1).all(axis=-1)
    assert boxes(dark.any(axis=0)) == [
        (37, 102), (116, 181), (195, 260), (274, 339), (352, 417),
        (431, 496), (510, 575), (589, 654), (668, 733), (747, 812)]
    assert boxes(dark.any(axis=1)) == [(14, 78), (98, 162)][:rows]
    assert (pixels[~dark] == 1).all()


def test_colours_are_viridis_dark_to_bright(tmp_path):
    image = np.zeros((1, 10, 28, 28))
    image[0, 0, 14:] = 0.5
    image[0, 1] = 1
    strip(image, tmp_path / 's.png')
    pixels = plt.imread(str(tmp_path / 's.png'))[..., :3]
    viridis = np.array(plt.get_cmap('viridis').colors)
    for (y, x), level in {(15, 40): 0, (77, 100): 128, (40, 150): 255}.items():
        np.testing.assert_allclose(pixels[y, x], viridis[level], atol=1.01 / 255)


def test_the_256_colours_differ_and_hardly_from_matplotlibs():
    assert len(np.unique(figures.VIRIDIS, axis=0)) == 256
    own = plt.get_cmap('viridis')(np.arange(256), bytes=True)[:, :3]
    assert np.abs(own.astype(int) - figures.VIRIDIS).sum() == 2


def test_every_byte_reads_back_exactly(tmp_path):
    levels = np.resize(np.arange(256, dtype=np.uint8), (2, 10, 28, 28))
    images = np.multiply(levels.astype(np.float32), 1.0 / 255.0)
    strip(images, tmp_path / 's.png')
    np.testing.assert_array_equal(figures.read(str(tmp_path / 's.png')).digits, images)


def test_anything_reads_back_within_one_level(tmp_path):
    images = np.random.RandomState(0).uniform(size=(1, 10, 28, 28)).astype(np.float32)
    strip(images, tmp_path / 's.png')
    assert np.abs(figures.read(str(tmp_path / 's.png')).digits - images).max() <= 1 / 255


def test_dull_images_are_not_stretched_and_wild_ones_are_clipped(tmp_path):
    images = np.full((1, 10, 28, 28), 0.2)
    images[0, 1, 0], images[0, 2, 0] = 1.5, -0.5
    strip(images, tmp_path / 's.png')
    digits = figures.read(str(tmp_path / 's.png')).digits[0]
    assert abs(digits[0] - 0.2).max() <= 1 / 255
    assert (digits[1, 0] == 1).all() and (digits[2, 0] == 0).all()


def test_what_is_no_number_is_white(tmp_path):
    images = np.zeros((1, 10, 28, 28))
    images[0, 3], images[0, 4, :5] = np.nan, np.inf
    strip(images, tmp_path / 's.png')
    pixels = plt.imread(str(tmp_path / 's.png'))
    assert (pixels[14:79, 274:340] == 1).all() and (pixels[14:20, 352:418] == 1).all()
    assert (pixels[60:79, 352:418, :3] < 1).all()


def test_the_file_holds_the_picture_and_nothing_of_its_making(tmp_path):
    images = np.zeros((1, 10, 28, 28))
    strip(images, tmp_path / 'a.png')
    with plt.rc_context({'image.cmap': 'gray', 'image.origin': 'lower', 'savefig.dpi': 200,
                         'figure.facecolor': 'red', 'figure.subplot.left': 0.3}):
        strip(images, tmp_path / 'b.png')
    content = (tmp_path / 'a.png').read_bytes()
    assert content == (tmp_path / 'b.png').read_bytes()
    for chunk in b'tEXt', b'iTXt', b'zTXt', b'tIME':
        assert chunk not in content
    assert sorted(os.listdir(str(tmp_path))) == ['a.png', 'b.png']


@pytest.mark.parametrize('listing, folder', [('basic', 'samples'), ('conditional', 'samples2')])
def test_the_reference_strips_are_the_recorded_images(listing, folder):
    with np.load(os.path.join(REFERENCE, listing + '-strips.npz')) as recorded:
        epochs, samples = recorded['epochs'], recorded['samples']
    folder = os.path.join(REFERENCE, folder)
    assert sorted(os.listdir(folder)) == ['%03d.png' % epoch for epoch in epochs]
    for epoch, images in zip(epochs, samples):
        digits = figures.read(os.path.join(folder, '%03d.png' % epoch)).digits
        assert np.abs(digits[-1] - images.reshape(10, 28, 28)).max() <= 1 / 255
        if listing == 'conditional':
            real = read_bytes(input_data.TEST_IMAGES)[:10]
            np.testing.assert_array_equal(digits[0], np.multiply(real.astype(np.float32), 1.0 / 255.0))
