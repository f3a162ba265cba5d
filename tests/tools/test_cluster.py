"""Sweeps on a real cluster: a scheduler and workers on this machine, some of which are killed."""

import argparse
import contextlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time

import numpy as np
import pytest
from conftest import drop_roots_privilege, snapshot, write_set
from processes import CONTEXT, TINY

from lab import checkpoints, listings, machine, options
from lab.errors import BadInput
from tools import cluster, several

SEEDS = '1', '2', '3', '4', '5', '6'
EPOCHS = 30
LOOP = 'for epoch in run.epochs(total_epoch):\n'


def copy_of_project(folder):
    """A clone with a listing of its own and few digits."""
    shutil.copytree(listings.CHAPTER09, str(folder / 'chapter09'), ignore=shutil.ignore_patterns('__pycache__'))
    with open(TINY, encoding='utf-8') as file:
        text = file.read()
    assert LOOP in text  # on the workers it is to last, without keeping the processor busy
    (folder / 'chapter09' / 'my_gan.py').write_text(
        text.replace(LOOP, LOOP + '    import os, time\n    time.sleep(float(os.environ.get("PACE", 0)))\n'),
        encoding='utf-8')
    (folder / 'mnist' / 'data').mkdir(parents=True)
    write_set(folder / 'mnist' / 'data')
    return folder


@pytest.fixture(scope='module')
def project(tmp_path_factory):
    return copy_of_project(tmp_path_factory.mktemp('project'))


@pytest.fixture(scope='module')
def elsewhere(tmp_path_factory):
    """The clone of the workers."""
    return copy_of_project(tmp_path_factory.mktemp('elsewhere'))


class Started:
    """Processes that end with the test."""

    def __init__(self, folder):
        self._folder, self._processes = folder, []

    def start(self, *command, **options):
        log = open(str(self._folder / ('%d.log' % len(self._processes))), 'wb')
        process = subprocess.Popen([sys.executable, *map(str, command)], stdout=log, stderr=log, **options)
        log.close()
        process.log = log.name
        self._processes.append(process)
        return process

    def scheduler(self):
        """A scheduler, which knows nothing of the project; its address is its attribute."""
        file = self._folder / 'scheduler.json'
        process = self.start('-m', 'distributed.cli.dask_scheduler', '--host', '127.0.0.1', '--port', 0,
                             '--no-dashboard', '--scheduler-file', file, cwd=str(self._folder))
        process.address = wait_for(lambda: file.exists() and json.loads(file.read_text() or '{}').get('address'))
        return process

    def worker(self, project, scheduler, **environment):
        process = self.start(project / 'chapter09', 'worker', scheduler.address.split('//')[1],
                             env=dict(os.environ, DASK_TEMPORARY_DIRECTORY=str(self._folder), PACE='0.15',
                                      **environment))
        wait_for(lambda: 'trains for' in read(process.log))
        return process

    def end(self):
        for process in self._processes:
            process.kill()
            process.wait()


def read(path):
    with open(str(path), encoding='utf-8', errors='replace') as file:
        return file.read()


def wait_for(condition, seconds=120):
    for _ in range(seconds * 50):
        found = condition()
        if found:
            return found
        time.sleep(0.02)
    raise TimeoutError(condition)


@pytest.fixture
def started(tmp_path, project):
    shutil.rmtree(str(project / 'runs'), ignore_errors=True)
    found = Started(tmp_path)
    try:
        yield found
    finally:
        found.end()


def sweep_words(project, *words):
    return [project / 'chapter09', 'sweep', '--listing', 'my_gan', '--seeds', ' '.join(SEEDS), '--epochs', EPOCHS,
            *words]


def run_of(project, seed):
    return str(project / 'runs' / 'sweep' / 'my_gan' / seed)


def epochs_of(project, seed):
    return checkpoints.epochs(os.path.join(run_of(project, seed), 'checkpoints'))


def outcome(project):
    """All that the runs of a sweep have come to, to the byte, but for times."""
    found = {}
    for seed in SEEDS:
        for above, _, names in os.walk(run_of(project, seed)):
            for name in sorted(names):
                path = os.path.join(above, name)
                where = os.path.relpath(path, run_of(project, seed))
                if name == 'losses.csv':
                    found[seed, where] = [line.rsplit(',', 1)[0] for line in read(path).splitlines()]
                elif name == 'state.npz':
                    with np.load(path) as state:
                        found.update({(seed, where, each): state[each].tobytes()
                                      for each in set(state) - {'lab/seconds', 'lab/begun'}})
                elif name not in ('run.json', 'digests.json'):
                    with open(path, 'rb') as file:
                        found[seed, where] = file.read()
    return found


@pytest.fixture(scope='module')
def expected(project):
    """What the sweep comes to on one machine."""
    subprocess.run([sys.executable, *map(str, sweep_words(project))], check=True, capture_output=True)
    found = outcome(project)
    assert {seed for seed, *_ in found} == set(SEEDS)
    return found


def test_a_worker_that_is_killed_costs_nothing_and_the_bytes_are_the_same(project, elsewhere, expected, started):
    scheduler = started.scheduler()
    workers = [started.worker(elsewhere, scheduler) for _ in range(3)]
    sweep = started.start(*sweep_words(project, '--scheduler', scheduler.address))
    wait_for(lambda: all(epochs_of(project, seed) for seed in SEEDS))
    workers[0].kill()
    assert sweep.wait(300) == 0, read(sweep.log)
    log = read(sweep.log)
    assert 1 <= log.count(': its worker is gone, another goes on') <= machine.cores()
    assert re.search(r'seed \d  going on after epoch \d+', log) and 'Traceback' not in log
    assert outcome(project) == expected


def test_stopped_and_then_without_its_scheduler_and_then_here(project, elsewhere, expected, started):
    scheduler = started.scheduler()
    worker = started.worker(elsewhere, scheduler)
    words = sweep_words(project, '--scheduler', scheduler.address.split('//')[1])
    sweep = started.start(*words)
    wait_for(lambda: any(epochs_of(project, seed) for seed in SEEDS))
    sweep.send_signal(signal.SIGINT)
    wait_for(lambda: not children(worker.pid), 30)  # the training, which would take longer, has been ended
    assert sweep.wait(60) == 130
    last = read(sweep.log).splitlines()[-1]
    assert last.endswith('stopped by SIGINT. To go on, give the same command with --resume (make: RESUME=1)')
    before = {seed: epochs_of(project, seed) for seed in SEEDS}
    assert any(before[seed] and before[seed][0] < EPOCHS - 1 for seed in SEEDS), 'it was stopped on its way'
    sweep = started.start(*words, '--resume')
    wait_for(lambda: any(epochs_of(project, seed) != before[seed] for seed in SEEDS))
    scheduler.kill()
    assert sweep.wait(60) == 2
    log = read(sweep.log)
    assert log.splitlines()[-1].endswith('what had come back is kept. To go on, give the same command with --resume')
    assert 'Traceback' not in log and 'distributed' not in log
    assert any(epochs_of(project, seed) != before[seed] for seed in SEEDS)
    here = started.start(*sweep_words(project, '--resume'))
    assert here.wait(300) == 0, read(here.log)
    assert outcome(project) == expected


def test_stopped_while_there_is_no_worker(project, started):
    sweep = started.start(*sweep_words(project, '--scheduler', started.scheduler().address))
    wait_for(lambda: 'waiting for workers: make worker SCHEDULER=' in read(sweep.log))
    sweep.send_signal(signal.SIGINT)
    assert sweep.wait(20) == 130 and 'stopped by SIGINT' in read(sweep.log).splitlines()[-1]


def test_a_run_that_comes_after_the_last_is_passed_over(tmp_path):
    for name in 'earlier', 'last':
        (tmp_path / name / 'samples').mkdir(parents=True)
        (tmp_path / name / 'run.json').write_text(name)
    place = cluster.Place(several.Training('seed 1', 'gan_basic.py', [], str(tmp_path / 'run')))
    for name in 'earlier', 'last', 'earlier':
        place.keep(cluster.pack(str(tmp_path / name)), is_last=name == 'last')
    place.release()
    assert read(tmp_path / 'run' / 'run.json') == 'last'
    assert sorted(os.listdir(str(tmp_path))) == ['earlier', 'last', 'run', 'run.lock']


def test_a_run_that_comes_back_and_cannot_be_kept_is_one_line(tmp_path):
    (tmp_path / 'run' / 'samples').mkdir(parents=True)
    (tmp_path / 'run' / 'run.json').write_text('{}')
    place = cluster.Place(several.Training('seed 1', 'gan_basic.py', [], str(tmp_path / 'sweep' / '1')))
    place.keep(cluster.pack(str(tmp_path / 'run')))
    (tmp_path / 'sweep').rename(tmp_path / 'gone')
    (tmp_path / 'sweep').touch()
    with pytest.raises(BadInput, match='sweep/1 cannot be written .Not a directory.'):
        place.keep(cluster.pack(str(tmp_path / 'run')))
    place.release()


def test_what_nobody_waits_for_any_more_is_stopped(project, elsewhere, started):
    scheduler = started.scheduler()
    worker = started.worker(elsewhere, scheduler)
    sweep = started.start(*sweep_words(project, '--scheduler', scheduler.address)[:-3], 1000, '--scheduler',
                          scheduler.address)
    wait_for(lambda: any(epochs_of(project, seed) for seed in SEEDS))
    assert children(worker.pid)
    sweep.kill()
    wait_for(lambda: not children(worker.pid), 30)


def children(number):
    """The processes that a process has started and that are running."""
    with contextlib.suppress(FileNotFoundError):
        found = []
        for task in os.listdir('/proc/%d/task' % number):
            found += read('/proc/%d/task/%s/children' % (number, task)).split()
        return found
    return []


def test_workers_of_another_kind_are_left_out_by_name(project, tmp_path, started):
    changed, other = (copy_of_project(tmp_path / name) for name in ('changed', 'other'))
    with open(str(changed / 'chapter09' / 'my_gan.py'), 'a') as file:
        file.write('# mine\n')
    (tmp_path / 'tensorflow-2.99.0.dist-info').mkdir()
    (tmp_path / 'tensorflow-2.99.0.dist-info' / 'METADATA').write_text('Metadata-Version: 2.1\nName: tensorflow\n'
                                                                       'Version: 2.99.0\n')
    (tmp_path / 'tensorflow-2.99.0.dist-info' / 'top_level.txt').write_text('tensorflow\n')
    scheduler = started.scheduler()
    started.worker(changed, scheduler)
    started.worker(other, scheduler, PYTHONPATH=str(tmp_path))
    bare = started.start('-m', 'distributed.cli.dask_worker', scheduler.address, '--no-nanny', '--no-dashboard',
                         cwd=str(tmp_path))
    wait_for(lambda: 'Registered to' in read(bare.log))
    words = [*sweep_words(project)[:4], '--seeds', '9', '--epochs', 1, '--scheduler', scheduler.address]
    sweep = started.start(*words)
    assert sweep.wait(60) == 2
    *refused, last = read(sweep.log).splitlines()
    assert len(refused) == 3 and all(' is left out: ' in line for line in refused) and 'no worker of' in last
    for reason in 'it has another my_gan.py', 'another TensorFlow (2.99.0; here', 'it has no clone of this version':
        assert any(reason in line for line in refused), (reason, refused)

    # One that comes later is taken.
    started.worker(project, scheduler)
    sweep = started.start(*words)
    assert sweep.wait(100) == 0, read(sweep.log)
    assert epochs_of(project, '9') == [0]


@pytest.mark.parametrize('words, reason', [
    (['--scheduler', '127.0.0.1:1'], '--scheduler 127.0.0.1:1 does not answer'),
    (['--scheduler', 'nowhere'], 'nowhere'), (['--scheduler', 'tls://127.0.0.1:1'], 'tls://127.0.0.1:1'),
    (['--scheduler', ''], "'' is no HOST:PORT"), (['--scheduler', '127.0.0.1:65536'], '127.0.0.1:65536'),
    (['--scheduler', '127.0.0.1:1', '--data', '.'], '--data is of this machine')])
def test_a_scheduler_that_is_not_there(project, started, words, reason):
    ended = subprocess.run([sys.executable, *map(str, sweep_words(project, *words))], encoding='utf-8',
                           capture_output=True)
    assert ended.returncode == 2 and ended.stdout == '', ended
    line, = ended.stderr.splitlines()
    assert reason in line and not (project / 'runs').exists()


@pytest.fixture
def no_scheduler():
    """The address of a server that answers as HTTP's do, whatever it is asked."""
    def answer():
        with contextlib.suppress(OSError):
            while True:
                asking, _ = server.accept()
                with asking:
                    asking.recv(1)
                    asking.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')
                    asking.shutdown(socket.SHUT_WR)
                    while asking.recv(2 ** 16):
                        pass

    server = socket.create_server(('127.0.0.1', 0))
    threading.Thread(target=answer, daemon=True).start()
    yield '127.0.0.1:%d' % server.getsockname()[1]
    server.shutdown(socket.SHUT_RDWR)
    server.close()


def test_what_answers_is_no_scheduler(project, no_scheduler):
    for words in sweep_words(project, '--scheduler', no_scheduler), [project / 'chapter09', 'worker', no_scheduler]:
        ended = subprocess.run([sys.executable, *map(str, words)], encoding='utf-8', capture_output=True, timeout=100)
        assert ended.returncode == 2 and ended.stdout == '', ended
        line = ended.stderr.splitlines()[-1]
        assert line.startswith('chapter09: error: ')
        assert '%s does not answer (something else does: ' % no_scheduler in line
        assert len(ended.stderr.splitlines()) == (2 if 'worker' in words else 1), ended


def test_a_scheduler_that_says_nothing(project):
    with socket.create_server(('127.0.0.1', 0)) as server:
        address = '127.0.0.1:%d' % server.getsockname()[1]
        ended = subprocess.run([sys.executable, *map(str, sweep_words(project, '--scheduler', address))],
                               encoding='utf-8', capture_output=True, timeout=100)
    assert ended.returncode == 2 and '%s does not answer' % address in ended.stderr, ended
    assert len(ended.stderr.splitlines()) == 1 and not (project / 'runs').exists()


@pytest.mark.parametrize('address', [
    'nowhere', 'tls://127.0.0.1:1', '127.0.0.1:0', '127.0.0.1:x', '', 'a b:1', '::1:8786', 'a\u200f:1'])
def test_no_address_of_a_scheduler(address):
    with pytest.raises(argparse.ArgumentTypeError, match='is no HOST:PORT: give one'):
        options.address(address)


def test_addresses_of_schedulers():
    for address in 'tcp://127.0.0.1:8786', 'gpu-1.lab:8786', '[::1]:8786', '\uae30\uacc4:1':
        assert options.address(address) == address


def test_what_else_is_kept_in_a_runs_folder_stays_when_a_parcel_comes(tmp_path):
    run = tmp_path / 'run'
    mine = 'notes', 'samples/mine', 'checkpoints/best'
    for folder in (*mine, 'checkpoints/0002'):
        (run / folder).mkdir(parents=True)
        for name in checkpoints.WHOLE:
            (run / folder / name).write_text('mine')
    (run / 'run.json').write_text('{"epochs": 3}')
    (run / 'mine.txt').write_text('mine')
    (run / os.fsdecode(b'\xff')).touch()
    os.utime(str(run / 'run.json'), (0, 0))
    parcel = cluster.pack(str(run))
    for epoch in 0, 1:
        shutil.copytree(str(run / 'checkpoints' / '0002'), str(run / 'checkpoints' / ('%04d' % epoch)))
    shutil.rmtree(str(run / 'checkpoints' / '0002'))
    (run / 'run.json').write_text('{"epochs": 2}')
    cluster.unpack(parcel, str(run))
    assert (run / 'run.json').read_text() == '{"epochs": 3}' and b'mine.txt' not in parcel
    assert all((run / folder / 'state.npz').read_text() == 'mine' for folder in mine)
    assert sorted(os.listdir(str(run / 'checkpoints'))) == ['0001', '0002', 'best']
    assert os.listdir(str(tmp_path)) == ['run']


def test_a_checkpoint_of_which_a_file_is_missing_travels_as_it_is(tmp_path):
    folder = tmp_path / 'run' / 'checkpoints' / '0000'
    folder.mkdir(parents=True)
    (folder / 'state.npz').touch()
    parcel = cluster.pack(str(tmp_path / 'run'))
    cluster.unpack(parcel, str(tmp_path / 'other'))
    assert os.listdir(str(tmp_path / 'other' / 'checkpoints' / '0000')) == ['state.npz']


def unpack_as_nobody_special(parcel, run, times):
    drop_roots_privilege()
    try:
        cluster.unpack(parcel, run)
    except OSError as error:
        times.put(str(error))
    else:
        times.put(None)


def test_a_parcel_that_cannot_be_put_loses_nothing(tmp_path):
    run = tmp_path / 'run'
    (run / 'samples').mkdir(parents=True)
    (run / 'samples' / '000.png').write_text('strip')
    (run / 'run.json').write_text('{}')
    parcel, before = cluster.pack(str(run)), snapshot(run)
    (run / 'samples').chmod(0o555)
    said = CONTEXT.Queue()
    process = CONTEXT.Process(target=unpack_as_nobody_special, args=(parcel, str(run), said))
    process.start()
    assert 'Permission denied' in said.get(timeout=60)
    process.join()
    (run / 'samples').chmod(0o755)
    assert snapshot(run) == before and os.listdir(str(tmp_path)) == ['run']
