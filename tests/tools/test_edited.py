"""The page is changed, and its run is drawn, judged and filmed from its folder alone, wherever that went."""

import os
import re
import shutil

import numpy as np
import pytest
from commanding import command
from conftest import DATA
from made import arrays, contents, record_of, rewrite, train
from make_strips import REFERENCE, edited
from PIL import Image

from lab import listings
from tools import compare, results

# Another layer, other names, a placeholder more, another last layer, and noise that is neither of the chapter's.
CHANGES = [
    ('G_b1 = tf.Variable(tf.zeros([n_hidden]))',
     'G_b1 = tf.Variable(tf.zeros([n_hidden]))\n'
     'middle = tf.Variable(tf.random_normal([n_hidden, n_hidden], stddev=0.1))\n'
     'keep_prob = tf.placeholder(tf.float32)'),
    ('G_W2 = tf.Variable(tf.random_normal([n_hidden, n_input], stddev=0.01))',
     'last = tf.Variable(tf.random_normal([n_hidden, n_input], stddev=0.01))'),
    ('G_var_list = [G_W1, G_b1, G_W2, G_b2]', 'G_var_list = [G_W1, G_b1, middle, last, G_b2]'),
    ('    hidden = tf.nn.relu(tf.matmul(noise_z, G_W1) + G_b1)\n'
     '    output = tf.nn.sigmoid(tf.matmul(hidden, G_W2) + G_b2)',
     '    hidden = tf.nn.relu(tf.matmul(noise_z, G_W1) + G_b1)\n'
     '    hidden = tf.nn.dropout(tf.nn.relu(tf.matmul(hidden, middle)), rate=1 - keep_prob)\n'
     '    output = 0.5 + 0.5 * tf.nn.tanh(tf.matmul(hidden, last) + G_b2)'),
    ('    return np.random.normal(size=(batch_size, n_noise))',
     '    return np.random.exponential(size=(batch_size, n_noise)) - 1'),
    ('feed_dict={X: batch_xs, Z: noise}', 'feed_dict={X: batch_xs, Z: noise, keep_prob: 0.5}'),
    ('[train_G, loss_G], feed_dict={Z: noise}', '[train_G, loss_G], feed_dict={Z: noise, keep_prob: 0.5}'),
    ('sess.run(G, feed_dict={Z: noise})', 'sess.run(G, feed_dict={Z: noise, keep_prob: 1.})')]


@pytest.fixture(scope='module')
def run(tmp_path_factory):
    """The folder of a run of such a listing on all of MNIST, which has been deleted since."""
    folder = tmp_path_factory.mktemp('edited')
    listing = folder / 'my_gan.py'
    listing.write_text(edited('basic', CHANGES), encoding='utf-8')
    said = train(listing, '--epochs', '2', '--batch-size', '500', '--n-hidden', '32', '--data', DATA,
                 '--run', folder / 'run', output=folder / 'output')
    assert said == ['seed: 7']
    listing.unlink()
    return folder / 'run'


def digits(run, folder):
    """Twenty digits of a run, drawn into a folder."""
    status, out, err = command('digits', '--basic', 20, '--seed', 3, '--run', run, '--out', folder / 'digits.png',
                               '--npz', folder / 'digits.npz')
    assert (status, out, err) == (0, [], [str(folder / 'digits.png'), 'seed: 3'])
    return arrays(folder / 'digits.npz')['images']


def test_it_is_drawn_as_its_listing_drew(run, tmp_path):
    """Of the same noise the same digits, with what was fed besides, when it drew rather than trained."""
    assert record_of(run)['feeds'] == {'Placeholder_2:0': 1.0} and record_of(run)['noise']['draw'] == 'kept'
    images = digits(run, tmp_path)
    assert images.shape == (20, 28, 28) and 0 <= images.min() and images.max() <= 1
    np.testing.assert_array_equal(images, digits(run, tmp_path))  # no dropout at random
    noise = arrays(run / 'noise.npz')['noise']
    np.random.seed(7)
    expected = np.random.exponential(size=(10000, 128)) - 1
    np.testing.assert_array_equal(noise, expected.astype(np.float32))
    # What it is on average over the noise kept is what the listing's film of its last epoch is of too.
    film = np.fromfile(str(run / 'film.bin'), np.uint8)[-20 * 784:].reshape(20, 784) / 255
    np.testing.assert_allclose(images.reshape(20, 784).mean(), film.mean(), atol=0.05)


def test_it_is_judged_by_fresh_images(run, the_judge):
    found = compare.compare(the_judge, results.find(str(run))['basic'], results.find(REFERENCE)['basic'], fresh=300)
    assert found.whole.of == ('fresh', 300) and found.whole.sources[0].startswith(str(run))
    assert [strip.epoch for strip in found.strips] == [0] and found.shorter and found.verdict.name == 'worse'
    assert 0 < found.whole.mine['nearest'] < 1


def test_a_listing_of_other_names_is_judged_by_its_strips(tmp_path, small):
    listing = tmp_path / 'my_gan.py'
    text = re.sub(r'\b(loss_[DG]|D_real|D_gene|G)\b', r'its_\1', edited('basic', []))
    listing.write_text(text, encoding='utf-8')
    run = tmp_path / 'run'
    train(listing, '--epochs', '1', '--data', small, '--run', run, output=tmp_path / 'output')
    rewrite(run, data=record_of(os.path.join(REFERENCE, 'basic'))['data'])
    status, out, err = command('diff', run, '--out', tmp_path / 'diff', '--lang', 'en')
    assert status == 1 and 'basic: worse, by 1 strip and 1 of the other' in '\n'.join(out)
    assert len(err) == 1 and err[0].startswith('by the strips alone: ') and 'its listing lacked G' in err[0]
    status, out, err = command('curves', '--run', run, '--out', tmp_path / 'curves.png')
    assert (status, out, len(err)) == (2, [], 1) and 'holds neither losses nor D_mean: its listing had no' in err[0]
    assert not (tmp_path / 'curves.png').exists()


def test_it_is_filmed_and_curved(run, tmp_path):
    for what in 'movie', 'curves':
        assert command(what, '--run', run, '--out', tmp_path / what) == (0, [], [str(tmp_path / what)])
    with Image.open(str(tmp_path / 'movie')) as movie:
        assert movie.n_frames == 2


def moved(run, folder):
    shutil.move(str(shutil.copytree(str(run), str(folder / 'x'))), str(folder / 'renamed [1]'))
    return folder / 'renamed [1]'


def packed(run, folder):
    shutil.make_archive(str(folder / 'sent'), 'zip', str(run.parent), run.name)
    shutil.unpack_archive(str(folder / 'sent.zip'), str(folder / 'elsewhere'))
    return folder / 'elsewhere' / run.name


def beside(run, folder):
    return shutil.copytree(str(run), str(run.parent / 'run.copy')) and run.parent / 'run.copy'


@pytest.mark.parametrize('bring', [moved, packed, beside])
def test_wherever_it_went_it_is_the_same_and_nothing_else_is_written(run, tmp_path, bring):
    (tmp_path / 'before').mkdir()
    expected = digits(run, tmp_path / 'before')
    copy, out = bring(run, tmp_path), tmp_path / 'out'
    out.mkdir()
    before = contents(tmp_path), contents(run.parent), sorted(os.listdir(listings.ROOT))
    np.testing.assert_array_equal(digits(copy, out), expected)
    for what in 'movie', 'curves':
        assert command(what, '--run', copy, '--out', out / what) == (0, [], [str(out / what)])
    found = results.find(str(copy))['basic']
    assert found.path == str(copy) and found.record['seed'] == 7 and found.generator().path.startswith(str(copy))
    strips = results.find(str(copy / 'samples'))['basic']
    assert strips.run == str(copy) and strips.epochs == 2
    shutil.rmtree(str(out))
    out.mkdir()
    assert (contents(tmp_path), contents(run.parent), sorted(os.listdir(listings.ROOT))) == before
    if bring is beside:
        shutil.rmtree(str(copy))
