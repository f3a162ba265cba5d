"""Training on the workers of a cluster, an engine for `several` as Here is, by dask.distributed.

The cluster is there already: a scheduler (`dask scheduler`), and on each machine `make worker SCHEDULER=HOST:PORT`
in a clone of this project. A worker is sent a job's words and sends back its run, packed: whenever there is a
new checkpoint, so that another can go on from there if this one is gone, and at the end.
"""

import asyncio
import concurrent.futures
import contextlib
import hashlib
import io
import logging
import os
import tempfile
import time
import uuid
import zipfile

import distributed

from lab import checkpoints, files, listings, machine, records
from lab.errors import BadInput, reason, say
from lab.folder import Folder
from tools import environment, jobs, travelling

PATIENCE = 5  # seconds for a scheduler to answer
LOST = 60  # seconds that a message may wait
SHARE = 20  # a run is sent so seldom that it takes at most one SHAREth of the time
WAITING = 50  # messages in the scheduler's memory: who sends a run then waits, and sends the next one later
BATCH = 20  # messages at a time, each of which may hold a run
PROGRESS = 1  # seconds between two lines of progress of a training
KINDS = {kind.__name__: kind for kind in (jobs.Line, jobs.Progress)}
PARCEL = 'Parcel'  # the third kind: a name and a packed run


def versions(file):
    """What has to be the same where a listing is trained: {what: version}."""
    above = listings.CHAPTER09
    ours = sorted(os.path.join('lab', name) for name in os.listdir(os.path.join(above, 'lab')) if name.endswith('.py'))
    digests = ''.join(files.digest(os.path.join(above, name)) for name in [*ours, 'input_data.py', 'layers.py'])
    return {'TensorFlow': environment.version('tensorflow'), 'lab': hashlib.sha256(digests.encode()).hexdigest()[:12],
            file: files.digest(os.path.join(above, file))[:12]}


async def _meet(address):
    """Sees to it that a scheduler answers at an address, for with anything else dask waits, or ends in tracebacks.

    Raises OSError or TimeoutError if nothing answers, ValueError if it is something else that does.
    """
    try:
        async with distributed.rpc(address, timeout=PATIENCE) as there:
            kind = (await asyncio.wait_for(there.identity(), PATIENCE))['type']
    except (OSError, asyncio.TimeoutError):
        raise
    except Exception as error:  # whatever can be made of the words of another program
        raise ValueError('something else does: %s' % reason(error)) from None
    if kind != 'Scheduler':
        raise ValueError('something else does: %.60r' % (kind,))


class Place:
    """Where a run is kept on the machine that asks for it, which no other process may use meanwhile.

    Raises BadInput if it cannot be kept in that folder.
    """

    def __init__(self, training):
        self._folder = Folder(training.run, None)
        self._is_begun, self._has_ended = '--resume' in training.words and records.is_run(self._folder.path), False
        self._folder.check(records.resumable(self._folder.path) if self._is_begun else None)
        self._folder.lock()
        self.release = self._folder.release

    def parcel(self):
        """The run so far, packed; None if there is nothing to go on from."""
        return pack(self._folder.path, 1) if self._is_begun else None

    def keep(self, parcel, is_last=False):
        """Keeps a packed run in the place of what was known of it; an earlier run is moved, as always.

        One that comes after the last, which travels by another way, is passed over.
        """
        if self._has_ended:
            return
        self._has_ended = is_last
        if not self._is_begun:
            self._folder.begin(None, '')
            self._is_begun = True
        with files.refusals(self._folder.path):
            unpack(parcel, self._folder.path)


class Cluster:
    """As `several.Here`, on the workers of the scheduler at `address`, HOST:PORT.

    path  of the listing, which is the same for all trainings

    Raises BadInput if there is no such scheduler, or none of its workers is of use.
    """

    def __init__(self, address, path):
        self._address, self._file, self._tag = address, os.path.basename(path), 'chapter09-' + uuid.uuid4().hex
        self._places, self._begun, self._refusals = {}, {}, {}  # of each worker that has come, why, or None
        for handler in logging.getLogger('distributed').handlers:
            handler.setLevel(logging.CRITICAL)  # what matters of it is said here
        try:
            asyncio.run(_meet(address))
            self._client = distributed.Client(address, timeout=PATIENCE, set_as_default=False)
        except (OSError, ValueError, asyncio.TimeoutError) as error:
            raise BadInput('--scheduler %s does not answer (%s): is a scheduler running there? (dask scheduler)'
                           % (address, reason(error))) from None
        self.stop = distributed.Event(self._tag, client=self._client)
        self._told = distributed.Queue(self._tag, client=self._client, maxsize=WAITING)
        self._executor = self._client.get_executor(pure=False, resources={self._tag: 1})

    def __enter__(self):
        with self._answering():
            self._client.register_plugin(travelling.Admission(self._tag, self._file, versions(self._file)), self._tag)
            deadline = time.monotonic() + PATIENCE
            while len(self._refusals) < len(self._workers()) and time.monotonic() < deadline:
                self._look_at_workers()
                time.sleep(jobs.INTERVAL)
            if self._refusals and None not in self._refusals.values():
                self.__exit__()
                raise BadInput('no worker of %s can train this: mend one, or bring another' % self._address)
            if not self._refusals:
                say('waiting for workers: make worker SCHEDULER=%s in clones of this folder' % self._address)
        return self

    def __exit__(self, *error):
        with contextlib.suppress(Exception):  # the scheduler may be going, and what has ended all this matters more
            if self._client.status == 'running':
                self.stop.set()
                self._client.unregister_worker_plugin(self._tag)
        self._client.close(PATIENCE)
        for place in self._places.values():
            place.release()

    @contextlib.contextmanager
    def _answering(self):
        """Makes of a scheduler that is gone a BadInput."""
        try:
            yield
        except (OSError, concurrent.futures.CancelledError, asyncio.CancelledError):
            raise BadInput('the scheduler %s is gone; what had come back is kept. To go on, give the same command with '
                           '--resume' % self._address) from None

    def _workers(self):
        return self._client.scheduler_info(n_workers=-1)['workers']

    def _look_at_workers(self):
        """Says which of those that have come are of no use."""
        for _, (worker, why) in self._client.get_events(self._tag):
            if worker not in self._refusals:
                self._refusals[worker] = why
                if why:
                    say('worker %s is left out: %s' % (worker, why))

    def submit(self, training):
        """As `several.Here.submit`; a run that is to go on travels with it. What cannot be kept is not begun."""
        try:
            if training.name not in self._places:
                self._places[training.name] = Place(training)
            parcel = self._places[training.name].parcel()
        except BadInput as error:
            future = concurrent.futures.Future()
            future.set_result((jobs.Ended(2, str(error)), None))
            return future
        begun = distributed.Event('%s-%s' % (self._tag, uuid.uuid4().hex), client=self._client)
        with self._answering():
            future = self._executor.submit(
                travelling.train, training.name, self._file, training.words, parcel, self._told, self.stop, begun)
        self._begun[future] = begun
        return future

    def withdraw(self, futures):
        """As `several.Here.withdraw`; there may be no worker that would ever begin them."""
        with self._answering():
            for future in futures:
                if future in self._begun and not self._begun[future].is_set():
                    future.cancel()

    def result(self, training, future):
        """As `several.Here.result`; raises jobs.Again if the worker is gone."""
        with self._answering():
            try:
                ended, parcel = future.result()
            except distributed.KilledWorker:
                raise jobs.Again from None
        if parcel:
            self._places[training.name].keep(parcel, is_last=True)
        return ended

    def news(self):
        """As `several.Here.news`; runs that come in are kept."""
        with self._answering():
            self._look_at_workers()
            waiting = self._told.qsize()
        if not waiting:
            time.sleep(jobs.INTERVAL)
        for first in range(0, waiting, BATCH):
            with self._answering():
                told = self._told.get(batch=min(waiting - first, BATCH))
            for kind, name, *rest in told:
                if kind == PARCEL:
                    self._places[name].keep(*rest)
                else:
                    yield KINDS[kind](name, *rest)


def train(name, file, words, parcel, told, stop, begun):
    """The job, on a worker; returns (jobs.Ended or None, the run, packed, or None).

    file    of the listing in chapter09/
    parcel  the run that is to go on, packed, or None
    begun   an Event of this submission's own: where a worker is gone, the scheduler begins its jobs elsewhere,
            without what has come of them meanwhile. Then jobs.Again is raised.
    """
    if begun.is_set():
        raise jobs.Again(name)
    begun.set()
    line = _ToClient(told, stop)
    try:
        with tempfile.TemporaryDirectory(prefix='run-', dir=distributed.get_worker().local_directory) as folder:
            run = os.path.join(folder, 'run')
            if parcel:
                unpack(parcel, run)
                words = [*words, '--resume']
            sender = _Sender(name, run, line)
            ended = jobs.train(name, os.path.join(listings.CHAPTER09, file), [*words, *jobs.kept_in(run)], 1, line,
                               line, sender.send)
            return ended, pack(run) if records.is_run(run) else None
    except OSError as error:
        return jobs.Ended(2, 'its worker: %s' % reason(error)), None


class _ToClient:
    """The queue and the Event of a client that may be gone: then there is nobody to tell, and it is time to stop."""

    def __init__(self, told, stop):
        self._told, self._stop, self._is_gone, self._shown = told, stop, False, 0
        worker = distributed.get_worker()
        self._tasks, self._key = worker.state.tasks, worker.get_current_task()

    def put(self, each):
        if isinstance(each, jobs.Progress):
            if time.monotonic() < self._shown + PROGRESS:
                return
            self._shown = time.monotonic()
        self.send(type(each).__name__, *each)

    def send(self, *each):
        try:
            self._told.put(each, timeout=LOST)
        except Exception:
            self._is_gone = True

    def is_set(self):
        try:
            return self._is_gone or not self._is_wanted() or self._stop.is_set()
        except Exception:
            return True

    def _is_wanted(self):
        """Whether the scheduler still waits for the job: of a client that is gone, it gives all up."""
        task = self._tasks.get(self._key)
        return task is not None and task.state == 'executing'


class _Sender:
    """Sends a run to the client when it has a new checkpoint, if the time that takes allows it."""

    def __init__(self, name, run, line):
        self._name, self._run, self._line, self._sent, self._next = name, run, line, None, 0

    def send(self):
        newest = checkpoints.epochs(os.path.join(self._run, records.CHECKPOINTS))[:1]
        began = time.monotonic()
        if newest and newest != self._sent and began >= self._next:
            with contextlib.suppress(FileNotFoundError):  # the run has removed it just now
                self._line.send(PARCEL, self._name, pack(self._run, 1))
                self._sent, self._next = newest, time.monotonic() + SHARE * (time.monotonic() - began)


def pack(run, kept=checkpoints.KEPT):
    """What a run keeps in its folder, with its newest `kept` checkpoints, as the bytes of a zip file.

    It may be in use: a checkpoint is the last that is written of an epoch, so it is the first that is packed.
    """
    folder, packed = os.path.join(run, records.CHECKPOINTS), io.BytesIO()
    with zipfile.ZipFile(packed, 'w', strict_timestamps=False) as archive:  # of before 1980 as well
        for epoch in checkpoints.epochs(folder)[:kept]:
            path = os.path.dirname(checkpoints.path_of(folder, epoch))
            for name in sorted(checkpoints.WHOLE.intersection(os.listdir(path))):
                archive.write(os.path.join(path, name), os.path.join(records.CHECKPOINTS, '%04d' % epoch, name))
        strips = records.strips(os.path.join(run, records.SAMPLES)).values()
        for path in (*(os.path.join(run, name) for name in records.FILES), *strips):
            if os.path.isfile(path):
                archive.write(path, os.path.relpath(path, run))
    return packed.getvalue()


def unpack(parcel, run):
    """Puts a packed run into a folder, in the place of what is known of it there; what else somebody keeps there stays.

    Whenever it is killed, there is a run that can go on: a checkpoint comes whole, and before all that tells of it.
    """
    os.makedirs(run, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix='.', suffix='.part', dir=os.path.dirname(run)) as part:
        with zipfile.ZipFile(io.BytesIO(parcel)) as archive:
            archive.extractall(part)
        newest = checkpoints.epochs(os.path.join(part, records.CHECKPOINTS))[:1]
        _move_into(run, part)
    for epoch in newest:
        checkpoints.clean(os.path.join(run, records.CHECKPOINTS), epoch)


def _move_into(folder, new):
    for name in sorted(os.listdir(new)):  # checkpoints/ is the first
        source, target = os.path.join(new, name), os.path.join(folder, name)
        if os.path.isdir(source) and os.path.isdir(target):
            _move_into(target, source)
        else:
            os.replace(source, target)


def work(address):
    """A worker for the scheduler at `address`, with as many threads as there are cores, until it is stopped."""
    async def until_it_ends():
        say('waiting for the scheduler at %s to answer' % address)
        while True:  # it may come later
            try:
                await _meet(address)
                break
            except (OSError, asyncio.TimeoutError):
                await asyncio.sleep(jobs.INTERVAL)
        async with distributed.Worker(address, nthreads=machine.cores(), memory_limit=0) as worker:
            say('worker %s: trains for %s' % (worker.address, address))
            await worker.finished()

    try:
        asyncio.run(until_it_ends())
    except (OSError, ValueError, asyncio.TimeoutError) as error:
        raise BadInput('the scheduler %s does not answer (%s): is one running there? (dask scheduler)'
                       % (address, reason(error))) from None
    return 0
