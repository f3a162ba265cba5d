"""Hand-ins are marked: real ones as they are, sabotaged ones for what they are, and one never harms another's."""

import csv
import io
import math
import multiprocessing
import os
import pty
import shutil
import struct
import subprocess
import sys
import threading
import time
import unicodedata
import zipfile
import zlib

import numpy as np
import pytest
from commanding import command
from conftest import REFERENCE, snapshot
from made import record_of, rewrite, train
from make_strips import STRIPS
from PIL import Image
from processes import PAGE, TINY, Lab

import input_data
from lab import files, listings
from tools import (book_strips, compare, desks, gradebook, handins, likeness, marking, reading, results, sayings,
                   soundness, unpacking, verdicts, works)

STRIP = os.path.join(STRIPS, 'honest-1', 'samples', '099.png')


@pytest.fixture(scope='module')
def lab(tmp_path_factory, small, the_judge):
    """What short runs have left, as if their data were all of MNIST: {name: folder}."""
    folder, found = tmp_path_factory.mktemp('lab'), {}
    mine = folder / 'my_gan.py'
    text = listings.read(PAGE['basic'])
    mine.write_text(text.replace('n_hidden = 256', '\n# narrower\nn_hidden = 64'), encoding='utf-8')
    for name, path, seed, epochs in [('a', PAGE['basic'], 3, 11), ('b', PAGE['basic'], 3, 11),
                                     ('c', PAGE['basic'], 4, 2), ('d', PAGE['conditional'], 3, 1), ('e', mine, 3, 1)]:
        listing = listings.find(str(path))
        found[name] = folder / name
        run = found[name] / 'runs' / listing.name
        train(path, '--epochs', epochs, '--seed', seed, '--data', small, '--run', run,
              '--samples', found[name] / (listing.samples or 'samples'), output=folder / 'said')
        rewrite(run, data=the_judge.data())
    return found


@pytest.fixture
def mark(the_judge, tmp_path):
    """Marks a hand-in, a folder or a zip, and looks whether anything but its copy was written."""
    def call(path, name='김민수'):
        target = tmp_path / 'copy of a hand-in'
        target.mkdir()
        before = snapshot(tmp_path)
        rows = marking.mark(the_judge, handins.Handin(name, str(path)), str(target))
        shutil.rmtree(str(target))
        assert snapshot(tmp_path) == before and {row.student for row in rows} == {name}
        for row in rows:  # all that is said can be told in both languages
            assert all(gradebook.row(row, language)['verdict'] for language in ('ko', 'en'))
        return rows
    return call


def zipped(path, members):
    """A zip of {name or ZipInfo: bytes}."""
    with zipfile.ZipFile(str(path), 'w') as packed:
        for name, content in members.items():
            packed.writestr(name, content)
    return path


def strip():
    with open(STRIP, 'rb') as file:
        return file.read()


# --- whose they are, and what is copied of them

def test_each_folder_and_each_zip_is_a_student(tmp_path):
    for name in '김민수', 'b', '.git', 'a.zip.d', unicode_of_a_mac('이영희'):
        (tmp_path / name).mkdir()
    for name in '김민수.zip', 'C.ZIP', 'c.zip', 'thumbs.db', '~$grades.xlsx', '.DS_Store', 'd.7z':
        (tmp_path / name).touch()
    assert [each.name for each in handins.found(str(tmp_path))] == [
        'C', 'a.zip.d', 'b', 'c (2)', 'd.7z', '김민수', '김민수 (2)', '이영희']
    os.mkdir(os.fsencode(str(tmp_path)) + b'/' + '박철수'.encode('cp949'))  # unpacked by who knew no better
    assert '박철수' in [each.name for each in handins.found(str(tmp_path))]


def unicode_of_a_mac(name):
    return unicodedata.normalize('NFD', name)


@pytest.mark.parametrize('written', ['utf-8', 'cp949', 'flagged', 'windows'])
def test_korean_names_in_a_zip_however_they_are_written(mark, tmp_path, written):
    name = 'runs/실험/samples/099.png'
    if written == 'flagged':
        zipped(tmp_path / 'a.zip', {name: strip()})
    else:
        raw = name.encode('utf-8' if written == 'utf-8' else 'cp949')
        if written == 'windows':
            raw = raw.replace(b'/', b'\\')
        plain = 'x' * len(raw)
        content = zipped(tmp_path / 'a.zip', {plain: strip()}).read_bytes()
        (tmp_path / 'a.zip').write_bytes(content.replace(plain.encode(), raw))
    row, = mark(tmp_path / 'a.zip')
    assert row.listing == '실험' and row.verdict == 'equivalent' and row.notes == row.likes == []


def member(name, mode=0, **attributes):
    info = zipfile.ZipInfo(name)
    info.external_attr = mode << 16
    for key, value in attributes.items():
        setattr(info, key, value)
    return info


def patched(path, offset_from_header, value):
    """Changes two bytes of the only member, in its own header and in the table of contents."""
    content = bytearray(path.read_bytes())
    for start, offset in (content.find(b'PK\3\4'), 4), (content.find(b'PK\1\2'), 6):
        at = start + offset + offset_from_header
        content[at:at + 2] = struct.pack('<H', value)
    path.write_bytes(bytes(content))
    return path


def nested(path, depth):
    content = strip()
    for n in range(depth):
        content = zipped(path, {'099.png' if n == 0 else 'inner.zip': content}).read_bytes()
    return path


def test_what_a_hostile_zip_comes_to(mark, tmp_path):
    path, began = tmp_path / 'a.zip', time.process_time()
    whole = zipped(path, {'samples/099.png': strip()}).read_bytes()
    for content, why in (b'', 'empty'), (whole[:-30], 'no zip'), (whole[:1000], 'no zip'), \
            (b'7z\xbc\xaf' * 99, 'no zip'), (b'PK\5\6' + bytes(18), 'nothing'), \
            (whole[:-22] + b'PK\5\6' + b'\xff' * 18, 'too many'), \
            (whole.replace(b'PK\1\2', b'PK\1\3'), 'no zip'), (b'PK\5\6' * 5000, 'no zip'):
        path.write_bytes(content)
        row, = mark(path)
        assert (row.verdict, row.reason[0], row.listing) == (marking.NOT_JUDGED, why, '')
    for name in '../099.png', 'a/../../099.png', '/tmp/099.png', 'C:\\samples\\099.png', '..\\099.png', 'C:099.png':
        row, = mark(zipped(path, {'samples/099.png': strip(), name: strip()}))
        assert row.reason[0] == 'climbs' and not os.path.exists('/tmp/099.png')
    with pytest.warns(UserWarning, match='Duplicate'), zipfile.ZipFile(str(path), 'w') as packed:
        packed.writestr('samples/099.png', strip())
        packed.writestr('samples/099.png', b'')
    assert mark(path)[0].reason == ('twice', 'samples/099.png')
    assert mark(zipped(path, {'099.png': strip(), '099.png/000.png': b''}))[0].reason[0] == 'twice'
    assert mark(patched(zipped(path, {'099.png': strip()}), 2, 1))[0].reason == ('encrypted',)
    assert mark(zipped(path, dict.fromkeys(map(str, range(20001)), b'')))[0].reason == ('too many', 20000)
    assert time.process_time() - began < 30  # of which the judge, had it been asked, would have taken most


def test_what_is_passed_over_costs_nothing_else(mark, tmp_path):
    path, good = tmp_path / 'a.zip', {'samples/099.png': strip()}
    link, fifo, folder = (member('samples' + name, mode) for name, mode in [
        ('/000.png', 0o120777), ('/001.png', 0o10666), ('2', 0o120777)])
    squeezed = member('samples/089.png', compress_type=zipfile.ZIP_LZMA)
    bomb = member('samples/079.png', compress_type=zipfile.ZIP_DEFLATED)
    deep = '/'.join('abcdefghijklmn') + '/000.png'
    for more, why in [({link: '/etc/passwd'}, 'links'), ({folder: '/etc'}, 'links'), ({fifo: b''}, 'devices'),
                      ({squeezed: strip()}, 'methods'), ({bomb: bytes(2 ** 25)}, 'large'),
                      ({deep: strip()}, 'deep'), ({'b.zip': b'PK'}, 'zips')]:
        row, = mark(zipped(path, {**good, **more}))
        assert row.verdict == 'equivalent' and [note[:2] for note in row.notes] == [(why, 1)]
    content = zipped(path, {'samples/099.png': strip(), 'samples/089.png': b'x' * 100}).read_bytes()
    path.write_bytes(content.replace(b'x' * 100, b'y' * 100))
    assert [note[:2] for note in mark(path)[0].notes] == [('damaged', 1)]


def test_zips_within_zips(mark, tmp_path, monkeypatch):
    assert mark(nested(tmp_path / 'a.zip', 3))[0].verdict == 'equivalent'
    row, = mark(nested(tmp_path / 'a.zip', 4))
    assert row.reason == ('nothing',) and row.notes == [('zips', 1, 'inner/inner/inner.zip')]
    monkeypatch.setattr(unpacking, 'UNPACKED', 2 ** 24)  # so that it is no matter of seconds
    inner = zipped(tmp_path / 'b.zip', {member('%03d.png' % n, compress_type=zipfile.ZIP_DEFLATED): bytes(2 ** 23)
                                        for n in range(4)}).read_bytes()
    assert len(inner) < 40000
    assert mark(zipped(tmp_path / 'a.zip', {'b.zip': inner}))[0].reason == ('too much', 16)


def test_a_zip_beside_what_it_holds(mark, tmp_path):
    """As Windows leaves it where all is extracted."""
    for folder in 'a', 'a/a':
        (tmp_path / 'kim' / folder).mkdir(parents=True)
    shutil.copy(STRIP, str(tmp_path / 'kim' / 'a' / 'a' / '099.png'))
    zipped(tmp_path / 'kim' / 'a.zip', {'a/099.png': strip()})
    row, = mark(tmp_path / 'kim')
    assert row.verdict == 'equivalent' and row.notes == [('zips', 1, 'a.zip')]


def test_more_listings_than_are_looked_at_are_told(mark, tmp_path, monkeypatch):
    monkeypatch.setattr(works, 'WORKS', 2)
    for name in 'one', 'two', 'three':
        (tmp_path / 'kim' / 'runs' / name / 'samples').mkdir(parents=True)
        shutil.copy(STRIP, str(tmp_path / 'kim' / 'runs' / name / 'samples' / '099.png'))
    first, second = mark(tmp_path / 'kim')
    assert ('more works', 1) in second.notes and ('more works', 1) not in first.notes


def test_a_folder_may_hold_anything(mark, tmp_path):
    home = tmp_path / '김민수'
    (home / 'a' / 'samples').mkdir(parents=True)
    assert mark(home)[0].reason == ('nothing',)
    shutil.copy(STRIP, str(home / 'a' / 'samples' / '099.png'))
    (home / 'a' / 'samples' / '089.png').symlink_to(STRIP)
    os.mkfifo(str(home / 'a' / 'samples' / '079.png'))
    (home / 'loop').symlink_to(home)
    (home / '.venv').mkdir()
    (home / '.venv' / '000.png').write_bytes(b'x')
    row, = mark(home)
    assert row.verdict == 'equivalent' and {note[:2] for note in row.notes} == {('links', 2), ('devices', 1)}
    (tmp_path / 'link').symlink_to(home)
    assert mark(tmp_path / 'link')[0].reason == ('link',)
    (tmp_path / 'a.hwp').write_bytes(b'x')
    assert mark(tmp_path / 'a.hwp')[0].reason == ('neither',)


# --- strips

def test_strips_are_judged_as_diff_judges_them(mark, tmp_path, the_judge):
    for name, verdict, reason in ('honest-1', 'equivalent', ()), ('collapsed', 'worse', ('collapse',)), \
            ('untrained', 'worse', ('noise',)):
        rows = mark(os.path.join(STRIPS, name))
        assert [(row.listing, row.verdict, row.reason, row.epochs) for row in rows] == [
            (kind, verdict, reason, 100) for kind in listings.CHAPTER]
        assert [len(row.strips) for row in rows] == [2, 2]


def test_a_strip_that_is_none_is_told_and_the_others_are_judged(mark, tmp_path):
    home = tmp_path / 'a' / 'samples'
    home.mkdir(parents=True)
    wrong = {'000.png': b'%!PS-Adobe-3.0 EPSF-3.0\n/x (pwned) (w) file def showpage\n', '009.png': b'',
             '019.png': b'\x89PNG\r\n\x1a\n' + bytes(50), '029.png': huge_png(), '039.png': b'GIF89a'}
    for name, content in wrong.items():
        (home / name).write_bytes(content)
    row, = mark(home.parent)
    assert (row.verdict, row.reason) == (marking.NOT_JUDGED, ('no strips',))
    shutil.copy(STRIP, str(home / '099.png'))
    shutil.copy(STRIP.replace('samples', 'samples2'), str(home / '089.png'))
    shutil.copy(STRIP.replace('099', '049'), str(home / '049.png'))
    row, = mark(home.parent)
    assert row.verdict == 'equivalent' and [epoch for epoch, _, _ in row.strips] == [49, 99]
    assert {name: why for why, name in row.notes} == {
        '000.png': 'program', '009.png': 'empty strip', '019.png': 'no strip', '029.png': 'no strip',
        '039.png': 'no strip', '089.png': 'other rows'}


def huge_png():
    """A picture of 60,000 × 60,000 px, by its header."""
    def chunk(kind, content):
        return struct.pack('>I', len(content)) + kind + content + struct.pack('>I', zlib.crc32(kind + content))
    return (b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', 60000, 60000, 8, 0, 0, 0, 0))
            + chunk(b'IDAT', zlib.compress(bytes(100000))) + chunk(b'IEND', b''))


def test_of_a_hundred_strips_the_reference_s_epochs_are_looked_at(mark, tmp_path):
    home = tmp_path / 'a'
    home.mkdir()
    for epoch in range(100):
        shutil.copy(STRIP, str(home / ('%03d.png' % epoch)))
    row, = mark(home)
    assert ('many strips', 100, works.STRIPS) in row.notes and {0, 9, 49, 99} <= {each[0] for each in row.strips}
    assert row.likes[0][0] == 'twice within'


# --- whether it is one's own

def test_real_runs_agree_with_themselves(mark, lab):
    for name, listing, epochs, changed in [('a', 'basic', 11, 'no'), ('d', 'conditional', 1, 'no'),
                                           ('e', 'my_gan', 1, '21 (gan_basic.py)')]:
        row, = mark(lab[name])
        assert (row.listing, row.epochs, row.seed, row.likes, row.changed) == (listing, epochs, 3, [], changed)
        assert {note[0] for note in row.notes} <= {'options', 'fewer epochs'}
        assert row.resumed == 0 and row.tensorflow == record_of(lab[name] / 'runs' / listing)['versions']['TensorFlow']


def test_a_run_that_was_killed_or_stopped_is_not_doubted(tmp_path, small):
    started = Lab(tmp_path / 'lab', TINY, small, '--epochs', 3)
    states = set()
    for step in range(20, 90, 8):
        shutil.rmtree(started.path('run'), ignore_errors=True)
        started.run(kill_at=step)
        if os.path.exists(started.path('run', 'losses.csv')):
            work, = works.find(started.path('run'))
            assert soundness.Looked(work).doubts == [], step
            states.add((work.record['state'], soundness.Looked(work).epochs))
    assert {('running', 1), ('running', 2)} <= states


def changed_record(**changes):
    return lambda run: rewrite(run, **changes)


def in_file(name, old, new):
    def change(run):
        content = (run / name).read_bytes()
        assert old in content
        (run / name).write_bytes(content.replace(old, new))
    return change


def another_strip(run):
    shutil.copy(STRIP, str(run / 'samples' / '009.png'))


def another_strip_and_its_digest(run):
    another_strip(run)
    rewrite(run, strips=dict(record_of(run)['strips'], **{'009.png': files.digest(STRIP)}))


def cut_film(run):
    content = (run / 'film.bin').read_bytes()
    (run / 'film.bin').write_bytes(content[:len(content) // 2])


def more_epochs(run):
    with open(str(run / 'losses.csv'), 'a') as file:
        file.write(''.join('%d,-0.5,-1.5,0.2\n' % epoch for epoch in range(11, 20)))
    rewrite(run, epochs=20)


def changed_and_killed(run):
    in_file('listing.py', b'tf.nn.relu', b'tf.nn.tanh')(run)
    rewrite(run, state='running', resumed=[{'after_epoch': 10, 'changed': ['@@ -1 +1 @@']}])


def later_checkpoint(run):
    os.rename(str(run / 'checkpoints' / '0010'), str(run / 'checkpoints' / '0099'))


SABOTAGE = [
    (changed_record(epochs=100), {'total'}), (changed_record(seed=99), {'begun'}), (another_strip, {'not its own'}),
    (another_strip_and_its_digest, set()), (cut_film, {'film'}), (more_epochs, {'film', 'checkpoint'}),
    (in_file('losses.csv', b'\n0,', b'\n1,'), {'rows'}), (in_file('losses.csv', b'\n5,-', b'\n5,-1'), {'losses'}),
    (in_file('listing.py', b'n_hidden = 256', b'n_hidden = 16'), {'number', 'not what ran'}),
    (in_file('listing.py', b'tf.nn.relu', b'tf.nn.tanh'), {'not what ran'}),
    (in_file('listing.py', b'\n', b'\r\n'), set()),  # as Windows writes it
    (changed_record(numbers={'n_hidden': 16}), {'number'}), (changed_record(started='2026-11-27T10:00:00'), {'begun'}),
    (changed_record(id='b' * 32), {'begun'}), (changed_record(versions={'TensorFlow': '1.15.5'}), {'begun'}),
    (in_file('checkpoints/0010/model.ckpt.meta', b'Placeholder', b'Plaseholder'), {'digests'}),
    (changed_record(strips={'000.png': '', '009.png': '', '099.png': ''}), {'not its own', 'later'}),
    (later_checkpoint, {'checkpoint', 'losses'}), (changed_and_killed, set())]


@pytest.mark.parametrize('number', range(len(SABOTAGE)))
def test_a_run_that_was_edited_contradicts_itself(lab, tmp_path, number):
    change, doubts = SABOTAGE[number]
    shutil.copytree(str(lab['a']), str(tmp_path / 'a'))
    change(tmp_path / 'a' / 'runs' / 'basic')
    work, = works.find(str(tmp_path / 'a'))
    assert {doubt[0] for doubt in soundness.Looked(work).doubts} == doubts


def test_pickles_and_strange_arrays_in_a_checkpoint_are_not_opened(lab, tmp_path):
    shutil.copytree(str(lab['a']), str(tmp_path / 'a'))
    state = tmp_path / 'a' / 'runs' / 'basic' / 'checkpoints' / '0010' / 'state.npz'
    huge = io.BytesIO()
    np.lib.format.write_array_header_1_0(huge, {'descr': '<f8', 'fortran_order': False, 'shape': (10 ** 15,)})
    for losses in np.array([Opened(str(tmp_path / 'pwned'))], object), np.array([[1.]]), np.array(['1']), None:
        with zipfile.ZipFile(str(state), 'w') as packed:
            for name in soundness.COLUMNS:
                file = io.BytesIO(huge.getvalue())
                if losses is not None:
                    np.lib.format.write_array(file, losses, allow_pickle=True)
                packed.writestr(name + '.npy', file.getvalue())
        work, = works.find(str(tmp_path / 'a'))
        looked = soundness.Looked(work)
        assert looked.seconds == [row[3] for row in looked.losses] and not (tmp_path / 'pwned').exists()


class Opened:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return open, (self.path, 'w')


@pytest.mark.parametrize('change', [
    {'epochs': 10 ** 400}, {'seed': -1}, {'id': '../x'}, {'numbers': {'n_hidden': 10 ** 400}}, {'lost': 10 ** 400},
    {'state': None}, {'strips': {'../../x.png': ''}}, {'title': '\ud800'}])
def test_a_record_that_no_run_could_have_written(mark, lab, tmp_path, change):
    shutil.copytree(str(lab['c']), str(tmp_path / 'a'))
    rewrite(tmp_path / 'a' / 'runs' / 'basic', **change)
    row, = mark(tmp_path / 'a')
    assert row.listing == 'basic' and row.strips and row.seed == '' and ('bad record',) in row.notes


def test_numbers_that_a_run_does_write_are_those_of_a_run(mark, lab, tmp_path):
    shutil.copytree(str(lab['c']), str(tmp_path / 'a'))
    rewrite(tmp_path / 'a' / 'runs' / 'basic', numbers={'big': 1e20, 'best': math.inf, 'none': math.nan})
    row, = mark(tmp_path / 'a')
    assert row.seed == record_of(lab['c'] / 'runs' / 'basic')['seed'] and ('bad record',) not in row.notes


def test_what_a_record_says_is_shown_in_a_line_of_bounded_length(mark, lab, tmp_path):
    shutil.copytree(str(lab['c']), str(tmp_path / 'a'))
    record = record_of(lab['c'] / 'runs' / 'basic')
    rewrite(tmp_path / 'a' / 'runs' / 'basic', listing='<b>\n' + 'x' * 999, state='\x1b[2J' * 99,
            given=['total_epoch'] * 999, resumed=[{'changed': ['y'], 'after_epoch': 10 ** n} for n in range(99)],
            machine={'processor': '=' * 999}, versions=dict(record['versions'], TensorFlow='\n' * 99))
    row, = mark(tmp_path / 'a')
    assert max(map(len, map(str, gradebook.row(row, 'en').values()))) < 400
    assert all(str(value).isprintable() for value in gradebook.row(row, 'ko').values())


def test_the_copies_of_strips_are_the_run_s_and_others_are_not(mark, lab, tmp_path):
    shutil.copytree(str(lab['a']), str(tmp_path / 'a'))
    shutil.rmtree(str(tmp_path / 'a' / 'runs' / 'basic' / 'samples'))
    row, = mark(tmp_path / 'a')  # which samples/ still has
    assert row.likes == [] and [each[0] for each in row.strips] == [0, 9]
    shutil.copytree(str(lab['a']), str(tmp_path / 'b'))
    shutil.copytree(str(lab['c'] / 'runs' / 'basic'), str(tmp_path / 'b' / 'runs' / 'basic.1'))
    row, = mark(tmp_path / 'b')
    assert row.epochs == 11 and row.likes == [] and ('more runs', 1, 'runs/basic.1') in row.notes
    shutil.copy(STRIP, str(tmp_path / 'b' / 'samples' / '009.png'))
    row, = mark(tmp_path / 'b')
    assert row.likes == [('strange strips', 'samples')]


def test_strips_of_the_reference_and_of_the_book_are_known_again(mark, tmp_path, monkeypatch):
    home = tmp_path / 'a'
    home.mkdir()
    with Image.open(os.path.join(REFERENCE, 'basic', 'samples', '099.png')) as picture:
        picture.convert('RGB').resize((700, 96)).save(str(home / '099.jpg'), quality=70)
    shutil.copy(os.path.join(REFERENCE, 'basic', 'samples', '049.png'), str(home / '079.png'))
    shutil.copy(STRIP.replace('099', '049'), str(home / '049.png'))
    row, = mark(home)
    assert row.likes == [('of reference', '079.png, 099.jpg')]
    # The book's own are nowhere here: another strip takes the place of one.
    with Image.open(STRIP) as picture:
        picture.convert('RGB').save(str(home / '089.jpg'), quality=70)
    assert mark(home)[0].likes == row.likes
    monkeypatch.setitem(book_strips.STRIPS, ('basic', 99), ('', book_strips.means(reading.read(STRIP).digits[-1])))
    assert mark(home)[0].likes == [*row.likes, ('of the book', '089.jpg')]


def test_no_honest_strip_is_taken_for_the_book_s(the_judge):
    """The table is of the book's own: two dozen strips of other runs are far from each of its."""
    assert sorted(book_strips.STRIPS) == [(kind, epoch) for kind in listings.CHAPTER for epoch in (0, 9, 49, 99)]
    for name in 'honest-1', 'honest-2', 'honest-3', 'collapsed', 'untrained', 'one-epoch':
        for work in works.find(os.path.join(STRIPS, name)):
            likes, _ = likeness.to_reference(likeness.print_of('a', work, None))
            assert 'of the book' not in {said[0] for said in likes}


def prints(lab, tmp_path, **changes):
    """The Prints of students' hand-ins: {student: (of lab, what is changed in its folder)}."""
    for student, (name, change) in changes.items():
        shutil.copytree(str(lab[name]), str(tmp_path / student))
        change(tmp_path / student)
        work, = works.find(str(tmp_path / student))
        yield likeness.print_of(student, work, soundness.Looked(work) if work.run else None)


def new_id(home):
    rewrite(home / 'runs' / 'basic', id='0123456789abcdef')


def no_run(home):
    shutil.rmtree(str(home / 'runs'))


def another_seed(home):
    rewrite(home / 'runs' / 'basic', seed=5)


def as_jpeg(home):
    no_run(home)
    with Image.open(STRIP) as picture:
        picture.convert('RGB').save(str(home / 'samples' / '089.jpg'), quality=75)


def in_another_order(home):
    no_run(home)
    picture = reading.read(STRIP).digits[0]
    Image.fromarray(np.uint8(255 * np.hstack(picture[[3, 1, 4, 0, 5, 9, 2, 6, 8, 7]]))).resize((600, 60)).save(
        str(home / 'samples' / '059.png'))


def grey(home):
    no_run(home)
    for path in (home / 'samples').glob('*.png'):
        Image.new('L', (600, 60), 128).save(str(path))


def with_strip(home):
    no_run(home)
    shutil.copy(STRIP, str(home / 'samples' / '099.png'))


def nothing(home):
    pass


@pytest.mark.parametrize('a, b, likes, notes', [
    (('a', nothing), ('b', nothing), [], ['same seed']),  # the same bytes, and honestly so
    (('a', nothing), ('c', nothing), [], []), (('a', nothing), ('a', nothing), ['same run'], []),
    (('a', nothing), ('a', new_id), ['same training'], []),  # by its seconds
    (('a', nothing), ('b', another_seed), ['other seed'], []), (('a', nothing), ('b', no_run), ['same strips'], []),
    (('a', no_run), ('c', no_run), [], []), (('a', with_strip), ('c', as_jpeg), ['same strips'], []),
    (('a', with_strip), ('c', in_another_order), ['same strips'], []), (('a', grey), ('c', grey), [], [])])
def test_who_is_like_whom(lab, tmp_path, a, b, likes, notes):
    found = likeness.among(list(prints(lab, tmp_path, one=a, other=b)))
    assert [([said[0] for said in each[0]], [said[0] for said in each[1]]) for each in found] == [(likes, notes)] * 2
    if likes + notes:
        assert [said[-1] for each in found for said in each[0] + each[1]] == ['other', 'one']


# --- all of them

def test_every_saying_can_be_told():
    assert not sayings.TEXTS.keys() & verdicts.REASONS.keys()
    for name, texts in sayings.TEXTS.items():
        assert set(texts) == {'en', 'ko'} and texts['en'].count('%') == texts['ko'].count('%'), name


def test_grades_a_sheet_and_a_text_for_each(lab, tmp_path):
    """In processes of its own, on a terminal; of twelve hand-ins seven are bad, and cost the others nothing."""
    given, out = tmp_path / 'handins', tmp_path / 'grades'
    given.mkdir()
    for name, of in ('김민수', 'a'), ('이영희', 'b'), ('<script>alert(1)</script>'.replace('/', '_'), 'd'), ('-x', 'e'):
        shutil.copytree(str(lab[of]), str(given / name))
    shutil.copytree(os.path.join(STRIPS, 'honest-2'), str(given / '=1+1'))
    for name, content in [('빈것', b''), ('잘림', b'PK\3\4' + bytes(99))]:
        (given / (name + '.zip')).write_bytes(content)
    zipped(given / 'climbs.zip', {'../000.png': strip()})
    bomb = member('samples/000.png', compress_type=zipfile.ZIP_DEFLATED)
    zipped(given / 'bomb.zip', {bomb: bytes(2 ** 26)})
    (given / 'fifo').mkdir()
    os.mkfifo(str(given / 'fifo' / '000.png'))
    (given / 'link').symlink_to(lab['a'])
    before = snapshot(given)
    ours, theirs = pty.openpty()
    ended = subprocess.run([sys.executable, listings.CHAPTER09, 'grade', str(given), '--out', str(out), '--lang', 'ko'],
                           stdout=subprocess.PIPE, stderr=theirs, encoding='utf-8', timeout=300)
    os.close(theirs)
    assert '제출물 11개(판정할 것이 없는 것 6개), 예제 6개(' in ended.stdout and ended.returncode == 0
    told = os.read(ours, 10 ** 5).decode()
    assert told.startswith('\rhand-in 0/11\r') and 'hand-in 11/11' in told and 'rror' not in told
    assert snapshot(given) == before and sorted(os.listdir(str(out))) == ['grades.csv', 'report.html', 'texts']
    content = (out / 'grades.csv').read_bytes()
    assert content.startswith(b'\xef\xbb\xbf')
    rows = list(csv.DictReader(content.decode('utf-8-sig').splitlines()))
    assert list(rows[0]) == gradebook.COLUMNS == (
        'student listing verdict reason epochs seed changed resumed tensorflow processor like note'.split())
    judged = {(row['student'], row['listing']): row for row in rows}
    assert len(judged) == len(rows) == 12
    assert judged["'=1+1", 'basic']['verdict'] == judged["'=1+1", 'conditional']['verdict'] == 'equivalent'
    assert judged["'-x", 'my_gan']['changed'] == '21 (gan_basic.py)' and judged['김민수', 'basic']['changed'] == '없음'
    assert '이영희의 것과 시드가 같아서' in judged['김민수', 'basic']['note'] and not judged['김민수', 'basic']['like']
    assert {name for name, listing in judged if not listing} == {'빈것', '잘림', 'climbs', 'bomb', 'fifo', 'link'}
    assert all(row['reason'] for (_, listing), row in judged.items() if not listing)
    page = (out / 'report.html').read_text(encoding='utf-8')
    assert '<script' not in page and '&lt;script&gt;' in page and page.count('<section') == 11
    assert page.count('data:image/png;base64,') == 2 + 2 + 1 + 1 + 4 and 'http:' not in page and 'https:' not in page
    assert len(os.listdir(str(out / 'texts'))) == 11
    text = (out / 'texts' / '김민수.txt').read_text(encoding='utf-8')
    assert 'What came of the hand-in of 김민수' in text and '김민수 제출물 채점 결과' in text and '이영희' not in text
    assert not (tmp_path / '000.png').exists() and not (given.parent.parent / '000.png').exists()


@pytest.mark.parametrize('path, said', [
    (os.path.join(REFERENCE, 'basic', 'checkpoints', '0099', 'model.ckpt'), ('likes', 'trained weights')),
    (os.path.join(REFERENCE, 'basic', 'init.npz'), ('notes', 'given weights'))], ids=['trained', 'initial'])
def test_weights_that_a_run_was_given_are_told(mark, small, tmp_path, path, said):
    train(PAGE['basic'], '--epochs', 1, '--data', small, '--run', tmp_path / 'a' / 'runs' / 'basic',
          '--samples', tmp_path / 's', '--init', path, output=tmp_path / 'said')
    row, = mark(tmp_path / 'a')
    told = {each: {name for name, *_ in getattr(row, each)} & {'trained weights', 'given weights'}
            for each in ('likes', 'notes')}
    assert told == {'likes': set(), 'notes': set(), said[0]: {said[1]}}


def test_a_run_that_does_not_say_its_data_is_judged_by_its_strips(lab, mark, tmp_path):
    shutil.copytree(str(lab['a']), str(tmp_path / 'a'))
    rewrite(tmp_path / 'a' / 'runs' / 'basic', data=None)
    (row,), (known,) = mark(tmp_path / 'a'), mark(lab['a'])
    assert (row.verdict, row.reason) == (known.verdict, known.reason)


def test_a_students_text_says_one_thing():
    refused = marking.refusal('김민수', 'empty')
    english = gradebook.text('김민수', [refused._replace(
        listing='basic', verdict='worse', changed='7 (gan_basic.py)', reason=('epochs',),
        notes=[('fewer epochs',), ('stopped',)])])
    assert 'as good as its were by then' in english and 'the run was stopped' in english
    assert 'if it was to show what goes wrong' not in english
    assert 'not as good' not in english and 'fewer epochs than the other' not in english
    assert 'The reference is what' in english and 'The reference is what' not in gradebook.text('김민수', [refused])


def test_earlier_grades_and_remarks_in_them_are_put_by(tmp_path):
    out, marks = tmp_path / 'grades', [marking.refusal('김민수', 'empty')]
    gradebook.write(marks, str(out), 'ko')
    (out / 'texts' / '김민수.txt').write_text('well done')
    (out / 'mine.xlsx').write_text('mine')
    before = snapshot(out)
    gradebook.write(marks, str(out), 'ko')
    assert sorted(os.listdir(str(out))) == ['grades.csv', 'mine.xlsx', 'report.html', 'texts']
    after = snapshot(tmp_path / 'grades.1')
    assert after == {path.replace('grades/', 'grades.1/'): content for path, content in before.items()
                     if not path.endswith('mine.xlsx')} and len(after) == 3


def test_hand_ins_where_grades_would_be_put_by_are_left_there(tmp_path):
    (tmp_path / 'texts' / 'a').mkdir(parents=True)
    before = sorted(os.walk(str(tmp_path)))
    status, out, err = command('grade', tmp_path / 'texts', '--out', tmp_path)
    assert (status, out, len(err)) == (2, [], 1) and 'texts is where --out' in err[0]
    assert sorted(os.walk(str(tmp_path))) == before


def test_a_listing_that_is_called_as_the_chapters_runs_are(mark, lab, tmp_path):
    shutil.copytree(str(lab['a']), str(tmp_path / 'a'))
    shutil.copy(TINY, str(tmp_path / 'a' / 'conditional.py'))
    assert [row.listing for row in mark(tmp_path / 'a')] == ['basic', 'conditional']


def test_students_whose_names_come_to_one_have_a_text_each(tmp_path):
    names = ['a?', 'a*', 'A_', 'a_.', '김' * 80 + 'x', '김' * 80 + 'y']
    gradebook.write([marking.refusal(name, 'empty') for name in names], str(tmp_path), 'ko')
    texts = [path.read_text(encoding='utf-8') for path in (tmp_path / 'texts').iterdir()]
    assert len(texts) == len(names) and all(sum(name in text for text in texts) for name in names)
    assert len({name.casefold() for name in os.listdir(str(tmp_path / 'texts'))}) == len(names)


@pytest.mark.parametrize('lost', ['reference', os.path.join('reference', 'basic', 'samples'),
                                  os.path.join('chapter09', 'tools', 'judge.npz'), os.path.join('mnist', 'data')])
def test_what_the_project_lacks_is_no_students_fault(lab, tmp_path, lost):
    project = tmp_path / 'project'
    for name in 'chapter09', 'mnist', 'reference':
        shutil.copytree(os.path.join(listings.ROOT, name), str(project / name),
                        ignore=shutil.ignore_patterns('__pycache__'))
    (shutil.rmtree if (project / lost).is_dir() else os.remove)(str(project / lost))
    if lost.startswith('mnist'):
        (project / lost).mkdir()
        for name in input_data.SHA256:
            (project / lost / name).write_bytes(b'')
    shutil.copytree(str(lab['a']), str(tmp_path / 'handins' / 'kim'))
    ended = subprocess.run([sys.executable, str(project / 'chapter09'), 'grade', str(tmp_path / 'handins')],
                           capture_output=True, encoding='utf-8', timeout=300)
    assert ended.returncode == 2 and ended.stderr.count('\n') == 1 and 'mend that first' in ended.stderr, ended
    assert not (project / 'grades').exists()


def test_a_hand_in_that_takes_too_long_or_kills_what_looks_at_it(tmp_path):
    handin, scratch = handins.Handin('김민수', os.path.join(REFERENCE, 'basic')), tmp_path / 'scratch'
    desk = desks.Desk(str(scratch), 1, 0)
    try:
        row, = desk.mark(handin)
        assert row.reason == ('too long', 0) and row.student == '김민수' and not scratch.exists()
        desk.seconds, rows = 300, []
        marking_it = threading.Thread(target=lambda: rows.extend(desk.mark(handin)))
        marking_it.start()
        while not scratch.exists():  # until the process that has taken the other's place has begun
            time.sleep(0.005)
        process, = multiprocessing.active_children()
        process.kill()
        marking_it.join()
        assert [row.reason for row in rows] == [('crashed', 'status -9')]
    finally:
        desk.end()


def test_a_verdict_is_that_of_diff(mark, the_judge):
    row = mark(os.path.join(STRIPS, 'honest-3'))[1]
    mine = results.find(os.path.join(STRIPS, 'honest-3'))['conditional']
    other = results.find(REFERENCE)['conditional']
    assert row.verdict == compare.compare(the_judge, mine, other).verdict.name
