"""Honest runs are not called worse; every known failure is, and for the right reason."""

import json
import os
import shutil
import tempfile

import matplotlib.pyplot as plt
import numpy as np
import pytest
from commanding import command
from conftest import FILES, read_bytes, snapshot
from made import changed_run, rewrite, train
from make_strips import HONEST, REFERENCE, SAMPLES, STRIPS, WAYS, by_the_page, draw
from PIL import Image
from processes import CONTEXT, PAGE

from lab import records
from lab.errors import BadInput
from tools import compare, reading, results, verdicts

LISTINGS = ['basic', 'conditional']
REFERENCES = results.find(REFERENCE)


FRESH = 300  # images, rather than the 10,000 of the program: enough for what is wrong here


def verdict(judge, mine, other=REFERENCES):
    """The comparison of the one listing that `mine` holds, or of that which is `other`'s."""
    (listing,) = mine.keys() & other.keys()
    return compare.compare(judge, mine[listing], other[listing], fresh=FRESH)


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


FAILURES = {'never-trained': 'noise', 'without-labels': 'labels', 'gone-astray': 'collapse', 'sign-dropped': 'opposed',
            'untrained': 'noise', 'collapsed': 'collapse', 'not-finite': 'blank', 'transposed': 'turned',
            'inverted': 'colours', 'shuffled-labels': 'labels', 'one-epoch': 'early', 'no-sigmoid': 'ground'}


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
    for listing, folder in SAMPLES.items():
        for epoch in '049.png', '099.png':
            made, kept = (reading.read(os.path.join(home, name, folder, epoch)).digits
                          for home in (str(tmp_path), STRIPS))
            np.testing.assert_allclose(made, kept, rtol=0, atol=1.01 / 255, err_msg=listing)


def test_the_same_bytes_the_same_picture_and_another_form_of_it(the_judge, tmp_path):
    path = REFERENCES['conditional'].strips[99]
    digits = reading.read(path).digits
    draw(np.clip(digits + 0.004, 0, 1), str(tmp_path / '099.png'))
    picture = Image.open(path)
    for name, changed in {'small.png': picture.resize((500, 119)), '099.jpg': picture.convert('RGB')}.items():
        changed.save(str(tmp_path / name))
    for name, expected in [(path, 'identical'), (tmp_path / '099.png', 'same picture'),
                           (tmp_path / '099.jpg', 'same picture'), (tmp_path / 'small.png', 'equivalent')]:
        found = verdict(the_judge, results.find(str(name)), results.find(path))
        assert found.verdict.name == expected, name


def test_an_upper_row_of_other_digits(the_judge, tmp_path):
    digits = reading.read(REFERENCES['conditional'].strips[99]).digits
    draw(np.roll(digits, 2, axis=1), str(tmp_path / '099.png'))
    found = verdict(the_judge, results.find(str(tmp_path / '099.png')))
    assert found.verdict == ('worse', 'upper row')


def test_the_first_epochs_are_not_held_against_a_run_but_noise_is(the_judge, tmp_path):
    for name, expected in [('one-epoch', 'equivalent'), ('untrained', 'worse'), ('inverted', 'worse'),
                           ('sign-dropped', 'worse'), ('no-sigmoid', 'worse')]:
        folder = tmp_path / name
        folder.mkdir()
        for source, epoch in ('049', '009'), ('099', '019'):
            shutil.copy(os.path.join(STRIPS, name, 'samples', source + '.png'),
                        str(folder / (epoch + '.png')))
        found = verdict(the_judge, results.find(str(folder)))
        assert [strip.verdict.name for strip in found.strips] == [expected] * 2


def redrawn(tmp_path, listing, change):
    """The reference's last strip with its generated row changed by a function of [10, 28, 28]."""
    digits = reading.read(REFERENCES[listing].strips[99]).digits
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
    ('conditional', lambda row: read_bytes(FILES[2])[:10] / 255, 'copied'),
    ('basic', lambda row: read_bytes(FILES[0])[5000:5010] / 255, 'copied'),
    ('basic', lambda row: read_bytes(FILES[2])[30:40] / 255, 'copied'),  # which no generator has learnt from
    ('basic', lambda row: np.clip(row + np.random.RandomState(0).normal(0, 0.3, row.shape), 0, 1), 'rough'),
    ('conditional', lambda row: row[[9, 8, 2, 3, 1, 5, 0, 7, 4, 6]], 'labels')])
def test_strips_that_are_partly_wrong(the_judge, tmp_path, listing, change, reason):
    assert verdict(the_judge, redrawn(tmp_path, listing, change)).verdict == ('worse', reason)


@pytest.mark.parametrize('listing, cmap, spacing', [
    ('basic', 'gray_r', {}), ('conditional', 'viridis', {'wspace': 0, 'hspace': 0})])
def test_an_honest_strip_is_as_good_however_it_is_drawn(the_judge, tmp_path, listing, cmap, spacing):
    strip = results.find(os.path.join(STRIPS, 'honest-2'))[listing].strips[99]
    by_the_page(reading.read(strip).digits, tmp_path / '099.png', cmap, spacing, bbox_inches='tight')
    assert verdict(the_judge, results.find(str(tmp_path / '099.png'))).verdict.name == 'equivalent'


@pytest.mark.parametrize('name, listing, cmap, reason', [
    ('sign-dropped', 'basic', 'gray', 'opposed'), ('no-sigmoid', 'basic', 'gray_r', 'ground'),
    ('no-sigmoid', 'conditional', 'gray', 'ground'), ('untrained', 'basic', 'gray_r', 'noise')])
def test_a_failure_has_its_reason_also_in_grey(the_judge, tmp_path, name, listing, cmap, reason):
    strip = results.find(os.path.join(STRIPS, name))[listing].strips[99]
    by_the_page(reading.read(strip).digits, tmp_path / '099.png', cmap, bbox_inches='tight')
    assert verdict(the_judge, results.find(str(tmp_path / '099.png'))).verdict == ('worse', reason)


@pytest.mark.parametrize('name, reason', [('untrained', 'noise'), ('no-sigmoid', 'ground')])
@pytest.mark.parametrize('form', ['small.png', 'grey.jpg'])
def test_noise_and_digits_on_a_ground_are_told_apart_in_any_form(the_judge, tmp_path, name, reason, form):
    """A small picture and a JPEG make noise smoother than it was."""
    picture = Image.open(os.path.join(STRIPS, name, 'samples', '099.png')).convert('RGB')
    if form == 'small.png':
        picture.resize((500, 68)).save(str(tmp_path / form))
    else:
        picture.convert('L').save(str(tmp_path / form), quality=30)
    found = verdict(the_judge, results.find(str(tmp_path / form)), only('basic', results.find(os.path.join(
        REFERENCE, 'basic', 'samples', '099.png'))))
    assert found.verdict == ('worse', reason)


@pytest.fixture(scope='module')
def honest_digits(the_judge):
    """Digits of five seeds and of the reference from epoch 049 on, [n, 28, 28], and what they are read as."""
    strips = [path for n in range(1, len(HONEST) + 1)
              for path in results.find(os.path.join(STRIPS, 'honest-%d' % n))['basic'].strips.values()]
    strips += [path for epoch, path in REFERENCES['basic'].strips.items() if epoch >= 49]
    digits = np.concatenate([reading.read(path).digits[0] for path in strips])
    return digits, the_judge.read(digits.reshape(-1, 784))[0].argmax(axis=1)


@pytest.mark.parametrize('n, expected', [(31, ('worse', 'classes')), (16, ('equivalent', None))])
def test_fifty_digits_of_which_so_many_are_one(the_judge, tmp_path, honest_digits, n, expected):
    digits, reads = honest_digits
    random = np.random.RandomState(0)
    most = np.bincount(reads).argmax()
    order = np.concatenate([random.permutation(np.flatnonzero(reads == most))[:n],
                            random.permutation(np.flatnonzero(reads != most))[:50 - n]])
    strips = digits[random.permutation(order)].reshape(5, 1, 10, 28, 28)
    for strip, epoch in zip(strips, range(59, 100, 10)):
        draw(strip, str(tmp_path / ('%03d.png' % epoch)))
    found = verdict(the_judge, results.find(str(tmp_path)))
    assert [strip.verdict.name for strip in found.strips] == ['equivalent'] * 5
    assert found.verdict == expected


@pytest.mark.parametrize('listing, name', [
    ('basic', 'not-finite'), ('basic', 'untrained'), ('conditional', 'collapsed')])
def test_whatever_the_other_is_an_honest_strip_is_not_worse(the_judge, listing, name):
    mine, other = (results.find(os.path.join(STRIPS, each)) for each in ('honest-2', name))
    assert verdict(the_judge, only(listing, mine), other).verdict.name == 'equivalent'


def test_an_early_strip_is_not_as_good_as_a_late_one(the_judge):
    early, late = (results.find(REFERENCES['basic'].strips[epoch]) for epoch in (0, 99))
    assert verdict(the_judge, early, late).verdict == ('worse', 'early')
    assert verdict(the_judge, late, early).verdict.name == 'equivalent'


# --- verdicts on runs: fresh images, epochs

def of_weights(judge, kind, change, folder):
    """The verdict on the reference's run with other weights, changed by a function of {name: array}."""
    mine = results.find(changed_run(folder / 'changed', kind, change))
    return verdict(judge, mine)


def nothing(arrays):
    pass


def shuffle_labels(arrays):
    kernel = arrays['generator/dense/kernel']
    kernel[128:] = np.roll(kernel[128:], 1, axis=0)


def no_number(arrays):
    arrays['G_W2'][0, 0] = np.nan


def one_shape(arrays):
    arrays['G_W1'][:] = 0


def hardly_any_contrast(arrays):
    """What the weights of a generator without a sigmoid draw through one."""
    arrays['G_W2'] *= 0.1
    arrays['G_b2'] *= 0.1


def untrained(arrays):
    with np.load(os.path.join(REFERENCE, 'basic', 'init.npz')) as file:
        arrays.update(file)


@pytest.mark.parametrize('listing, change, reason', [
    ('basic', nothing, None), ('conditional', nothing, None), ('conditional', shuffle_labels, 'labels'),
    ('basic', no_number, 'blank'), ('basic', one_shape, 'collapse'), ('basic', untrained, 'noise'),
    ('basic', hardly_any_contrast, 'ground')])
def test_fresh_images_are_judged_where_there_are_weights(the_judge, tmp_path, listing, change, reason):
    found = of_weights(the_judge, listing, change, tmp_path)
    assert found.whole.of == ('fresh', FRESH)
    assert found.whole.verdict == (('worse', reason) if reason else ('equivalent', None))
    assert found.verdict == (('worse', reason) if reason else ('identical', None))


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    """A project in which §9.1 was trained one epoch, with the chapter's settings: runs/basic and samples."""
    folder = tmp_path_factory.mktemp('project')
    train(PAGE['basic'], '--epochs', '1', '--run', folder / 'runs' / 'basic', '--samples', folder / 'samples',
          output=tmp_path_factory.mktemp('output'))
    return folder


def test_a_run_of_fewer_epochs(the_judge, project):
    for place in 'samples', os.path.join('runs', 'basic'), os.path.join('runs', 'basic', 'samples'), 'runs':
        mine = results.find(str(project / place))
        assert mine['basic'].trained and mine['basic'].record['seed'] == 7, place
    found = verdict(the_judge, mine)
    assert found.verdict == ('worse', 'epochs') and found.strips[0].verdict.name == 'equivalent'


def test_one_epoch_presented_as_a_hundred(the_judge, project, tmp_path):
    for epoch in 0, 9, 49, 99:
        shutil.copy(str(project / 'samples' / '000.png'), str(tmp_path / ('%03d.png' % epoch)))
    found = verdict(the_judge, results.find(str(tmp_path)))
    assert found.mine.epochs == 100 and found.verdict == ('worse', 'early')


def test_runs_too_short_for_the_reference_are_set_beside_each_other(the_judge, project, tmp_path):
    shutil.copy(str(project / 'samples' / '000.png'), str(tmp_path / '000.png'))
    found = verdict(the_judge, results.find(str(project / 'samples')), results.find(str(tmp_path)))
    assert found.verdict.name == 'identical'


def test_strips_are_a_runs_by_what_they_show_and_in_its_project_alone(project, tmp_path):
    """Wherever the project went, and whatever the strips' folder is called."""
    moved = tmp_path / 'moved'
    shutil.copytree(str(project), str(moved))
    os.rename(str(moved / 'samples'), str(moved / 'mine'))
    found = results.find(str(moved / 'mine'))['basic']
    assert found.run == str(moved / 'runs' / 'basic') and found.epochs == 1
    shutil.copytree(str(moved / 'mine'), str(tmp_path / 'alone'))
    found = results.find(str(tmp_path / 'alone'))['basic']
    assert found.run is None and not found.trained and found.epochs == 1
    # Other strips, one more, or a run that cannot be read: the strips are nobody's.
    shutil.copytree(os.path.join(REFERENCE, 'basic', 'samples'), str(moved / 'others'),
                    ignore=lambda *_: ['%03d.png' % epoch for epoch in range(9, 100, 10)])
    assert results.find(str(moved / 'others'))['basic'].run is None
    shutil.copy(REFERENCES['basic'].strips[9], str(moved / 'mine'))
    assert results.find(str(moved / 'mine'))['basic'].run is None
    os.remove(str(moved / 'mine' / '009.png'))
    assert results.find(str(moved / 'mine'))['basic'].run
    (moved / 'runs' / 'basic' / 'run.json').write_text('{')
    assert results.find(str(moved / 'mine'))['basic'].run is None


def test_only_what_a_run_has_drawn_is_its_strip(project, tmp_path):
    shutil.copytree(str(project / 'runs' / 'basic'), str(tmp_path / 'run'))
    shutil.copy(REFERENCES['basic'].strips[99], str(tmp_path / 'run' / 'samples'))
    assert list(results.find(str(tmp_path / 'run'))['basic'].strips) == [0]
    shutil.rmtree(str(tmp_path / 'run' / 'samples'))
    with pytest.raises(BadInput, match='holds no strips of its run yet, or they were removed'):
        results.find(str(tmp_path / 'run'))


# --- what is found where

def test_a_strip_a_folder_of_strips_a_run_and_folders_of_them(tmp_path):
    basic = os.path.join(REFERENCE, 'basic')
    epochs = [0, *range(9, 100, 10)]
    found = results.find(os.path.join(basic, 'samples', '099.png'))
    assert list(found) == ['basic'] and list(found['basic'].strips) == [99] and found['basic'].epochs is None
    for path in os.path.join(basic, 'samples'), basic:
        found = results.find(path)
        assert list(found) == ['basic'] and sorted(found['basic'].strips) == epochs
        assert found['basic'].run == basic and found['basic'].epochs == 100
    assert sorted(results.find(REFERENCE)) == LISTINGS
    shutil.copy(REFERENCES['basic'].strips[99], str(tmp_path / 'mine.png'))
    found = results.find(str(tmp_path / 'mine.png'))
    assert list(found['basic'].strips) == [None]


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


# --- the program

@pytest.fixture
def diff(tmp_path):
    return lambda *words: command('diff', *words, '--out', tmp_path / 'diff')


@pytest.mark.parametrize('words', [['st/basic.png', 'other.png'], ['other.png', 'st/basic.png'],
                                   ['strips', 'other.png'], ['st/basic.png', 'other.png', '--json']])
def test_no_picture_is_drawn_over_a_strip(tmp_path, words):
    strip = os.path.join(REFERENCE, 'basic', 'samples', '099.png')
    for name in 'st', 'strips':
        (tmp_path / name).mkdir()
    shutil.copy(strip, str(tmp_path / 'st' / 'basic.png'))
    shutil.copy(strip, str(tmp_path / 'other.png'))
    (tmp_path / 'strips' / '099.png').symlink_to(tmp_path / 'st' / 'basic.png')
    (tmp_path / 'out').symlink_to('st')
    before = snapshot(tmp_path)
    status, out, err = command('diff', *(word if word[0] == '-' else tmp_path / word for word in words),
                               '--out', tmp_path / 'out')
    assert status == 2 and out == [] and len(err) == 1, err
    assert '--out %s would be written over %s: ' % (
        tmp_path / 'out', tmp_path / words[words[0] == 'other.png']) in err[0].replace('/strips/099.png', '/strips')
    assert snapshot(tmp_path) == before


def test_the_reference_against_itself(diff, tmp_path):
    """Without its weights and most strips, so that no thousands of digits are drawn and judged."""
    left_out = ['checkpoints', *('%03d.png' % epoch for epoch in range(9, 90, 10))]
    shutil.copytree(REFERENCE, str(tmp_path / 'copy'), ignore=lambda *_: left_out)
    status, out, err = diff(tmp_path / 'copy')
    assert status == 0 and err == []
    assert max(map(len, out)) <= 80
    for listing in LISTINGS:
        assert '%s: identical, by 2 strips' % listing in ' '.join(out)
        assert 'other: reference/%s, seed 7, TensorFlow 1.15.5' % listing in out
        assert 1 == sum(line.startswith('drawn: ') and line.endswith(listing + '.png') for line in out)
        pixels = plt.imread(str(tmp_path / 'diff' / (listing + '.png')))
        assert pixels.shape[0] > 500 and pixels.shape[1] == 1400
    assert sorted(os.listdir(str(tmp_path / 'diff'))) == ['basic.png', 'conditional.png']


def test_a_picture_that_diff_has_not_drawn_stays(diff, tmp_path):
    mine = os.path.join(STRIPS, 'not-finite', 'samples')
    assert diff(mine)[0] == diff(mine)[0] == 1, 'its own is drawn anew'
    (tmp_path / 'diff' / 'basic.png').write_bytes(b'mine')
    status, out, err = diff(mine)
    assert (status, out, len(err)) == (2, [], 1) and 'basic.png is no picture of diff: move it away' in err[0]
    assert (tmp_path / 'diff' / 'basic.png').read_bytes() == b'mine'
    (tmp_path / 'diff' / 'basic.png').unlink()
    os.mkfifo(str(tmp_path / 'diff' / 'basic.png'))
    assert diff(mine)[0] == 2


def test_json_for_graders(diff, tmp_path):
    """With status 1, for the run is worse; what the other holds besides is said."""
    mine = os.path.join(STRIPS, 'not-finite', 'samples')
    status, out, err = diff('--json', mine)
    found = json.loads('\n'.join(out), parse_constant=lambda word: pytest.fail(word + ' is no JSON'))
    assert status == 1 and list(found) == ['basic']
    assert found['basic']['verdict'] == 'worse' and found['basic']['reason'] == 'blank'
    assert found['basic']['mine'] == mine and 'not finite' in found['basic']['advice']
    assert found['basic']['strips']['099']['mine']['nearest'] is None
    assert found['basic']['strips']['099']['other']['nearest'] > 0
    assert err == [], 'one folder of strips was named'
    _, _, err = diff('--json', os.path.dirname(mine), os.path.join(REFERENCE, 'basic'))
    assert err == []
    shutil.copytree(mine, str(tmp_path / 'mine' / 'samples'))
    _, _, err = diff('--json', tmp_path / 'mine')
    assert err == ['conditional: no strips of it in %s' % (tmp_path / 'mine')]


def test_a_failure_says_why(the_judge):
    found = verdict(the_judge, results.find(os.path.join(STRIPS, 'without-labels')))
    for language, said in ('en', 'labels ignored: are they joined'), ('ko', '레이블을 무시한다. 두 신경망의'):
        lines = list(compare.table(found, language))
        assert ('by 2 strips: labels' if language == 'en' else '(근거: 그림 2장)') in ' '.join(lines)
        assert said in ' '.join(lines[-2:]) and compare.as_json(found, language)['advice'].startswith(said[:6])
        assert max(len(line.encode('euc-kr', 'replace')) for line in lines) <= 80  # two bytes where it is two columns


def eight(folder):
    picture = Image.open(REFERENCES['basic'].strips[99])
    picture.crop((0, 0, 660, 113)).save(str(folder / '099.png'))


def cut_short(folder):
    with open(REFERENCES['basic'].strips[99], 'rb') as file:
        (folder / '099.png').write_bytes(file.read()[:5000])


def no_strips(folder):
    (folder / 'notes.txt').write_text('none')


def both_of_one_listing(folder):
    for name in 'samples', 'samples2':
        shutil.copytree(os.path.join(REFERENCE, 'basic', 'samples'), str(folder / name))


def too_large(folder):
    Image.new('L', (5000, 5000)).save(str(folder / '099.png'))


def older_format(folder):
    (folder / 'run.json').write_text(json.dumps({'format': 1, 'state': 'finished', 'options': {}}))


@pytest.mark.parametrize('make, words', [
    (both_of_one_listing, 'of the same listing'),
    (too_large, 'too large'), (older_format, 'is of format 1'),
    (lambda folder: folder.rmdir(), 'is missing'), (lambda folder: None, 'holds no strips'),
    (no_strips, 'holds no strips'), (eight, 'has 8 tiles in a row, not ten'), (cut_short, 'cut short'),
    (lambda folder: (folder / '099.png').write_text('text'), 'no picture'),
    (lambda folder: os.mkfifo(str(folder / '099.png')), 'cannot be read'),
    (lambda folder: os.symlink('/dev/zero', str(folder / '099.png')), 'cannot be read')])
def test_bad_input(diff, tmp_path, make, words):
    folder = tmp_path / 'mine'
    folder.mkdir()
    make(folder)
    status, out, err = diff(folder)
    assert status == 2 and out == [] and len(err) == 1 and words in err[0] and str(folder) in err[0]
    assert not (tmp_path / 'diff').exists()


def a_strip_of_the_other(folder):
    shutil.copy(REFERENCES['conditional'].strips[99], str(folder / '099.png'))
    shutil.copy(REFERENCES['basic'].strips[89], str(folder / '089.png'))


def other_epochs(folder):
    shutil.copy(REFERENCES['basic'].strips[99], str(folder / '123.png'))
    shutil.copy(REFERENCES['basic'].strips[99], str(folder / '124.png'))


def other_data(folder):
    a_run(folder, data='0' * 64)


@pytest.mark.parametrize('make, words', [
    (a_strip_of_the_other, 'is of the other listing'), (other_epochs, 'no strip of the same epoch'),
    (other_data, 'on other data than MNIST')])
def test_what_does_not_compare(the_judge, tmp_path, make, words):
    make(tmp_path)
    with pytest.raises(BadInput, match=words) as end:
        verdict(the_judge, results.find(str(tmp_path)))
    assert str(tmp_path) in str(end.value)


def all_of_eight(folder, _):
    folder.mkdir()
    eight(folder)


def one_damaged(folder, _):
    shutil.copytree(os.path.join(STRIPS, 'honest-2', 'samples'), str(folder))
    (folder / '049.png').write_bytes(b'')


def not_to_be_listed(folder, monkeypatch):
    folder.mkdir()
    listdir = os.listdir

    def refuse(path):
        if path == str(folder):
            raise PermissionError(13, 'Permission denied')
        return listdir(path)
    monkeypatch.setattr(os, 'listdir', refuse)


@pytest.mark.parametrize('make, words', [
    (all_of_eight, 'has 8 tiles in a row, not ten'), (one_damaged, '049.png cannot be read'),
    (not_to_be_listed, 'cannot be read (Permission denied)')])
def test_an_unreadable_folder_does_not_keep_the_one_beside_it(diff, tmp_path, monkeypatch, make, words):
    mine = tmp_path / 'mine'
    shutil.copytree(os.path.join(STRIPS, 'honest-2', 'samples2'), str(mine / 'samples2'))
    make(mine / 'samples', monkeypatch)
    status, out, err = diff(mine, os.path.join(STRIPS, 'honest-3'))
    assert status == 0 and 'conditional: equivalent, by 2 strips' in out[-1]
    assert len(err) == 1 and err[0].startswith('passed over: ' + str(mine / 'samples')) and words in err[0]


def test_where_no_folder_can_be_read_none_is_passed_over(diff, tmp_path):
    for name in 'samples', 'samples2':
        all_of_eight(tmp_path / name, None)
    status, out, err = diff(tmp_path)
    assert status == 2 and out == [] and len(err) == 1 and 'has 8 tiles' in err[0]


def test_what_was_passed_over_is_the_reason_if_nothing_else_compares(diff, tmp_path):
    shutil.copytree(os.path.join(STRIPS, 'honest-2', 'samples2'), str(tmp_path / 'samples2'))
    all_of_eight(tmp_path / 'samples', None)
    status, out, err = diff(tmp_path, os.path.join(STRIPS, 'honest-3', 'samples'))
    assert status == 2 and out == [] and len(err) == 1 and 'has 8 tiles' in err[0]


def test_two_listings_do_not_compare(diff):
    status, out, err = diff(*(os.path.join(REFERENCE, kind) for kind in LISTINGS))
    assert status == 2 and 'name two of one listing' in err[0]


@pytest.mark.parametrize('folders', [['samples', 'samples2'], []])
def test_untrained_clones_have_nothing_to_compare(diff, tmp_path, folders):
    """The reference beside it is not taken for the run."""
    for name in folders:
        (tmp_path / name).mkdir()
    shutil.copytree(os.path.join(REFERENCE, 'basic', 'samples'), str(tmp_path / 'reference' / 'samples'))
    status, _, err = diff(tmp_path)
    assert status == 2 and 'make basic, make cgan' in err[0]


def find_as_nobody(path, send):
    """What is said of a folder to a user who may not read it; permissions do not bind root."""
    if os.getuid() == 0:
        os.setgid(65534)
        os.setuid(65534)
    try:
        send.send(sorted(results.find(path)))
    except BadInput as error:
        send.send(str(error))


def test_a_folder_that_may_not_be_read():
    with tempfile.TemporaryDirectory() as folder:  # pytest's own are closed to others
        os.chmod(folder, 0o755)
        os.mkdir(os.path.join(folder, 'mine'), 0o000)
        receive, send = CONTEXT.Pipe(duplex=False)
        child = CONTEXT.Process(target=find_as_nobody, args=(os.path.join(folder, 'mine'), send))
        child.start()
        send.close()
        assert receive.recv() == '%s cannot be read (Permission denied): name another' % os.path.join(folder, 'mine')
        child.join()


def told(judge, path, other):
    """What is said of one strip, as lines."""
    mine, other = results.find(str(path)), results.find(os.path.join(REFERENCE, 'basic', other))
    return list(compare.table(compare.compare(judge, mine['basic'], other['basic'], fresh=FRESH), 'en'))


def test_long_and_odd_paths(the_judge, tmp_path):
    folder = tmp_path / ('$a_{$\n' + '그림' * 30)
    folder.mkdir()
    shutil.copy(REFERENCES['basic'].strips[99], str(folder))
    lines = told(the_judge, folder, 'samples')
    assert lines[0].endswith('그림그림') and all('\n' not in line for line in lines)
    assert max(len(line) + sum(letter in '그림' for letter in line) for line in lines) <= 80


# --- what records may say

def a_run(folder, **changed):
    """A run's folder with the reference's strips and no weights, and a record of which some is changed."""
    shutil.copytree(os.path.join(REFERENCE, 'basic', 'samples'), str(folder / 'samples'))
    return rewrite(folder, os.path.join(REFERENCE, 'basic'), **changed)


def test_seed_version_and_changes_of_the_listing_are_told(the_judge, tmp_path):
    digest = REFERENCES['basic'].record['strips']['099.png']
    a_run(tmp_path / 'run', seed=2 ** 40, versions={'TensorFlow': '\x1b[m\n\ud800'}, unknown={'keys': [1]},
          numbers={'total_epoch': 1e400}, strips={'099.png': digest}, resumed=[
              {'after_epoch': 3, 'changed': ['a line']}, {'after_epoch': 5}, {'after_epoch': 7, 'changed': ['b']}])
    assert told(the_judge, tmp_path / 'run', 'samples')[0].endswith(
        'TensorFlow \\x1b[m\\n\\ud800, listing changed after epoch 3, 7')
    rewrite(tmp_path / 'run', versions={}, resumed=[])
    assert told(the_judge, tmp_path / 'run', 'samples')[0].endswith('run, seed 1099511627776, TensorFlow ?')


WRONG = [None, True, 7, 1.5, 'x', [1], [[]], {'a': []}, {'a': {'b': None}}]


@pytest.mark.parametrize('name', records.KINDS)
def test_a_field_of_another_type_is_one_line(tmp_path, name):
    """Or is read, where what it holds may be of that type too."""
    (tmp_path / 'run').mkdir()
    refused = 0
    for value in WRONG:
        a_run(tmp_path / 'run', **{name: value})
        try:
            results.find(str(tmp_path / 'run'))
            assert value is not True  # which Python takes for a number
        except BadInput as error:
            refused += 1
            assert 'run.json cannot be read (' in str(error) and '\n' not in str(error)
        shutil.rmtree(str(tmp_path / 'run'))
    assert refused >= 5


def nested(path):
    path.write_text('{"format": 2, "id": %s' % ('[' * 100000))


def of_no_format(path):
    path.write_text('{"id": "x"}')


def strips_elsewhere(path):
    rewrite(path.parent, os.path.join(REFERENCE, 'basic'), strips={'../../099.png': 'x'})


@pytest.mark.parametrize('make, words', [
    (nested, 'cannot be read'), (of_no_format, 'has no format'), (strips_elsewhere, 'strips that are none'),
    (lambda path: path.write_text('[]'), 'has no format'), (lambda path: path.write_text(''), 'cannot be read'),
    (lambda path: path.write_text('{"format": 99}'), 'is of format 99'),
    (lambda path: path.write_text('{"format": {"a": 2}}'), "is of format {'a': 2}"),
    (lambda path: path.write_bytes(b'\xff\xfe'), 'cannot be read'),
    (lambda path: path.write_bytes(b' ' * 2 ** 24 + b'{}'), 'larger than 16777216 bytes'),
    (lambda path: path.mkdir(), 'cannot be read'), (lambda path: os.mkfifo(str(path)), 'no regular file'),
    (lambda path: os.symlink('/dev/zero', str(path)), 'no regular file'),
    (lambda path: os.symlink('nowhere', str(path)), 'cannot be read')])
def test_a_record_that_is_none_is_one_line_of_every_tool(tmp_path, make, words):
    (tmp_path / 'run').mkdir()
    make(tmp_path / 'run' / 'run.json')
    out = tmp_path / 'out'
    for argv in (['diff', tmp_path / 'run', '--out', out], ['digits', '--basic', '2', '--run', tmp_path / 'run'],
                 ['movie', '--run', tmp_path / 'run', '--out', out], ['curves', '--run', tmp_path / 'run']):
        status, said, err = command(*argv)
        assert status == 2 and said == [] and len(err) == 1 and words in err[0], (argv, err)
        assert str(tmp_path / 'run' / 'run.json') in err[0]
    assert not out.exists()


def test_limits_narrow_with_the_number_of_images():
    other = {'nearest': 0.2, 'variety': 0.3, 'accuracy': 0.98, 'frechet': 5., 'commonest': 0.1}
    few, many = verdicts.limits(other, 10), verdicts.limits(other, 10000)
    assert few.keys() < many.keys()
    assert few['nearest'] > many['nearest'] and few['variety'] < many['variety']
    assert few['accuracy'] < many['accuracy'] < 0.98
