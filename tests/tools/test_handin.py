"""What a lab has left is packed into one zip, whole and alone."""

import os
import shutil
import time
import zipfile

import pytest
from commanding import command
from conftest import snapshot
from made import rewrite, train
from processes import PAGE, TINY, Lab

from lab import listings
from tools import handins, marking, unpacking


@pytest.fixture(scope='module')
def trained(tmp_path_factory, small):
    """A project's runs/: of §9.1 a run of three epochs and an older one, an edited listing's, and a sweep's."""
    folder = tmp_path_factory.mktemp('project')
    mine = folder / '내_gan.py'
    mine.write_text(open(TINY, encoding='utf-8').read(), encoding='utf-8')
    for path, run, epochs in [(PAGE['basic'], 'basic', 1), (PAGE['basic'], 'basic', 3), (mine, '내_gan', 2),
                              (TINY, os.path.join('sweep', 'basic', '1'), 1)]:
        train(path, '--epochs', epochs, '--data', small, '--run', folder / 'runs' / run,
              '--samples', folder / 'samples', output=folder / 'said')
    assert sorted(os.listdir(str(folder / 'runs'))) == [
        'basic', 'basic.1', 'basic.lock', 'sweep', '내_gan', '내_gan.lock']
    return folder


@pytest.fixture
def project(trained, monkeypatch):
    monkeypatch.setattr(listings, 'ROOT', str(trained))
    return trained


def test_what_grading_takes_and_nothing_else(project, tmp_path, the_judge):
    before = snapshot(project / 'runs')
    status, out, err = command('handin', '김민수', '--out', tmp_path / '김민수.zip')
    size = os.path.getsize(str(tmp_path / '김민수.zip'))
    assert (status, err) == (0, []) and size < 8e6
    assert out == ['%s: basic (3 epochs), 내_gan (2 epochs); %.1f MB' % (tmp_path / '김민수.zip', size / 1e6)]
    with zipfile.ZipFile(str(tmp_path / '김민수.zip')) as packed:
        kept = {name: packed.read(name) for name in packed.namelist()}
    checkpoint = ['digests.json', 'model.ckpt.data-00000-of-00001', 'model.ckpt.index', 'model.ckpt.meta', 'state.npz']
    assert sorted(kept) == sorted(
        '김민수/runs/%s/%s' % (run, name) for run, newest in [('basic', '0002'), ('내_gan', '0001')]
        for name in ['run.json', 'listing.py', 'losses.csv', 'film.bin', 'samples/000.png',
                     *('checkpoints/%s/%s' % (newest, each) for each in checkpoint)])
    assert all(before[str(project / name[4:])] == content for name, content in kept.items())
    assert snapshot(project / 'runs') == before
    (tmp_path / 'unpacked').mkdir()
    rows = marking.mark(the_judge, handins.Handin('김민수', str(tmp_path / '김민수.zip')), str(tmp_path / 'unpacked'))
    assert [(row.listing, row.epochs, row.likes) for row in rows] == [('basic', 3, []), ('내_gan', 2, [])]


def test_it_is_told_in_korean_and_takes_the_place_of_an_earlier_one(project, tmp_path):
    (tmp_path / 'a.zip').write_bytes(b'old')
    rewrite(project / 'runs' / 'basic.1', state='stopped')  # which is not packed, and so not told of
    status, out, err = command('handin', 'a', '--out', tmp_path / 'a.zip', '--lang', 'ko')
    assert (status, err) == (0, []) and 'basic(3세대), 내_gan(2세대), ' in out[0]
    assert zipfile.is_zipfile(str(tmp_path / 'a.zip')) and os.listdir(str(tmp_path)) == ['a.zip']


def test_a_listing_whose_name_ends_in_a_number_is_no_older_run(project, tmp_path):
    shutil.copytree(str(project / 'runs' / 'basic'), str(project / 'runs' / 'my_gan_v1.2'))
    try:
        rewrite(project / 'runs' / 'my_gan_v1.2', listing='my_gan_v1.2')
        assert 'my_gan_v1.2 (3 epochs)' in command('handin', 'a', '--out', tmp_path / 'a.zip')[1][0]
    finally:
        shutil.rmtree(str(project / 'runs' / 'my_gan_v1.2'))


def test_a_zip_of_other_things_that_has_the_students_name_stays(project):
    mine = project / 'a.zip'
    assert [command('handin', 'a')[0], command('handin', 'a')[0]] == [0, 0]
    with zipfile.ZipFile(str(mine), 'a') as packed:
        packed.writestr('essay.txt', 'mine')
    for _ in range(2):  # as that, and as no zip at all
        before = mine.read_bytes()
        status, out, err = command('handin', 'a')
        assert (status, out, mine.read_bytes()) == (2, [], before) and 'a.zip is none that handin has packed' in err[0]
        mine.write_bytes(b'essay')
    assert command('handin', 'a', '--out', mine)[0] == 0
    mine.unlink()


def test_what_has_the_zips_name_and_is_none(project):
    mine = project / 'a.zip'
    with zipfile.ZipFile(str(mine), 'w') as packed:
        packed.writestr('글', 'mine')
    foreign = mine.read_bytes()
    no_utf8 = foreign.replace('글'.encode(), b'\xb1\xdb\xb1')
    of_another_version = foreign.replace(b'PK\1\2\x14\x03\x14', b'PK\1\2\x14\x03\x63')
    for content in no_utf8, of_another_version, None:
        assert content != foreign
        mine.unlink()
        mine.write_bytes(content) if content else os.mkfifo(str(mine))
        status, out, err = command('handin', 'a')
        assert (status, out, len(err)) == (2, [], 1) and 'a.zip is none that handin has packed' in err[0]
    mine.unlink()


@pytest.mark.parametrize('name', ['listing.py', 'losses.csv', 'run.json', 'samples/000.png', 'samples',
                                  'checkpoints/0001/state.npz', 'checkpoints'])
def test_a_link_takes_nothing_into_the_zip_that_is_elsewhere(project, tmp_path, name):
    folder, secret = project / 'runs' / 'theirs', tmp_path / 'secret'
    shutil.copytree(str(project / 'runs' / '내_gan'), str(folder))
    os.rename(str(folder / name), str(secret))
    (folder / name).symlink_to(secret)
    try:
        status, out, err = command('handin', 'a', '--out', tmp_path / 'a.zip')
        line, = err
        assert status == 0 and 'theirs' not in out[0] and line.startswith('passed over: ') and 'a link' in line, line
        assert not [each for each in zipfile.ZipFile(str(tmp_path / 'a.zip')).namelist() if 'theirs' in each]
    finally:
        shutil.rmtree(str(folder))


def test_a_run_whose_name_no_zip_takes_does_not_keep_the_others(project, tmp_path):
    strange = os.path.join(os.fsencode(str(project)), b'runs', b'\xb1\xe2')
    shutil.copytree(os.fsencode(str(project / 'runs' / 'basic')), strange)
    try:
        status, out, err = command('handin', 'a', '--out', tmp_path / 'a.zip')
        assert status == 0 and 'basic (3 epochs)' in out[0] and len(err) == 1
        assert err[0].startswith('passed over: ') and 'is not in UTF-8, which no zip takes: rename it' in err[0]
    finally:
        shutil.rmtree(strange)


def test_an_earlier_run_of_more_epochs_is_told_of(project, tmp_path):
    shutil.copytree(str(project / 'runs' / 'basic'), str(project / 'runs' / 'basic.7'))
    losses = project / 'runs' / 'basic.7' / 'losses.csv'
    losses.write_text(losses.read_text() + '3,1,1,1\n')
    try:
        status, out, err = command('handin', 'a', '--out', tmp_path / 'a.zip')
        assert status == 0 and 'basic.7' not in out[0]
        line, = err
        assert line.startswith('an earlier run (epochs: 4) is not packed')
        assert line.endswith('runs/basic.7 and runs/basic')
    finally:
        shutil.rmtree(str(project / 'runs' / 'basic.7'))


@pytest.mark.parametrize('year', [1971, 2150])
def test_whatever_year_the_clock_has(project, tmp_path, monkeypatch, year):
    monkeypatch.setattr(time, 'localtime', lambda: time.struct_time((year, 1, 1, 0, 0, 0, 0, 1, 0)))
    assert command('handin', 'a', '--out', tmp_path / 'a.zip')[0] == 0
    assert zipfile.ZipFile(str(tmp_path / 'a.zip')).testzip() is None


def test_a_run_that_was_killed_is_packed_as_it_stands(tmp_path, small, monkeypatch):
    lab = Lab(tmp_path / 'lab', TINY, small, '--epochs', 3)
    lab.run(kill_at=55)
    assert lab.epochs() and b'running' in lab.read('run', 'run.json')
    (tmp_path / 'runs').mkdir()
    os.rename(lab.path('run'), str(tmp_path / 'runs' / 'mine'))
    monkeypatch.setattr(listings, 'ROOT', str(tmp_path))
    status, _, err = command('handin', 'a')  # where no --out is given, beside runs/
    assert status == 0 and err == ['mine has not finished (running): it is handed in as it stands']
    (tmp_path / 'unpacked').mkdir()
    assert list(unpacking.copy(str(tmp_path / 'a.zip'), str(tmp_path / 'unpacked'))) == []


def test_without_a_run_there_is_nothing_to_hand_in(tmp_path, monkeypatch):
    monkeypatch.setattr(listings, 'ROOT', str(tmp_path))
    (tmp_path / 'runs' / 'sweep' / 'basic').mkdir(parents=True)
    (tmp_path / 'runs' / 'basic.1').mkdir()
    (tmp_path / 'runs' / 'basic.1' / 'run.json').write_text('{}')
    for said in 'holds no run: train first (make basic, make cgan)', 'run.json cannot be read':
        status, out, err = command('handin', '김민수')
        assert status == 2 and out == [] and len(err) == 1 and said in err[0]
        (tmp_path / 'runs' / 'basic').mkdir(exist_ok=True)
        (tmp_path / 'runs' / 'basic' / 'run.json').write_text('{}')
    assert not [name for name in os.listdir(str(tmp_path)) if name.endswith('.zip')]
