"""Honest runs are not called worse; every known failure is, and for the right reason."""

import json
import os
import shutil

import compare
import numpy as np
import pytest
import results
import verdicts
from conftest import REFERENCE, run_script
from make_strips import HONEST, STRIPS, WAYS, draw

import figures
from errors import BadInput

LISTINGS = ['basic', 'conditional']
REFERENCES = results.find(REFERENCE)


def verdict(judge, mine, other=REFERENCES):
    """The comparison of the one listing that `mine` holds, or of that which is `other`'s."""
    (listing,) = mine.keys() & other.keys()
    return compare.compare(judge, mine[listing], other[listing])


def only(listing, found):
    return {listing: found[listing]}


# --- verdicts on strips

@pytest.mark.parametrize('n', range(1, len(HONEST) + 1))
@pytest.mark.parametrize('listing', LISTINGS)
def test_honest_seeds_are_as_good_as_the_reference(the_judge, n, listing):
    mine = results.find(os.path.join(STRIPS, 'honest-%d' % n))
    found = verdict(the_judge, only(listing, mine))
    assert [strip.verdict.name for strip in found.strips] == ['equivalent'] * 2
    assert found.verdict.name == 'equivalent'


@pytest.mark.parametrize('n, other', [(2, 3), (5, 4)])
@pytest.mark.parametrize('listing', LISTINGS)
def test_honest_seeds_are_as_good_as_each_other(the_judge, n, other, listing):
    mine, other = (results.find(os.path.join(STRIPS, 'honest-%d' % number)) for number in (n, other))
    assert verdict(the_judge, only(listing, mine), other).verdict.name == 'equivalent'


FAILURES = {'never-trained': 'noise', 'without-labels': 'labels', 'gone-astray': 'collapse',
            'untrained': 'noise', 'collapsed': 'collapse', 'not-finite': 'blank', 'transposed': 'turned',
            'inverted': 'colours', 'shuffled-labels': 'labels', 'one-epoch': 'epochs'}


@pytest.mark.parametrize('name, listing', [
    (name, listing) for name in FAILURES for listing in results.find(os.path.join(STRIPS, name))])
@pytest.mark.parametrize('other', [REFERENCE, os.path.join(STRIPS, 'honest-2')], ids=os.path.basename)
def test_known_failures_are_worse_for_the_right_reason(the_judge, name, listing, other):
    mine = only(listing, results.find(os.path.join(STRIPS, name)))
    found = verdict(the_judge, mine, results.find(other))
    assert [strip.verdict for strip in found.strips] == [('worse', FAILURES[name])] * 2
    assert found.verdict == ('worse', FAILURES[name])


def test_every_way_is_kept_and_tested():
    assert sorted(os.listdir(STRIPS)) == sorted(WAYS)
    assert set(WAYS) == {*FAILURES, *('honest-%d' % n for n in range(1, len(HONEST) + 1))}


@pytest.mark.parametrize('name', ['untrained', 'collapsed', 'transposed', 'inverted', 'one-epoch'])
def test_failures_made_of_the_reference_are_made_so(tmp_path, name):
    WAYS[name](str(tmp_path / name))
    for listing, folder in results.FOLDERS.items():
        for epoch in '049.png', '099.png':
            made, kept = (figures.read(os.path.join(home, name, folder, epoch)).digits
                          for home in (str(tmp_path), STRIPS))
            np.testing.assert_allclose(made, kept, rtol=0, atol=1.01 / 255, err_msg=listing)


def test_the_same_bytes_the_same_picture_and_another_form_of_it(the_judge, tmp_path):
    path = REFERENCES['conditional'].strips[99]
    digits = figures.read(path).digits
    draw(np.clip(digits + 0.004, 0, 1), str(tmp_path / '099.png'))
    picture = figures.Image.open(path)
    for name, changed in {'small.png': picture.resize((500, 119)), '099.jpg': picture.convert('RGB')}.items():
        changed.save(str(tmp_path / name))
    for name, expected in [(path, ['identical']), (tmp_path / '099.png', ['same picture']),
                           (tmp_path / '099.jpg', ['same picture']),
                           (tmp_path / 'small.png', ['same picture', 'equivalent'])]:
        found = verdict(the_judge, results.find(str(name)), results.find(path))
        assert found.verdict.name in expected, name


def test_an_upper_row_of_other_digits(the_judge, tmp_path):
    digits = figures.read(REFERENCES['conditional'].strips[99]).digits
    draw(np.roll(digits, 2, axis=1), str(tmp_path / '099.png'))
    found = verdict(the_judge, results.find(str(tmp_path / '099.png')))
    assert found.verdict == ('worse', 'upper row')


def test_the_first_epochs_are_not_held_against_a_run_but_noise_is(the_judge, tmp_path):
    for name, expected in ('one-epoch', 'equivalent'), ('untrained', 'worse'), ('inverted', 'worse'):
        folder = tmp_path / name
        folder.mkdir()
        for source, epoch in ('049', '009'), ('099', '019'):
            shutil.copy(os.path.join(STRIPS, name, 'samples', source + '.png'),
                        str(folder / (epoch + '.png')))
        found = verdict(the_judge, results.find(str(folder)))
        assert [strip.verdict.name for strip in found.strips] == [expected] * 2


# --- verdicts on runs: fresh images, epochs

def of_weights(judge, listing, change):
    """The verdict on the reference's strips with other weights, changed by a function of {name: array}."""
    def make(folder):
        with np.load(os.path.join(REFERENCE, listing + '-final.npz')) as file:
            arrays = dict(file)
        change(arrays)
        path = str(folder / 'changed.npz')
        np.savez(path, **arrays)
        reference = REFERENCES[listing]
        mine = results.Result(listing, reference.path, reference.strips, weights=path, epochs=100)
        return compare.compare(judge, mine, reference)
    return make


def nothing(arrays):
    pass


def shuffle_labels(arrays):
    kernel = arrays['generator/dense/kernel']
    kernel[128:] = np.roll(kernel[128:], 1, axis=0)


def no_number(arrays):
    arrays['G_W2'][0, 0] = np.nan


def one_shape(arrays):
    arrays['G_W1'][:] = 0


def untrained(arrays):
    with np.load(os.path.join(REFERENCE, 'basic-init.npz')) as file:
        arrays.update(file)


@pytest.mark.parametrize('listing, change, reason', [
    ('basic', nothing, None), ('conditional', nothing, None), ('conditional', shuffle_labels, 'labels'),
    ('basic', no_number, 'blank'), ('basic', one_shape, 'collapse'), ('basic', untrained, 'noise')])
def test_fresh_images_are_judged_where_there_are_weights(
        the_judge, tmp_path, monkeypatch, listing, change, reason):
    if reason:
        monkeypatch.setattr(compare, 'FRESH', 1000)  # a third of the time
    found = of_weights(the_judge, listing, change)(tmp_path)
    assert found.whole.of == '%d fresh images' % (1000 if reason else 10000)
    assert found.whole.verdict == (('worse', reason) if reason else ('equivalent', None))
    assert found.verdict == (('worse', reason) if reason else ('identical', None))


def test_fresh_images_of_a_misprinted_run_need_no_discriminator(the_judge, tmp_path):
    """§9.2's discriminator without labels has a smaller kernel, and its run is to be judged all the same."""
    def smaller(arrays):
        arrays['discriminator/dense/kernel'] = arrays['discriminator/dense/kernel'][:784]
    assert of_weights(the_judge, 'conditional', smaller)(tmp_path).verdict.name == 'identical'


@pytest.fixture(scope='module')
def one_epoch(tmp_path_factory):
    """A run of one epoch, with the chapter's settings."""
    folder = tmp_path_factory.mktemp('one-epoch')
    run = run_script('gan_basic.py', '--epochs', 1, '--run', folder / 'run', '--samples', folder / 'samples')
    assert run.returncode == 0, run.stderr
    return folder


def test_a_run_of_fewer_epochs(the_judge, one_epoch):
    for name in 'samples', 'run':
        mine = results.find(str(one_epoch / name))
        assert mine['basic'].weights.endswith(os.path.join('0000', 'model.ckpt'))
        found = verdict(the_judge, mine)
        assert found.verdict == ('worse', 'epochs') and found.strips[0].verdict.name == 'equivalent'
    os.rename(str(one_epoch / 'samples'), str(one_epoch / 'moved'))
    try:  # the run is still found from the strips, but not the strips from the run
        assert results.find(str(one_epoch / 'moved'))['basic'].epochs == 1
        with pytest.raises(BadInput, match='were moved or removed'):
            results.find(str(one_epoch / 'run'))
    finally:
        os.rename(str(one_epoch / 'moved'), str(one_epoch / 'samples'))


def test_one_epoch_presented_as_a_hundred(the_judge, one_epoch, tmp_path):
    for epoch in 0, 9, 49, 99:
        shutil.copy(str(one_epoch / 'samples' / '000.png'), str(tmp_path / ('%03d.png' % epoch)))
    found = verdict(the_judge, results.find(str(tmp_path)))
    assert found.mine.epochs == 100 and found.verdict == ('worse', 'epochs')


# --- the program

@pytest.fixture
def run(ends, tmp_path):
    return lambda *argv: ends(compare.main, *argv, '--out', tmp_path / 'diff')


def test_the_reference_against_itself(run, tmp_path):
    status, out, err = run(REFERENCE)
    assert status == 0 and err == []
    assert max(map(len, out)) <= 80
    for listing in LISTINGS:
        assert '%s: identical, by 11 of 11 strips' % listing in '\n'.join(out)
        pixels = compare.drawing.plt.imread(str(tmp_path / 'diff' / (listing + '.png')))
        assert pixels.shape[0] > 1000 and pixels.shape[1] == 1400
    assert sorted(os.listdir(str(tmp_path / 'diff'))) == ['basic.png', 'conditional.png']


def test_a_failure_has_status_1_and_says_why(run):
    status, out, err = run(os.path.join(STRIPS, 'without-labels'))
    assert status == 1 and max(map(len, out)) <= 80
    assert 'labels ignored' in ' '.join(out[-2:])
    assert err == ['basic: no strips of it in %s' % os.path.join('tests', 'strips', 'without-labels')]


def test_json_for_graders(run):
    status, out, _ = run('--json', os.path.join(STRIPS, 'not-finite'))
    found = json.loads('\n'.join(out), parse_constant=lambda word: pytest.fail(word + ' is no JSON'))
    assert status == 1 and list(found) == LISTINGS
    for listing in LISTINGS:
        assert found[listing]['verdict'] == 'worse' and found[listing]['reason'] == 'blank'
        assert found[listing]['strips']['099']['mine']['nearest'] is None
        assert found[listing]['strips']['099']['other']['nearest'] > 0


def clone_of_the_book(folder):
    shutil.copytree(os.path.join(STRIPS, 'honest-2'), str(folder / '09 - GAN'))
    (folder / '10 - RNN').mkdir()


def test_a_clone_of_the_books_repository(tmp_path):
    clone_of_the_book(tmp_path)
    found = results.find(str(tmp_path))
    assert sorted(found) == LISTINGS and sorted(found['basic'].strips) == [49, 99]
    shutil.copytree(str(tmp_path / '09 - GAN'), str(tmp_path / '07 - GAN'))
    with pytest.raises(BadInput, match='several folders with strips'):
        results.find(str(tmp_path))


def eight(folder):
    picture = figures.Image.open(REFERENCES['basic'].strips[99])
    picture.crop((0, 0, 660, 113)).save(str(folder / '099.png'))


def cut_short(folder):
    with open(REFERENCES['basic'].strips[99], 'rb') as file:
        (folder / '099.png').write_bytes(file.read()[:5000])


def other_epochs(folder):
    shutil.copy(REFERENCES['basic'].strips[99], str(folder / '123.png'))


def no_strips(folder):
    (folder / 'notes.txt').write_text('none')


def other_settings(folder):
    source = run_script('gan_basic.py', '--epochs', 1, '--batch-size', 500, '--run', folder / 'run',
                        '--samples', folder / 'samples')
    assert source.returncode == 0


@pytest.mark.parametrize('make, words', [
    (lambda folder: folder.rmdir(), 'is missing'), (lambda folder: None, 'holds no strips'),
    (no_strips, 'holds no strips'), (eight, 'has 8 tiles in a row, not ten'), (cut_short, 'cut short'),
    (lambda folder: (folder / '099.png').write_text('text'), 'no picture'),
    (other_epochs, 'no strip of the same epoch'),
    (other_settings, 'with --batch-size 500, the chapter has 100')])
def test_bad_input(run, tmp_path, make, words):
    folder = tmp_path / 'mine'
    folder.mkdir()
    make(folder)
    status, out, err = run(folder)
    assert status == 2 and out == [] and len(err) == 1 and words in err[0] and str(folder) in err[0]
    assert not (tmp_path / 'diff').exists()


def test_two_listings_do_not_compare(run):
    status, out, err = run(REFERENCES['basic'].path, REFERENCES['conditional'].path)
    assert status == 2 and 'name two of one listing' in err[0]


def test_untrained_clones_have_nothing_to_compare(ends, tmp_path):
    """The reference beside it is not taken for the run."""
    for name in 'samples', 'samples2':
        (tmp_path / name).mkdir()
    shutil.copytree(REFERENCES['basic'].path, str(tmp_path / 'reference' / 'samples'))
    status, _, err = ends(compare.main, tmp_path)
    assert status == 2 and 'make basic, make cgan' in err[0]


def test_limits_narrow_with_the_number_of_images():
    other = {'nearest': 0.2, 'variety': 0.3, 'accuracy': 0.98, 'frechet': 5., 'commonest': 0.1}
    few, many = verdicts.limits(other, 10), verdicts.limits(other, 10000)
    assert few.keys() < many.keys()
    assert few['nearest'] > many['nearest'] and few['variety'] < many['variety']
    assert few['accuracy'] < many['accuracy'] < 0.98
