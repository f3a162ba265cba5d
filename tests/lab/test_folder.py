"""What stands where a run is to be made, and where its strips are shown: nothing of anybody's is lost or followed."""

import os
import shutil

import page
import pytest
from conftest import drop_roots_privilege, snapshot
from processes import TINY, as_new, run

from lab import listings


@pytest.fixture
def train(small, tmp_path):
    """Trains one epoch of a listing, into tmp_path/run and tmp_path/s; returns Ended."""
    def of(*words, folder=tmp_path, before=None, path=TINY):
        words = [*words, *([] if '--epochs' in words else ['--epochs', 1])]
        return run(path, '--data', small, '--run', folder / 'run', '--samples', folder / 's', *words,
                   output=str(tmp_path), before=before)
    return of


def refused(ended, *words):
    assert ended.status == 2 and ended.out == [] and len(ended.err) == 1, ended
    for word in words:
        assert str(word) in ended.err[0]


def listed(folder):
    return sorted(os.listdir(str(folder)))


def test_an_earlier_run_moves_with_its_strips(train, tmp_path):
    train('--epochs', 10)
    first = snapshot(tmp_path / 'run')
    ended = train('--seed', 8)
    assert ended.err[0] == 'the run that was in %s is now in %s' % (tmp_path / 'run', tmp_path / 'run.1')
    assert listed(tmp_path / 's') == ['.strips', '000.png'], 'those of one run are shown'
    assert {path.replace('run.1', 'run'): content for path, content in snapshot(tmp_path / 'run.1').items()} == first
    train()
    assert listed(tmp_path / 'run.2' / 'samples') == ['000.png']


@pytest.mark.parametrize('record', ['{"name": "npm"}', '{name: npm}', '[]', ''])
def test_a_folder_with_anothers_run_json_is_left_where_it_is(train, tmp_path, record):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'run.json').write_text(record)
    (tmp_path / 'run' / 'diary').write_text('mine')
    refused(train(), '--run %s holds diary, but no run: name another folder' % (tmp_path / 'run'))
    (tmp_path / 'run' / 'diary').unlink()
    refused(train(), 'holds run.json, but no run')
    assert listed(tmp_path / 'run') == ['run.json'] and listed(tmp_path) == ['run', 'stderr', 'stdout']


def test_a_run_whose_record_is_damaged_moves_too(train, tmp_path):
    train()
    (tmp_path / 'run' / 'run.json').write_text('{"format"')
    assert train().err[0].startswith('the run that was in') and 'losses.csv' in listed(tmp_path / 'run.1')


def test_two_runs_take_turns_in_one_folder_of_strips(train, tmp_path):
    train('--run', tmp_path / 'a')
    train('--run', tmp_path / 'b', '--seed', 8)
    a, b = ((tmp_path / name / 'samples' / '000.png').read_bytes() for name in 'ab')
    assert a != b == (tmp_path / 's' / '000.png').read_bytes()
    train('--run', tmp_path / 'a', '--resume', '--epochs', 10)
    assert (tmp_path / 's' / '000.png').read_bytes() == a and (tmp_path / 's' / '009.png').exists()


# Takes a folder away before the strip of the tenth epoch is drawn.
TAKES_AWAY = """
    if epoch == 9:
        import os
        os.rename(%r, 'gone')

    # 9.1-13  a strip"""


def test_the_folder_of_the_strips_is_removed_during_a_run(train, tmp_path):
    listing = tmp_path / 'my_gan.py'
    listing.write_text(page.edited('tiny', ("    # 9.1-13  a strip", TAKES_AWAY % 's')), encoding='utf-8')
    assert train('--epochs', 10, path=listing).err == ['seed: 7']
    assert listed(tmp_path / 's') == ['.strips', '009.png'] and listed(tmp_path / 'gone') == ['.strips', '000.png']
    assert train('--epochs', 10).status == 0 and listed(tmp_path / 's') == ['.strips', '000.png', '009.png']


def test_a_link_that_takes_the_place_of_the_folder_of_the_strips_is_not_followed(train, tmp_path):
    (tmp_path / 'photos').mkdir()
    listing = tmp_path / 'my_gan.py'
    takes_away = (TAKES_AWAY % 's').replace("'gone')", "'gone')\n        os.symlink('photos', 's')")
    listing.write_text(page.edited('tiny', ("    # 9.1-13  a strip", takes_away)), encoding='utf-8')
    ended = train('--epochs', 10, path=listing)
    assert ended.status == 0 and ended.err[1:] == ['%s is none of this run: it stays, and the strip is %s' % (
        tmp_path / 's', tmp_path / 'run' / 'samples' / '009.png')]
    assert listed(tmp_path / 'photos') == [] and listed(tmp_path / 'run' / 'samples') == ['000.png', '009.png']


def test_the_folder_of_the_run_is_moved_during_it(train, tmp_path):
    listing = tmp_path / 'my_gan.py'
    listing.write_text(page.edited('tiny', ("    # 9.1-13  a strip", TAKES_AWAY % 'run')), encoding='utf-8')
    ended = train('--epochs', 10, path=listing)
    assert ended.status == 2 and 'put its folder back' in ended.err[-1] and len(ended.err) == 2, ended
    os.rename(str(tmp_path / 'gone'), str(tmp_path / 'run'))
    assert 'all its epochs are done already (9)' in train('--epochs', 9, '--resume', path=listing).err[0]


def test_a_strip_of_the_run_that_is_none_is_named(train, tmp_path):
    train()
    with open(str(tmp_path / 'run' / 'samples' / '000.png'), 'wb') as file:
        file.truncate(2 ** 33)  # takes no room
    ended = train('--resume', '--epochs', 2)
    assert ended.status == 2 and 'run/samples/000.png cannot be read (it is larger than' in ended.err[-1], ended


def test_strips_whose_run_was_removed_are_kept(train, tmp_path):
    train()
    strip = (tmp_path / 's' / '000.png').read_bytes()
    shutil.rmtree(str(tmp_path / 'run'))
    ended = train('--seed', 8)
    assert ended.err[0] == 'the strips that were in %s are now in %s' % (
        tmp_path / 's', tmp_path / 'run.1' / 'samples')
    assert (tmp_path / 'run.1' / 'samples' / '000.png').read_bytes() == strip


@pytest.mark.parametrize('make', [
    lambda path: path.write_bytes(b'photo'), lambda path: path.mkdir(), os.mkfifo,
    lambda path: path.symlink_to(path.parent / 'elsewhere')], ids=['file', 'folder', 'FIFO', 'link'])
def test_what_has_a_strips_name_only_is_refused_before_anything_is_made(train, tmp_path, make):
    (tmp_path / 's').mkdir()
    make(tmp_path / 's' / '001.png')
    refused(train(), tmp_path / 's' / '001.png', 'no strip that a run has drawn')
    assert listed(tmp_path / 's') == ['001.png'] and not (tmp_path / 'run').exists()


def test_other_files_beside_the_strips_are_left_alone(train, tmp_path):
    (tmp_path / 's').mkdir()
    mine = {'run.txt': b'diary', '000.png.part': b'half', 'notes.part': b'notes', '1.png': b'photo'}
    for name, content in mine.items():
        (tmp_path / 's' / name).write_bytes(content)
    assert train().status == 0
    for name, content in mine.items():
        assert (tmp_path / 's' / name).read_bytes() == content


def test_a_strip_that_was_replaced_is_the_users_own(train, tmp_path):
    train()
    (tmp_path / 's' / '000.png').write_bytes(b'painted over')
    refused(train('--seed', 8), tmp_path / 's' / '000.png')
    assert (tmp_path / 's' / '000.png').read_bytes() == b'painted over'


@pytest.mark.parametrize('name', ['.strips', '000.png', 'other.part'])
def test_links_beside_the_strips_are_not_followed(train, tmp_path, name):
    (tmp_path / 's').mkdir()
    (tmp_path / 'precious').write_bytes(b'precious')
    (tmp_path / 's' / name).symlink_to(tmp_path / 'precious')
    train()
    assert (tmp_path / 'precious').read_bytes() == b'precious'


@pytest.mark.parametrize('name', ['losses.csv', 'film.bin', 'run.json', 'samples', 'checkpoints', 'listing.py'])
def test_links_in_a_runs_folder_are_not_followed(train, tmp_path, name):
    train()
    os.rename(str(tmp_path / 'run' / name), str(tmp_path / 'elsewhere'))
    (tmp_path / 'run' / name).symlink_to(tmp_path / 'elsewhere')
    before = snapshot(tmp_path)
    refused(train('--resume', '--epochs', 2), tmp_path / 'run' / name, 'is a link')
    after = snapshot(tmp_path)
    for stream in 'stdout', 'stderr':
        before.pop(str(tmp_path / stream)), after.pop(str(tmp_path / stream))
    assert after == before


def test_a_folder_of_other_things_is_not_touched(train, tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'thesis.txt').write_text('mine')
    refused(train(), 'holds thesis.txt')
    assert listed(tmp_path) == ['run', 'stderr', 'stdout'] and listed(tmp_path / 'run') == ['thesis.txt']


def test_strips_within_the_run_are_where_they_are_anyway(train, tmp_path):
    assert train('--samples', tmp_path / 'run' / 'samples').status == 0
    assert listed(tmp_path / 'run' / 'samples') == ['000.png']
    refused(train('--run', tmp_path / 'other', '--samples', tmp_path / 'other' / 'deep'), '--samples', 'leave it out')


def test_a_record_of_others_moves_and_names_nothing(train, tmp_path):
    """Whatever a record says, what is outside of its folder comes from the command alone."""
    train()
    home = tmp_path / 'home'
    home.mkdir()
    (home / '001.png').write_bytes(b'photo')
    path = tmp_path / 'run' / 'run.json'
    path.write_text(path.read_text().replace('"title": "', '"samples": "%s", "logdir": "%s", "title": "' % (
        home, home)))
    assert train('--resume', '--epochs', 2).status == 0
    assert listed(home) == ['001.png'] and listed(tmp_path / 's') == ['.strips', '000.png']


def test_a_strip_that_is_a_link_is_not_shown(train, tmp_path):
    train()
    strip = tmp_path / 'run' / 'samples' / '000.png'
    strip.unlink()
    (tmp_path / 'secret').write_text('SECRET')
    strip.symlink_to(tmp_path / 'secret')
    before = snapshot(tmp_path / 's')
    refused(train('--resume', '--epochs', 2), '000.png is a link')
    assert snapshot(tmp_path / 's') == before


def test_a_large_file_among_the_strips_is_not_read(train, tmp_path):
    (tmp_path / 's').mkdir()
    with open(str(tmp_path / 's' / '000.png'), 'wb') as file:
        file.truncate(2 ** 40)
    refused(train(), '000.png is no strip')


def test_parts_of_files_that_are_not_the_runs_stay(train, tmp_path):
    (tmp_path / 'run').mkdir()
    (tmp_path / 'run' / 'movie.mkv.part').write_text('mine')
    refused(train(), 'holds movie.mkv.part')
    (tmp_path / 'run' / 'movie.mkv.part').unlink()
    train()
    (tmp_path / 'run' / 'movie.mkv.part').write_text('mine')
    (tmp_path / 'run' / 'run.json.a1_b2c3.part').write_text('half')
    assert train('--resume', '--epochs', 2).status == 0
    assert [name for name in listed(tmp_path / 'run') if name.endswith('.part')] == ['movie.mkv.part']


def test_trace_and_logdir_are_two_places(train, tmp_path):
    (tmp_path / 'link').symlink_to('.')
    for logdir in tmp_path / 'x', tmp_path / 'link' / 'x':
        refused(train('--trace', tmp_path / 'x', '--logdir', logdir), '--trace and --logdir are both')
        assert listed(tmp_path) == ['link', 'stderr', 'stdout']


@pytest.mark.parametrize('option, place', [('--logdir', 'x.csv/log'), ('--samples', 'x.csv/s'), ('--run', 'x.csv/run'),
                                           ('--logdir', 'link/x.csv/log')])
def test_nothing_lies_below_the_file_of_the_trace(train, tmp_path, option, place):
    train()
    (tmp_path / 'link').symlink_to('.')
    before = listed(tmp_path)
    refused(train('--trace', tmp_path / 'x.csv', option, tmp_path / place), option, '/x.csv/', 'lies below the file')
    assert listed(tmp_path) == before


def test_another_run_is_no_place_for_events_or_strips(train, tmp_path):
    train('--run', tmp_path / 'other')
    refused(train('--logdir', tmp_path / 'other'), '--logdir', 'among what a run keeps')
    refused(train('--samples', tmp_path / 'other'), '--samples', 'keeps nothing of others')


def test_a_lock_of_ones_own_outlasts_a_run_that_is_refused(train, tmp_path):
    (tmp_path / 'run.lock').write_text('mine')
    (tmp_path / 'bad.csv').write_text('1')
    refused(train('--trace', tmp_path / 'bad.csv'), '--trace', 'is no trace')
    assert (tmp_path / 'run.lock').read_text() == 'mine' and listed(tmp_path) == [
        'bad.csv', 'run.lock', 'stderr', 'stdout']


@pytest.mark.parametrize('has_neighbour', [False, True])
def test_no_folder_is_made_for_a_run_that_is_refused(train, tmp_path, has_neighbour):
    (tmp_path / 'bad.csv').write_text('1')
    if has_neighbour:
        (tmp_path / 'a').mkdir()
    before = listed(tmp_path)
    refused(train('--trace', tmp_path / 'bad.csv', '--run', tmp_path / 'a' / 'b' / 'run'), 'is no trace')
    assert listed(tmp_path) == sorted({*before, 'stderr', 'stdout'})
    assert not (tmp_path / 'a' / 'b').exists()


@pytest.mark.parametrize('words', [['--run', 'run/checkpoints/0500'], ['--run', 'other', '--samples', 'run/samples'],
                                   ['--run', 'run/x/y'], ['--run', 'other', '--samples', 'run/checkpoints/0001']])
def test_no_run_lies_in_another(train, tmp_path, words):
    train()
    before = snapshot(tmp_path / 'run')
    words = [word if word.startswith('-') else tmp_path / word for word in words]
    refused(train(*words), words[-1], 'lies in %s, which keeps nothing of others' % (tmp_path / 'run'))
    assert snapshot(tmp_path / 'run') == before and 'other' not in listed(tmp_path)


def test_no_run_takes_the_place_of_the_reference(train):
    refused(train('--run', os.path.join(listings.ROOT, 'reference', 'basic')), 'which keeps nothing of others')
    assert 'basic.1' not in os.listdir(os.path.join(listings.ROOT, 'reference'))


@pytest.mark.parametrize('name', ['listing.py', 'losses.csv', 'film.bin'])
def test_a_folder_in_a_files_place_is_told_before_a_run_goes_on(train, tmp_path, name):
    train()
    (tmp_path / 'run' / name).unlink()
    (tmp_path / 'run' / name).mkdir()
    before = snapshot(tmp_path / 'run')
    refused(train('--resume', '--epochs', 2), '%s is no file: move it away' % (tmp_path / 'run' / name))
    assert snapshot(tmp_path / 'run') == before


@pytest.mark.parametrize('name', ['checkpoints', 'samples'])
def test_what_is_no_folder_in_a_runs_folder_is_told_before_the_run_is_begun_anew(train, tmp_path, name):
    train()
    shutil.rmtree(str(tmp_path / 'run' / name))
    os.mkfifo(str(tmp_path / 'run' / name))
    before = snapshot(tmp_path / 'run')
    refused(train('--resume', '--epochs', 2), '%s is no folder: move it away' % (tmp_path / 'run' / name))
    assert snapshot(tmp_path / 'run') == before


@pytest.mark.parametrize('text', ['mine\n', 'a' * 64 + '  000.png\nmine', 'a' * 70])
def test_an_index_of_ones_own_in_the_folder_of_strips(train, tmp_path, text):
    (tmp_path / 's').mkdir()
    (tmp_path / 's' / '.strips').write_text(text)
    refused(train(), '.strips is none of ours')
    assert (tmp_path / 's' / '.strips').read_text() == text


@pytest.mark.parametrize('name, words', [('run', []), ('s', []), ('run/samples', []), ('run/samples', ['--resume'])])
def test_a_folder_that_cannot_be_listed_is_told_before_anything_is_written(train, tmp_path, name, words):
    train()
    before = snapshot(tmp_path / 'run'), snapshot(tmp_path / 's')
    (tmp_path / name).chmod(0o333)
    ended = train('--seed', 7, '--epochs', 2, *words, before=drop_roots_privilege)
    (tmp_path / name).chmod(0o755)
    refused(ended, '%s cannot be read (Permission denied): let it be read' % (tmp_path / name))
    assert (snapshot(tmp_path / 'run'), snapshot(tmp_path / 's')) == before and 'run.1' not in listed(tmp_path)


@pytest.mark.parametrize('closed', ['drop', 'drop/other/samples'])
def test_neighbours_that_cannot_be_seen_are_passed_over(train, tmp_path, closed):
    (tmp_path / 'drop').mkdir()
    train('--run', tmp_path / 'drop' / 'other', '--samples', tmp_path / 'drop' / 'other' / 'samples')
    train('--run', tmp_path / 'drop' / 'r')
    (tmp_path / closed).chmod(0o333)
    ended = train('--run', tmp_path / 'drop' / 'r', '--seed', 8, before=drop_roots_privilege)
    (tmp_path / closed).chmod(0o755)
    assert ended.status == 0 and ended.err[0].endswith('is now in %s' % (tmp_path / 'drop' / 'r.1')), ended
    assert listed(tmp_path / 's') == ['.strips', '000.png']


@pytest.mark.parametrize('option, name', [
    ('--trace', 'run.lock'),
    ('--trace', 'run/losses.csv'), ('--trace', 's/trace.csv'), ('--trace', 'run/new.csv'), ('--logdir', 'run/log'),
    ('--logdir', 's')])
def test_no_output_goes_among_what_a_run_keeps(train, tmp_path, option, name):
    train()
    before = snapshot(tmp_path / 'run')
    refused(train('--resume', '--epochs', 2, option, tmp_path / name), option, name)
    assert snapshot(tmp_path / 'run') == before


def test_a_copied_project_is_one_of_its_own(small, tmp_path):
    """Nothing is written outside of the project in which a command stands."""
    def train(project, *words):
        return run(project / 'chapter09' / 'gan_basic.py', '--data', small, *words, output=tmp_path, before=as_new)

    original, copy = tmp_path / 'original', tmp_path / 'copy'
    shutil.copytree(listings.CHAPTER09, str(original / 'chapter09'), ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(TINY, str(original / 'chapter09' / 'gan_basic.py'))
    assert train(original, '--epochs', 1).status == 0
    assert listed(original / 'samples') == ['.strips', '000.png']
    shutil.copytree(str(original), str(copy))
    before = snapshot(original)
    ended = train(copy, '--resume', '--epochs', 10)
    assert ended.status == 0 and ended.err[0] == 'going on after epoch 0'
    assert train(copy, '--epochs', 1, '--seed', 8).status == 0
    assert listed(copy / 'runs') == ['basic', 'basic.1', 'basic.lock']
    assert listed(copy / 'samples') == ['.strips', '000.png']
    assert snapshot(original) == before
