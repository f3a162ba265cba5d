import os

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import REFERENCE, read_bytes
from PIL import Image

import figures
import input_data
from errors import BadInput
from make_strips import draw


def strip(images, path):
    draw(images, str(path))


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


# --- pictures that others made of strips

@pytest.fixture(params=['samples/099.png', 'samples2/049.png'], ids=['one row', 'two rows'])
def drawn(request):
    """A strip of the reference as a picture and as digits."""
    path = os.path.join(REFERENCE, request.param)
    with Image.open(path) as picture:
        return picture.convert('RGB'), figures.read(path).digits


def on_a_page(picture, colour):
    page = Image.new('RGB', (picture.width + 300, picture.height + 200), colour)
    page.paste(picture, (120, 70))
    return page


def without_ground(picture):
    pixels = np.array(picture.convert('RGBA'))
    pixels[(pixels[..., :3] == 255).all(axis=-1)] = 0
    return Image.fromarray(pixels)


def scaled(factor, how=Image.LANCZOS):
    return lambda picture: picture.resize(
        (int(picture.width * factor), int(picture.height * factor)), how)


@pytest.mark.parametrize('change, worst', [
    (lambda picture: picture.crop((37, 14, 813, picture.height - 34)), 0),  # to the tiles' very edge
    (lambda picture: picture.crop((20, 3, 820, picture.height - 20)), 0),
    (lambda picture: on_a_page(picture, (30, 30, 30)), 0),
    (lambda picture: on_a_page(picture, (255, 255, 255)), 0),
    (without_ground, 0),
    (lambda picture: picture.convert('L'), 0.001),
    (lambda picture: picture.convert('LA'), 0.001),
    (lambda picture: picture.quantize(64), 0.005),
    (lambda picture: picture.resize((900, picture.height), Image.BICUBIC), 0.01),
    (scaled(0.5), 0.05), (scaled(0.7), 0.04), (scaled(1.3), 0.02), (scaled(2), 0.01), (scaled(3.1), 0.01),
    (scaled(0.5, Image.NEAREST), 0.05)])
def test_what_a_screenshot_or_a_rescale_made_of_a_strip(tmp_path, drawn, change, worst):
    picture, digits = drawn
    change(picture).save(str(tmp_path / 's.png'))
    found = figures.read(str(tmp_path / 's.png'))
    assert found.digits.shape == digits.shape and found.foreign < 0.1
    assert np.abs(found.digits - digits).mean() <= worst


@pytest.mark.parametrize('quality, worst', [(95, 0.015), (75, 0.02), (50, 0.025)])
def test_what_a_jpeg_made_of_a_strip(tmp_path, drawn, quality, worst):
    picture, digits = drawn
    picture.save(str(tmp_path / 's.jpg'), quality=quality)
    found = figures.read(str(tmp_path / 's.jpg'))
    assert np.abs(found.digits - digits).mean() <= worst and found.foreign < 0.15


@pytest.mark.parametrize('cmap, options, worst', [
    ('viridis', {'bbox_inches': 'tight'}, 0.005), ('viridis', {}, 0.005),
    ('gray', {'bbox_inches': 'tight'}, 0.01), ('gray', {}, 0.01),
    ('viridis', {'bbox_inches': 'tight', 'dpi': 72}, 0.015),
    ('viridis', {'bbox_inches': 'tight', 'transparent': True}, 0.005)])
def test_what_the_pages_own_savefig_draws_today(tmp_path, drawn, cmap, options, worst):
    _, digits = drawn
    fig, ax = plt.subplots(len(digits), 10, figsize=(10, len(digits)), squeeze=False)
    for axis, image in zip(ax.ravel(), digits.reshape(-1, 28, 28)):
        axis.set_axis_off()
        axis.imshow(image, cmap=cmap)
    fig.savefig(str(tmp_path / 's.png'), **options)
    plt.close(fig)
    found = figures.read(str(tmp_path / 's.png'))
    assert np.abs(found.digits - digits).mean() <= worst and found.foreign < 0.02
    if options == {'bbox_inches': 'tight'} and cmap == 'viridis':
        assert plt.imread(str(tmp_path / 's.png')).shape[:2] in [(85, 795), (169, 795), (85, 794), (169, 794)]


def test_colours_of_another_scale_are_foreign(tmp_path, drawn):
    picture, _ = drawn
    Image.fromarray(255 - np.array(picture)).save(str(tmp_path / 's.png'))
    assert figures.read(str(tmp_path / 's.png')).foreign > 0.9


def test_tiles_without_an_image_are_no_numbers(tmp_path):
    images = np.zeros((2, 10, 28, 28))
    images[1] = np.nan
    strip(images, tmp_path / 's.png')
    digits = figures.read(str(tmp_path / 's.png')).digits
    assert (digits[0] == 0).all() and np.isnan(digits[1]).all()
    images[0] = np.nan
    strip(images, tmp_path / 's.png')
    assert np.isnan(figures.read(str(tmp_path / 's.png')).digits).all()
    images[:], images[1, 4] = 0.5, np.nan
    strip(images, tmp_path / 's.png')
    digits = figures.read(str(tmp_path / 's.png')).digits
    assert np.isnan(digits[1, 4]).all() and np.isnan(digits).sum() == 784


def test_sixteen_bits_of_grey_and_tiles_at_the_very_edge(tmp_path, drawn):
    picture, digits = drawn
    Image.fromarray(np.array(picture.convert('L'), np.uint16) * 257).save(str(tmp_path / '16.png'))
    assert np.abs(figures.read(str(tmp_path / '16.png')).digits - digits).mean() < 0.001
    least = np.full((28, 334), 255, np.uint8)
    for column in range(10):
        least[:, 34 * column:34 * column + 28] = np.arange(28) * 4
    Image.fromarray(least).save(str(tmp_path / 'least.png'))
    assert figures.read(str(tmp_path / 'least.png')).digits.shape == (1, 10, 28, 28)


def eight(picture):
    return picture.crop((0, 0, 660, picture.height))


@pytest.mark.parametrize('change, words', [
    (eight, 'has 8 tiles in a row, not ten'),
    (lambda picture: eight(picture).resize((825, picture.height)), 'has 8 tiles in a row, not ten'),
    (scaled(0.3), 'fewer than the 28'),
    (lambda picture: picture.resize((825, picture.height // 2)), 'no squares'),
    (lambda picture: Image.new('RGB', (300, 200), (255, 255, 255)), 'shows no row of ten tiles'),
    (lambda picture: Image.new('RGB', (825, 113), (0, 0, 0)), 'shows no row of ten tiles'),
    (lambda picture: Image.new('RGB', (1, 1)), 'shows no row of ten tiles'),
    (lambda picture: Image.fromarray(np.random.RandomState(0).randint(0, 256, (113, 825, 3), np.uint8)),
     'shows no row of ten tiles'),
    (lambda picture: Image.fromarray(np.vstack([np.array(picture)[:90]] * 3)), 'shows no row of ten tiles')])
def test_pictures_that_are_no_strips(tmp_path, drawn, change, words):
    change(drawn[0]).save(str(tmp_path / 's.png'))
    with pytest.raises(BadInput, match=words) as error:
        figures.read(str(tmp_path / 's.png'))
    assert str(tmp_path / 's.png') in str(error.value)


@pytest.mark.parametrize('content', [b'', b'epoch,D loss\n', b'\x89PNG\r\n\x1a\n', 'half'])
def test_files_that_are_no_pictures(tmp_path, content):
    if content == 'half':
        with open(os.path.join(REFERENCE, 'samples', '099.png'), 'rb') as file:
            content = file.read()[:4000]
    (tmp_path / 's.png').write_bytes(content)
    with pytest.raises(BadInput, match=r's.png cannot be read \(.*\): it is cut short, or no picture'):
        figures.read(str(tmp_path / 's.png'))
