"""What a computer lacks is told before anything is installed, by whatever Python there is."""

import ctypes
import glob
import gzip
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

from lab import listings
from tools import doctor as tool

PYTHONS = sorted(glob.glob(os.path.expanduser('~/.pyenv/versions/3.*/bin/python'))) + [sys.executable]
LINES = 8


@pytest.fixture(scope='module')
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp('doctor') / '옮긴 폴더'
    for name in 'chapter09', os.path.join('mnist', 'data'):
        shutil.copytree(os.path.join(listings.ROOT, name), str(folder / name),
                        ignore=shutil.ignore_patterns('__pycache__'))
    shutil.copy(os.path.join(listings.ROOT, 'requirements.txt'), str(folder))
    for name in 'samples', 'samples2':
        (folder / name).mkdir()
    return folder


@pytest.fixture
def project(original, tmp_path):
    shutil.copytree(str(original), str(tmp_path / 'project'))
    return tmp_path / 'project'


def doctor(project, *words, python=sys.executable, before=None, site=True, **environment):
    """What is amiss, and all lines; of a Python that does not see its packages if not `site`, which is quicker;
    False leaves that out of what is amiss."""
    command = [python, '-B', *([] if site else ['-S']), str(project / 'chapter09'), 'doctor', *words]
    ended = subprocess.run(command, preexec_fn=before, capture_output=True,
                           env=dict({'PATH': os.environ['PATH'], 'LANG': 'C.UTF-8'}, **environment))
    lines = ended.stdout.decode(errors='replace').splitlines()
    assert ended.stderr == b'' and len(lines) == LINES, ended
    assert ended.returncode == any(line.startswith('!! ') for line in lines)
    amiss = [line[4:] for line in lines if line.startswith('!! ')]
    if site is False:
        (packages,) = [line for line in amiss if 'requirements.txt' in line]
        amiss.remove(packages)
    return amiss, lines


def test_all_is_well_here(original):
    before = sorted(os.walk(str(original)))
    assert doctor(original)[0] == []
    assert sorted(os.walk(str(original))) == before


@pytest.mark.parametrize('python', PYTHONS)
def test_any_python_says_what_it_lacks(original, python):
    version = subprocess.run([python, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])'], check=True,
                             stdout=subprocess.PIPE).stdout.decode().strip()
    amiss, lines = doctor(original, python=python)
    assert version in lines[0]
    too_old = tuple(map(int, version.split('.'))) < (3, 10)
    assert any('TensorFlow needs Python 3.10 to 3.13' in line for line in amiss) == too_old
    has_packages = subprocess.run([python, '-c', 'import tensorflow'], stderr=subprocess.DEVNULL).returncode == 0
    assert any('requirements.txt' in line for line in amiss) == (not has_packages or too_old)


def test_another_python_than_the_projects_own_is_sent_there(project):
    (project / '.venv' / 'bin').mkdir(parents=True)
    (project / '.venv' / 'bin' / 'python').symlink_to(sys.executable)
    (line,), _ = doctor(project, '--lang', 'ko', site=None)
    assert line.endswith('.venv/bin/python chapter09 doctor')
    assert doctor(project, python=str(project / '.venv' / 'bin' / 'python'), site=False)[0] == []


def test_in_korean_where_that_can_be_shown(original):
    assert any('코어' in line for line in doctor(original, site=False, LANG='ko_KR.UTF-8')[1])
    assert any('코어' in line for line in doctor(original, '--lang', 'ko', site=False)[1])
    for encoding in 'ascii', 'latin-1':
        (line,), lines = doctor(original, '--lang', 'ko', site=False, PYTHONIOENCODING=encoding)
        assert 'cannot show Korean' in line and not any('?' in line for line in lines)
    assert doctor(original, '--lang', 'ko', site=False, PYTHONIOENCODING='cp949')[0] == []


def test_damaged_data(project):
    path = project / 'mnist' / 'data' / 'train-labels-idx1-ubyte.gz'
    content = bytearray(path.read_bytes())
    content[9000] ^= 1
    other = b'\0\0\x08\x01\0\0\0\x09' + bytes(9)  # such as Fashion-MNIST's, under MNIST's name
    for damaged in bytes(content), bytes(content[:9000]), b'', gzip.compress(other[:-1]), gzip.compress(other):
        path.write_bytes(damaged)
        (line,), _ = doctor(project, site=False)
        assert str(path) in line
    path.unlink()
    (line,), _ = doctor(project, site=False)
    assert str(path) in line


def test_the_digests_are_the_readers():
    import input_data
    assert tool.SHA256 == input_data.SHA256


@pytest.mark.parametrize('damage', [
    os.mkfifo, os.mkdir, lambda path: os.symlink('/dev/zero', path),
    lambda path: pathlib.Path(path).write_bytes(b'\x1f\x8b\x08\0\0\0\0\0\0\x03' + 100 * b'\xff')],
    ids=['FIFO', 'folder', 'device', 'garbage'])
@pytest.mark.parametrize('name', ['requirements.txt', 'mnist/data/train-images-idx3-ubyte.gz'])
def test_what_is_no_file_is_not_waited_for(project, name, damage):
    (project / name).unlink()
    damage(str(project / name))
    ended = subprocess.run([sys.executable, '-S', str(project / 'chapter09'), 'doctor'],
                           capture_output=True, timeout=60)
    assert ended.returncode == 1 and ended.stderr == b'' and len(ended.stdout.splitlines()) == LINES, ended
    assert '%s cannot be read (' % (project / name) in ended.stdout.decode()


def bind_root():
    """Has permissions bind what this process executes, even as root."""
    if os.getuid() == 0:
        for capability in 1, 2:  # CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH
            ctypes.CDLL(None).prctl(24, capability, 0, 0, 0)  # PR_CAPBSET_DROP


def test_a_folder_that_cannot_be_written(project):
    (project / 'samples2').chmod(0o555)
    (line,), _ = doctor(project, before=bind_root, site=False)
    assert str(project / 'samples2') in line


@pytest.mark.parametrize('make', [lambda path: path.touch(), os.mkfifo, lambda path: path.symlink_to('nowhere')],
                         ids=['file', 'FIFO', 'dangling link'])
@pytest.mark.parametrize('name', ['samples', 'runs'])
def test_what_is_no_folder_cannot_be_written_into(project, name, make):
    path = project / name
    if path.is_dir():
        path.rmdir()
    make(path)
    (line,), _ = doctor(project, site=False)
    assert str(path) in line


def test_a_tensorflow_that_does_not_load(original, tmp_path):
    (tmp_path / 'tensorflow.py').write_text('raise ImportError("DLL load failed")')
    (line,), _ = doctor(original, PYTHONPATH=str(tmp_path))
    assert 'does not load (ImportError: DLL load failed)' in line


def test_nothing_in_the_working_directory_is_executed(original, tmp_path, monkeypatch):
    for name in 'random.py', 'numpy.py':
        (tmp_path / name).write_text('open(%r, "w").close()\nraise ImportError("mine")\n' % str(tmp_path / 'executed'))
    monkeypatch.chdir(tmp_path)
    assert doctor(original)[0] == [] and not (tmp_path / 'executed').exists()
