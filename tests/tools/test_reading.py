import os
import signal
import struct
import warnings
import zlib

import matplotlib.pyplot as plt
import numpy as np
import pytest
from conftest import REFERENCE, read_bytes
from PIL import Image

from tools import reading as figures
import input_data
from lab.errors import BadInput
from make_strips import STRIPS, by_the_page, draw


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


@pytest.mark.parametrize('listing', ['basic', 'conditional'])
def test_the_reference_strips_are_the_recorded_images(listing):
    with np.load(os.path.join(REFERENCE, listing, 'strips.npz')) as recorded:
        epochs, samples = recorded['epochs'], recorded['samples']
    folder = os.path.join(REFERENCE, listing, 'samples')
    assert sorted(os.listdir(folder)) == ['%03d.png' % epoch for epoch in epochs]
    for epoch, images in zip(epochs, samples):
        digits = figures.read(os.path.join(folder, '%03d.png' % epoch)).digits
        assert np.abs(digits[-1] - images.reshape(10, 28, 28)).max() <= 1 / 255
        if listing == 'conditional':
            real = read_bytes(input_data.TEST_IMAGES)[:10]
            np.testing.assert_array_equal(digits[0], np.multiply(real.astype(np.float32), 1.0 / 255.0))


# --- pictures that others made of strips

@pytest.fixture(params=['basic/samples/099.png', 'conditional/samples/049.png'], ids=['one row', 'two rows'])
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


TOUCHING = {'wspace': 0, 'hspace': 0}
TIGHT = {'bbox_inches': 'tight'}


@pytest.mark.parametrize('cmap, spacing, options, worst', [
    ('viridis', TOUCHING, TIGHT, 0.005), ('gray', TOUCHING, TIGHT, 0.005), ('viridis', TOUCHING, {}, 0.005),
    ('gray', TOUCHING, {'dpi': 60, **TIGHT}, 0.02), ('viridis', TOUCHING, {'facecolor': 'k'}, 0.005),
    ('viridis', TOUCHING, {'pad_inches': 0, **TIGHT}, 0.01),
    ('viridis', {'left': 0, 'right': 1, 'bottom': 0, 'top': 1, **TOUCHING}, {}, 0.005)])
def test_tiles_that_touch(tmp_path, drawn, cmap, spacing, options, worst):
    _, digits = drawn
    by_the_page(digits, tmp_path / 's.png', cmap, spacing, **options)
    found = figures.read(str(tmp_path / 's.png'))
    assert found.digits.shape == digits.shape
    assert np.abs(found.digits - digits).mean() <= worst and found.foreign < 0.05


@pytest.mark.parametrize('form, worst', [
    (lambda picture: on_a_page(picture, (30, 30, 30)), 0.005),
    (lambda picture: on_a_page(picture, (255, 255, 255)), 0.005),
    (lambda picture: picture.convert('L'), 0.005), (scaled(0.6), 0.04), (scaled(2.3), 0.02),
    (lambda picture: picture.crop((5, 4, picture.width - 2, picture.height - 7)), 0.005)])
def test_a_screenshot_of_tiles_that_touch(tmp_path, drawn, form, worst):
    _, digits = drawn
    by_the_page(digits, tmp_path / 's.png', spacing=TOUCHING, **TIGHT)
    with Image.open(str(tmp_path / 's.png')) as picture:
        form(picture.convert('RGB')).save(str(tmp_path / 's.png'))
    found = figures.read(str(tmp_path / 's.png'))
    assert found.digits.shape == digits.shape and np.abs(found.digits - digits).mean() <= worst


def test_one_picture_of_all_tiles_touching(tmp_path, drawn):
    """What a reader's own np.hstack draws, noise as well as digits."""
    noise = np.random.RandomState(0).uniform(size=drawn[1].shape).astype(np.float32)
    for digits in drawn[1], noise:
        fig, axis = plt.subplots(figsize=(12, 3))  # wide enough for imshow not to blur it
        axis.imshow(np.vstack([np.hstack(list(row)) for row in digits]), vmin=0, vmax=1)
        axis.set_axis_off()
        fig.savefig(str(tmp_path / 's.png'))
        plt.close(fig)
        found = figures.read(str(tmp_path / 's.png')).digits
        assert found.shape == digits.shape and np.abs(found - digits).mean() < 0.02


@pytest.mark.parametrize('picture', [
    Image.fromarray(np.random.RandomState(0).randint(0, 256, (90, 900, 3), np.uint8)),
    Image.new('RGB', (900, 90), (0, 0, 0)), Image.new('RGB', (900, 90), (255, 255, 255)).convert('P'),
    Image.fromarray(np.pad(np.full((80, 640), 90, np.uint8), 20, constant_values=255)),
    Image.fromarray(np.pad(np.full((80, 960), 90, np.uint8), 20, constant_values=255))])
def test_bars_that_are_no_touching_tiles(tmp_path, picture):
    picture.save(str(tmp_path / 's.png'))
    if picture.mode == 'P':  # white, of a shape that strips have: empty tiles
        assert np.isnan(figures.read(str(tmp_path / 's.png')).digits).all()
    else:
        with pytest.raises(BadInput, match='is no strip'):
            figures.read(str(tmp_path / 's.png'))


@pytest.mark.parametrize('cmap, spacing, options, worst', [
    ('gray_r', {}, TIGHT, 0.02), ('binary', {}, {}, 0.01), ('gray_r', {}, {'dpi': 150, **TIGHT}, 0.01),
    ('binary', TOUCHING, TIGHT, 0.01), ('gray_r', TOUCHING, {}, 0.01),
    ('gray_r', {}, {'facecolor': 'k'}, 0.01), ('binary', {}, {'facecolor': '0.8', **TIGHT}, 0.02)])
def test_greys_from_white_to_black_are_turned_round(tmp_path, drawn, cmap, spacing, options, worst):
    _, digits = drawn
    by_the_page(digits, tmp_path / 's.png', cmap, spacing, **options)
    found = figures.read(str(tmp_path / 's.png'))
    assert found.reversed and found.digits.shape == digits.shape
    assert np.abs(found.digits - digits).mean() <= worst


@pytest.mark.parametrize('spacing, options', [({}, TIGHT), (TOUCHING, {'facecolor': '0.5'})])
@pytest.mark.parametrize('cmap', ['magma', 'plasma', 'hot', 'jet', 'coolwarm', 'RdBu', 'Blues', 'bwr'])
def test_other_maps_of_matplotlibs_either_way_round(tmp_path, drawn, cmap, spacing, options):
    _, digits = drawn
    for way in '', '_r':
        by_the_page(digits, tmp_path / 's.png', cmap + way, spacing, **options)
        found = figures.read(str(tmp_path / 's.png'))
        assert found.digits.shape == digits.shape and found.foreign < 0.05
        assert np.abs(found.digits - digits).mean() <= 0.025


def test_the_upper_row_tells_which_way_greys_go(tmp_path):
    """A generator's row of the opposite is left as it is: it is wrong, and not the colours."""
    digits = figures.read(os.path.join(REFERENCE, 'conditional', 'samples', '099.png')).digits
    digits[1] = 1 - digits[1]
    for cmap in 'gray', 'gray_r':
        by_the_page(digits, tmp_path / 's.png', cmap, **TIGHT)
        found = figures.read(str(tmp_path / 's.png'))
        assert found.reversed == (cmap == 'gray_r') and np.abs(found.digits - digits).mean() <= 0.02


@pytest.mark.parametrize('cmap', ['gray', 'gray_r'])
def test_greys_of_digits_on_a_ground_are_not_taken_for_viridis_turned_grey(tmp_path, cmap):
    """Where hardly any pixel is quite black or quite white."""
    digits = figures.read(os.path.join(STRIPS, 'no-sigmoid', 'samples', '099.png')).digits
    by_the_page(digits, tmp_path / 's.png', cmap, **TIGHT)
    found = figures.read(str(tmp_path / 's.png'))
    assert found.reversed == (cmap == 'gray_r') and np.abs(found.digits - digits).mean() <= 0.02


def test_blots_on_white_are_not_taken_for_tiles(tmp_path):
    """After the first epoch all ten are alike, and as even as tiles."""
    digits = figures.read(os.path.join(REFERENCE, 'basic', 'samples', '000.png')).digits
    by_the_page(digits, tmp_path / 's.png', 'gray_r', **TIGHT)
    assert np.abs(figures.read(str(tmp_path / 's.png')).digits - digits).mean() <= 0.05


@pytest.mark.parametrize('spacing, options', [({'wspace': 0}, {}), ({'hspace': 0}, TIGHT)])
def test_white_tiles_on_white_whose_places_are_not_known(tmp_path, spacing, options):
    digits = figures.read(os.path.join(REFERENCE, 'conditional', 'samples', '099.png')).digits
    by_the_page(digits, tmp_path / 's.png', 'gray_r', spacing, **options)
    with pytest.raises(BadInput, match='white tiles have no edges'):
        figures.read(str(tmp_path / 's.png'))


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


@pytest.mark.parametrize('kind, white, name', [
    (np.uint16, 65535, '16.png'), (np.uint16, 255, '16.tif'), (np.int32, 255, '32.tif'), (np.float32, 1, 'f.tif'),
    (np.float32, 255, 'f.tif')])
def test_grey_in_other_numbers_than_bytes(tmp_path, drawn, kind, white, name):
    picture, digits = drawn
    Image.fromarray((np.array(picture.convert('L'), float) * white / 255).astype(kind)).save(str(tmp_path / name))
    assert np.abs(figures.read(str(tmp_path / name)).digits - digits).mean() < 0.001


@pytest.mark.parametrize('least, most', [(-1, 1), (0, 1e6), (np.nan, 1), (0, np.inf)])
def test_grey_in_numbers_that_tell_no_white_is_refused(tmp_path, least, most):
    grey = np.full((64, 640), 0.5, np.float32)
    grey[0, :2] = least, most
    Image.fromarray(grey).save(str(tmp_path / 'f.tif'))
    with pytest.raises(BadInput, match='f.tif cannot be read .its numbers are not from 0 to 1, 255 or 65535'):
        figures.read(str(tmp_path / 'f.tif'))


def test_tiles_at_the_very_edge(tmp_path):
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
        with open(os.path.join(REFERENCE, 'basic', 'samples', '099.png'), 'rb') as file:
            content = file.read()[:4000]
    (tmp_path / 's.png').write_bytes(content)
    with pytest.raises(BadInput, match=r's.png cannot be read \(.*\): it is cut short, or no picture'):
        figures.read(str(tmp_path / 's.png'))


# --- files that are not what their names say

def test_an_eps_starts_no_other_program(tmp_path, monkeypatch):
    """Pillow would start Ghostscript, which runs what the file says."""
    called = tmp_path / 'called'
    (tmp_path / 'gs').write_text('#!/bin/sh\necho 10.0.0\ntouch "%s"\n' % called)
    (tmp_path / 'gs').chmod(0o755)
    monkeypatch.setenv('PATH', str(tmp_path), prepend=os.pathsep)
    (tmp_path / '099.png').write_bytes(b'%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 825 113\n%%EndComments\n'
                                       b'showpage\n%%EOF\n')
    with pytest.raises(BadInput, match='none of PNG, JPEG, GIF, WebP, TIFF, BMP'):
        figures.read(str(tmp_path / '099.png'))
    assert not called.exists()


@pytest.mark.parametrize('ending', ['png', 'jpg', 'gif', 'webp', 'tiff', 'bmp'])
def test_the_formats_that_strips_come_as(tmp_path, drawn, ending):
    picture, digits = drawn
    picture.save(str(tmp_path / ('s.' + ending)))
    os.rename(str(tmp_path / ('s.' + ending)), str(tmp_path / 'none'))  # the bytes tell, not the name
    assert np.abs(figures.read(str(tmp_path / 'none')).digits - digits).mean() < 0.03


@pytest.mark.skipif(not hasattr(os, 'mkfifo'), reason='no such files there')
@pytest.mark.parametrize('kind', ['fifo', 'link to a fifo', 'device', 'folder'])
def test_only_regular_files_are_read_and_nothing_is_waited_for(tmp_path, kind):
    path = str(tmp_path / '099.png')
    if 'fifo' in kind:
        os.mkfifo(str(tmp_path / 'fifo'))
        os.symlink(str(tmp_path / 'fifo'), path)
    elif kind == 'device':
        os.symlink('/dev/zero', path)
    else:
        os.mkdir(path)
    signal.signal(signal.SIGALRM, lambda number, frame: pytest.fail('it waits'))
    signal.alarm(10)
    try:
        with pytest.raises(BadInput, match='099.png cannot be read .(it is no regular file|Is a directory)'):
            figures.read(path)
    finally:
        signal.alarm(0)


def chunk(name, content):
    return struct.pack('>I', len(content)) + name + content + struct.pack('>I', zlib.crc32(name + content))


@pytest.mark.parametrize('side', [5000, 11000, 30000])  # Pillow warns of the second, and refuses the third
def test_a_picture_is_too_large_by_its_header(tmp_path, side, monkeypatch):
    header = struct.pack('>IIBBBBB', side, side, 8, 2, 0, 0, 0)
    (tmp_path / 's.png').write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', b''))
    monkeypatch.setattr(Image.Image, 'load', lambda self: pytest.fail('it is being unpacked'))
    with warnings.catch_warnings():
        warnings.simplefilter('error')
        with pytest.raises(BadInput, match='s.png is too large, beyond 20 million px'):
            figures.read(str(tmp_path / 's.png'))


@pytest.mark.parametrize('size', [(10 ** 7, 1), (1, 10 ** 7), (5000, 40)])
def test_a_picture_is_too_long_by_its_header(tmp_path, size, monkeypatch):
    header = struct.pack('>IIBBBBB', *size, 8, 2, 0, 0, 0)
    (tmp_path / 's.png').write_bytes(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', header) + chunk(b'IDAT', b''))
    monkeypatch.setattr(Image.Image, 'load', lambda self: pytest.fail('it is being unpacked'))
    with pytest.raises(BadInput, match='or too long: make it smaller'):
        figures.read(str(tmp_path / 's.png'))


def test_a_file_is_too_large_by_its_length(tmp_path):
    with open(str(tmp_path / 's.png'), 'wb') as file:
        file.truncate(10 ** 9)  # takes no room
    with pytest.raises(BadInput, match='s.png cannot be read .it is larger than'):
        figures.read(str(tmp_path / 's.png'))


@pytest.mark.parametrize('content', [None, b'text', b'\x89PNG\r\n\x1a\n', 'eight'])
def test_every_reason_is_one_line_whatever_the_name(tmp_path, drawn, content):
    path = str(tmp_path / 'a\nb\r\x1b[31m\x85\u2028\udc80.png')
    if content == 'eight':
        with open(path, 'wb') as file:
            eight(drawn[0]).save(file, 'PNG')
    elif content:
        with open(path, 'wb') as file:
            file.write(content)
    with pytest.raises(BadInput) as error:
        figures.read(path)
    assert str(error.value).isprintable() and r'a\nb\r\x1b[31m\x85\u2028\udc80.png' in str(error.value)


def test_a_librarys_words_are_one_line_too(tmp_path, monkeypatch):
    def fail(*args, **options):
        raise ValueError('first\x1b[2J\nsecond')
    monkeypatch.setattr(figures.Image, 'open', fail)
    (tmp_path / 's.png').write_bytes(b'x')
    with pytest.raises(BadInput, match=r'\(first\\x1b\[2J\)') as error:
        figures.read(str(tmp_path / 's.png'))
    assert str(error.value).isprintable()


@pytest.mark.parametrize('compression', ['tiff_lzw', 'packbits'])
def test_a_damaged_tiff_is_refused_in_silence(tmp_path, drawn, capfd, compression):
    """The library that unpacks it writes to stderr by itself."""
    drawn[0].save(str(tmp_path / 's.tiff'), compression=compression)
    content = (tmp_path / 's.tiff').read_bytes()
    (tmp_path / 's.tiff').write_bytes(content[:200] + b'\xff' * 300 + content[500:])
    with pytest.raises(BadInput, match='cannot be read'):
        figures.read(str(tmp_path / 's.tiff'))
    assert capfd.readouterr().err == ''
    os.write(2, b'heard again')
    assert capfd.readouterr().err == 'heard again'
