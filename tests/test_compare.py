"""Honest runs are not called worse; every known failure is, and for the right reason."""

import json
import os
import shutil

import compare
import numpy as np
import pytest
import results
import verdicts
from conftest import DATA, REFERENCE, drop_roots_privilege, read_bytes, run_script
from make_strips import HONEST, STRIPS, WAYS, draw
from processes import Lab

import figures
import input_data
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
def test_known_failures_are_worse_for_the_right_reason(the_judge, name, listing):
    mine = only(listing, results.find(os.path.join(STRIPS, name)))
    found = verdict(the_judge, mine)
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
    for name, expected in [(path, 'identical'), (tmp_path / '099.png', 'same picture'),
                           (tmp_path / '099.jpg', 'same picture'), (tmp_path / 'small.png', 'equivalent')]:
        found = verdict(the_judge, results.find(str(name)), results.find(path))
        assert found.verdict.name == expected, name


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


def redrawn(tmp_path, listing, change):
    """The reference's last strip with its generated row changed by a function of [10, 28, 28]."""
    digits = figures.read(REFERENCES[listing].strips[99]).digits
    digits[-1] = change(digits[-1].copy())
    draw(digits, str(tmp_path / '099.png'))
    return results.find(str(tmp_path / '099.png'))


def one_dark_tile(row):
    row[3] = 0
    return row


@pytest.mark.parametrize('listing, change, reason', [
    ('basic', one_dark_tile, 'blank'), ('conditional', one_dark_tile, 'blank'),
    ('basic', lambda row: row[[0, 1] * 5], 'collapse'), ('basic', lambda row: row / 2, 'colours'),
    ('basic', lambda row: row[[0, 1, 2, 0, 1] * 2], 'collapse'),
    ('basic', lambda row: row[:, :, ::-1], 'turned'), ('basic', lambda row: row[:, ::-1], 'turned'),
    ('conditional', lambda row: read_bytes(input_data.TEST_IMAGES)[:10] / 255, 'copied'),
    ('basic', lambda row: read_bytes(input_data.TRAIN_IMAGES)[5000:5010] / 255, 'copied'),
    ('basic', lambda row: np.clip(row + np.random.RandomState(0).normal(0, 0.3, row.shape), 0, 1), 'rough'),
    ('conditional', lambda row: row[[9, 8, 2, 3, 1, 5, 0, 7, 4, 6]], 'labels')])
def test_strips_that_are_partly_wrong(the_judge, tmp_path, listing, change, reason):
    assert verdict(the_judge, redrawn(tmp_path, listing, change)).verdict == ('worse', reason)


def test_whatever_the_other_is_an_honest_strip_is_not_worse(the_judge):
    for listing in LISTINGS:
        mine = only(listing, results.find(os.path.join(STRIPS, 'honest-2')))
        for name in 'not-finite', 'untrained', 'collapsed':
            found = verdict(the_judge, mine, results.find(os.path.join(STRIPS, name)))
            assert found.verdict.name == 'equivalent', name


def test_an_early_strip_is_not_as_good_as_a_late_one(the_judge):
    early, late = (results.find(REFERENCES['basic'].strips[epoch]) for epoch in (0, 99))
    assert verdict(the_judge, early, late).verdict == ('worse', 'epochs')
    assert verdict(the_judge, late, early).verdict.name == 'equivalent'


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
    if listing == 'basic':
        monkeypatch.setattr(results, 'FRESH', 1000)  # a third of the time
    found = of_weights(the_judge, listing, change)(tmp_path)
    assert found.whole.of == '%d fresh images' % (1000 if listing == 'basic' else 10000)
    assert found.whole.verdict == (('worse', reason) if reason else ('equivalent', None))
    assert found.verdict == (('worse', reason) if reason else ('identical', None))


def test_fresh_images_of_a_misprinted_run_need_no_discriminator(the_judge, tmp_path, monkeypatch):
    """§9.2's discriminator without labels has a smaller kernel, and its run is to be judged all the same."""
    def smaller(arrays):
        arrays['discriminator/dense/kernel'] = arrays['discriminator/dense/kernel'][:784]
    monkeypatch.setattr(results, 'FRESH', 1000)
    assert of_weights(the_judge, 'conditional', smaller)(tmp_path).verdict.name == 'identical'


@pytest.fixture(scope='module')
def one_epoch(tmp_path_factory):
    """A run of one epoch, with the chapter's settings."""
    folder = tmp_path_factory.mktemp('one-epoch') / 'lab'
    assert Lab(folder, 'basic', DATA, '--epochs', '1').run() == 0
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
    lab = Lab(folder / 'lab', 'basic', DATA, '--epochs', '1', '--batch-size', '500')
    assert lab.run() == 0
    os.rename(lab.path('samples'), str(folder / 'samples'))


def both_of_one_listing(folder):
    for name in 'samples', 'samples2':
        shutil.copytree(REFERENCES['basic'].path, str(folder / name))


def a_strip_of_the_other(folder):
    shutil.copy(REFERENCES['conditional'].strips[99], str(folder / '099.png'))
    shutil.copy(REFERENCES['basic'].strips[89], str(folder / '089.png'))


def damaged_record(folder):
    (folder / 'run.json').write_text(json.dumps(
        {'format': 1, 'id': 'x', 'identity': {}, 'options': {}, 'versions': {}, 'strips': {}, 'resumed': []}))


def too_large(folder):
    figures.Image.new('L', (5000, 5000)).save(str(folder / '099.png'))


@pytest.mark.parametrize('make, words', [
    (both_of_one_listing, 'of the same listing'), (a_strip_of_the_other, 'is of the other listing'),
    (damaged_record, 'cannot be read'), (too_large, 'too large'),
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


@pytest.mark.parametrize('folders', [['samples', 'samples2'], []])
def test_untrained_clones_have_nothing_to_compare(run, tmp_path, folders):
    """The reference beside it is not taken for the run."""
    for name in folders:
        (tmp_path / name).mkdir()
    shutil.copytree(REFERENCES['basic'].path, str(tmp_path / 'reference' / 'samples'))
    status, _, err = run(tmp_path)
    assert status == 2 and 'make basic, make cgan' in err[0]


def test_a_folder_that_may_not_be_read(tmp_path):
    (tmp_path / 'mine').mkdir(mode=0o000)
    finished = run_script('compare.py', tmp_path / 'mine', preexec_fn=drop_roots_privilege)
    assert finished.returncode == 2 and 'cannot be read (Permission denied)' in finished.stderr
    assert len(finished.stderr.splitlines()) == 1


def test_long_and_odd_paths(run, tmp_path):
    folder = tmp_path / ('$a_{$' + '그림' * 30)
    shutil.copytree(os.path.join(STRIPS, 'honest-2', 'samples'), str(folder))
    status, out, err = run(folder)
    assert status == 0 and err == ['conditional: no strips of it in %s' % folder]
    assert max(len(line) + sum(letter in '그림' for letter in line) for line in out) <= 80


def test_a_checkpoint_that_a_running_training_has_replaced(one_epoch):
    mine = results.find(str(one_epoch / 'run'))['basic']
    mine.weights = mine.weights.replace('0000', '0007')
    assert mine.generator().fresh(2)[0].shape == (2, 784)


def test_runs_too_short_for_the_reference_are_set_beside_each_other(the_judge, one_epoch, tmp_path):
    shutil.copy(str(one_epoch / 'samples' / '000.png'), str(tmp_path / '000.png'))
    found = verdict(the_judge, results.find(str(one_epoch / 'samples')), results.find(str(tmp_path)))
    assert found.verdict.name == 'identical'


def test_limits_narrow_with_the_number_of_images():
    other = {'nearest': 0.2, 'variety': 0.3, 'accuracy': 0.98, 'frechet': 5., 'commonest': 0.1}
    few, many = verdicts.limits(other, 10), verdicts.limits(other, 10000)
    assert few.keys() < many.keys()
    assert few['nearest'] > many['nearest'] and few['variety'] < many['variety']
    assert few['accuracy'] < many['accuracy'] < 0.98
