"""Can this machine run the chapter? A line for each thing that it takes: OK, or what to do.

Nothing but Python's own library is imported here, so that it answers before anything has been installed.
"""

import contextlib
import gzip
import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zlib

from lab import files, listings, machine
from lab.errors import ITS_OWN, one_line

PYTHONS = (3, 10), (3, 13)  # which TensorFlow is to be had for
TO_INSTALL, TO_RUN = 3.0, 0.2  # GB of disk: for the packages, and for the runs of both listings
MEMORY = 1.0  # GB; a run takes 0.7
AVX_ON_WINDOWS = 39  # PF_AVX_INSTRUCTIONS_AVAILABLE of winnt.h
REQUIREMENTS = os.path.join(listings.ROOT, 'requirements.txt')
SENTENCE = '최적화 완료!'  # the listings' last line
# Of what is in the four files, as in input_data.py, which needs numpy and TensorFlow.
SHA256 = {
    'train-images-idx3-ubyte.gz': 'ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db',
    'train-labels-idx1-ubyte.gz': '65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5',
    't10k-images-idx3-ubyte.gz': '0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7',
    't10k-labels-idx1-ubyte.gz': 'ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2'}
LARGEST = 2 ** 26  # bytes in one of them


def python():
    found = '%s %d.%d.%d, %d bit' % (platform.python_implementation(), *sys.version_info[:3],
                                     64 if sys.maxsize > 2 ** 32 else 32)
    if PYTHONS[0] <= sys.version_info[:2] <= PYTHONS[1] and sys.maxsize > 2 ** 32:
        return True, {'en': found, 'ko': found}
    return False, {'en': '%s: TensorFlow needs Python 3.10 to 3.13 of 64 bit; install one' % found,
                   'ko': '%s: 텐서플로에는 64비트 파이썬 3.10~3.13이 필요하다. 새로 설치한다' % found}


def processor():
    name = machine.processor()
    if platform.machine().lower() in ('arm64', 'aarch64') or _has_avx():
        return True, {'en': '%s, cores: %d' % (name, machine.cores()), 'ko': '%s, 코어 %d개' % (name, machine.cores())}
    return False, {'en': '%s lacks AVX, which TensorFlow needs: use another computer, or Colab' % name,
                   'ko': '%s에는 텐서플로에 필요한 AVX가 없다. 다른 컴퓨터나 코랩을 쓴다' % name}


def _has_avx():
    if sys.platform == 'win32':
        import ctypes
        return bool(ctypes.windll.kernel32.IsProcessorFeaturePresent(AVX_ON_WINDOWS))
    if sys.platform == 'darwin':
        told = subprocess.run(['sysctl', '-n', 'machdep.cpu.features'], stdout=subprocess.PIPE)
        return b'AVX' in told.stdout
    return 'avx' in machine.flags()


def memory():
    free = _free_memory() / 2 ** 30
    if free >= MEMORY:
        return True, {'en': 'memory: %.1f GB free' % free, 'ko': '메모리: %.1fGB 남음' % free}
    return False, {'en': 'memory: only %.1f GB free, and 1 GB should be, for a run takes 0.7: close other '
                         'programs' % free,
                   'ko': '메모리: %.1fGB밖에 남지 않았다. 학습에 0.7GB를 쓰므로 1GB는 비어 있어야 한다. '
                         '다른 프로그램을 닫는다' % free}


def _free_memory():
    """Bytes that programs can still have; on macOS, which does not say, all that there are."""
    if sys.platform == 'win32':
        import ctypes
        status = (ctypes.c_uint64 * 8)()  # MEMORYSTATUSEX of sysinfoapi.h: its length, and at 16 bytes ullAvailPhys
        ctypes.cast(status, ctypes.POINTER(ctypes.c_uint32))[0] = 64
        ctypes.windll.kernel32.GlobalMemoryStatusEx(status)
        return status[2]
    with contextlib.suppress(OSError), open('/proc/meminfo') as file:
        for line in file:
            if line.startswith('MemAvailable:'):
                return int(line.split()[1]) * 2 ** 10
    return os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE')


def disk():
    free = shutil.disk_usage(listings.ROOT).free / 1e9
    needed = TO_RUN if importlib.util.find_spec('tensorflow') else TO_INSTALL
    if free >= needed:
        return True, {'en': 'disk: %.1f GB free' % free, 'ko': '디스크: %.1fGB 남음' % free}
    return False, {'en': 'disk: only %.1f GB free, and %.1f are needed: make room' % (free, needed),
                   'ko': '디스크: %.1fGB밖에 남지 않았다. %.1fGB가 필요하니 공간을 비운다' % (free, needed)}


def console():
    encoding = getattr(sys.stdout, 'encoding', None) or 'ascii'
    try:
        SENTENCE.encode(encoding)
    except UnicodeEncodeError:
        # Without a Korean letter: it could not be shown.
        line = 'the console (%s) cannot show Korean: on Windows, chcp 65001; elsewhere, export LANG=C.UTF-8' % encoding
        return False, {'en': line, 'ko': line}
    return True, {'en': 'console: %s shows Korean' % encoding, 'ko': '콘솔: 한글을 표시할 수 있다(%s)' % encoding}


def lacking():
    """What requirements.txt asks for and this Python has not. Raises OSError or ValueError if it cannot be read."""
    from tools import environment
    files.read(REQUIREMENTS, 2 ** 16).decode('utf-8')
    return environment.unmet(REQUIREMENTS)


def _is_of_another():
    """Whether this is another Python than that of the project's environment, which is there."""
    its_own = os.path.join(listings.ROOT, ITS_OWN)
    return os.path.exists(its_own) and os.path.normcase(sys.executable) != os.path.normcase(its_own)


def packages():
    try:
        missing = lacking()
    except (OSError, ValueError) as error:
        return False, _unreadable(REQUIREMENTS, error)
    if missing and _is_of_another():
        return False, {'en': 'packages: not in this Python. Look with the project\'s: %s chapter09 doctor' % ITS_OWN,
                       'ko': '패키지: 이 파이썬에는 없다. 프로젝트의 파이썬으로 확인한다: %s chapter09 doctor'
                             % ITS_OWN}
    if missing:
        how = '%s -m pip install -r requirements.txt' % sys.executable
        return False, {'en': 'packages: %s missing. `make basic` installs them, or: %s' % (', '.join(missing), how),
                       'ko': '패키지: 없는 것이 있다(%s). make basic을 실행하면 설치된다. '
                             '직접 설치하려면 다음을 실행한다: %s' % (', '.join(missing), how)}
    try:
        tried = subprocess.Popen([sys.executable, '-c', 'import tensorflow as tf, numpy, matplotlib\n'
                                  'print(tf.__version__, numpy.__version__, matplotlib.__version__)'],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                 cwd=listings.CHAPTER09)  # where a listing would find a module first, too
    except OSError as error:
        return False, {'en': 'no other program can be started (%s): end some' % error.strerror,
                       'ko': '다른 프로그램을 시작할 수 없다(%s). 실행 중인 프로그램을 몇 개 끝낸다' % error.strerror}
    told, errors = tried.communicate()
    if tried.returncode == 0:
        versions = 'TensorFlow %s, numpy %s, matplotlib %s' % tuple(told.decode().split()[-3:])
        return True, {'en': versions, 'ko': versions}
    said = errors.decode(errors='replace').strip().split('\n')[-1]
    why = one_line(said)[:200] or 'status %d' % tried.returncode
    return False, {'en': 'TensorFlow is there, but does not load (%s): mend that, or install it anew' % why,
                   'ko': '텐서플로가 있지만 불러올 수 없다(%s). 그 원인을 없애거나 다시 설치한다' % why}


def data():
    for name, digest in SHA256.items():
        path = os.path.join(listings.ROOT, 'mnist', 'data', name)
        try:
            with files.regular(path) as packed, gzip.GzipFile(fileobj=packed) as file:
                content = file.read(LARGEST)  # what goes on for ever need not be read to its end
        except (OSError, EOFError, zlib.error) as error:
            return False, _unreadable(path, error)
        if hashlib.sha256(content).hexdigest() != digest:
            return False, {'en': "%s holds other data than MNIST's: fetch the project anew" % path,
                           'ko': '%s 파일의 내용이 MNIST가 아니다. 프로젝트를 다시 받는다' % path}
    return True, {'en': 'MNIST: four files', 'ko': 'MNIST: 파일 네 개'}


def _unreadable(path, error):
    why = one_line(getattr(error, 'strerror', None) or error)
    return {'en': '%s cannot be read (%s): fetch the project anew' % (path, why),
            'ko': '%s 파일을 읽을 수 없다(%s). 프로젝트를 다시 받는다' % (path, why)}


def folders():
    why = files.not_for_tensorflow(listings.ROOT)
    if why:
        return False, {'en': why, 'ko': '%s: 텐서플로가 쓸 수 없는 경로이다. 다른 폴더로 프로젝트를 옮긴다'
                       % ascii(listings.ROOT)}
    for name in 'samples', 'samples2', 'runs':
        path = os.path.join(listings.ROOT, name)
        try:
            # What stands there and is no folder refuses the file: a link that leads nowhere, too.
            with tempfile.TemporaryFile(dir=path if os.path.lexists(path) else listings.ROOT):
                pass
        except OSError as error:
            return False, {
                'en': '%s cannot be written (%s): copy the project to a folder of yours' % (path, error.strerror),
                'ko': '%s 폴더에 쓸 수 없다(%s). 쓸 수 있는 폴더로 프로젝트를 옮긴다' % (path, error.strerror)}
    return True, {'en': 'samples/, samples2/, runs/ can be written', 'ko': 'samples/, samples2/, runs/에 쓸 수 있다'}


CHECKS = [python, processor, memory, disk, console, packages, data, folders]


def main(chosen):
    """Prints a line for each check, in `chosen.lang` if it can be shown; returns the status: 1 if anything is amiss."""
    found, language = [], chosen.lang if console()[0] else 'en'
    for check in CHECKS:
        is_well, texts = check()
        found.append(is_well)
        print('%-3s %s' % ('OK' if is_well else '!!', texts[language]), flush=True)
    return 0 if all(found) else 1
