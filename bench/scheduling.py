"""What a cluster's scheduler costs: jobs that sleep, in the place of trainings, by the engine of `sweep --scheduler`.

    python bench/scheduling.py --jobs 1000 --workers 50

Workers are processes on this machine, of one thread each. A job tells what a training tells, and sends back as many
bytes as a run has, as often as a run would. Prints how long all took, as a ratio to the sleep alone.
"""

import os
import sys
import time
import uuid

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'chapter09'))
os.environ['PYTHONPATH'] = os.path.join(ROOT, 'chapter09')  # of the workers

from lab import options  # noqa: E402, first: it has what is missing told

import distributed  # noqa: E402

from tools import jobs, several  # noqa: E402


class Sleeping:
    """An engine for `several.train` that has a cluster sleep, with the messages that `tools.cluster` sends.

    client  a distributed.Client
    job     the arguments of `sleep`
    """

    def __init__(self, client, *job):
        name = uuid.uuid4().hex
        self.stop, self._told = distributed.Event(name, client=client), distributed.Queue(name, client=client)
        self._executor, self._job, self.bytes = client.get_executor(pure=False), job, 0

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.stop.set()

    def submit(self, training):
        return self._executor.submit(sleep, training.name, *self._job, self._told, self.stop)

    def withdraw(self, futures):
        for future in futures:
            future.cancel()

    def result(self, training, future):
        self.bytes += len(future.result())
        return jobs.Ended(0, '')

    def news(self):
        waiting = self._told.qsize()
        told = self._told.get(batch=min(waiting, 20)) if waiting else []
        if not told:
            time.sleep(jobs.INTERVAL)
        for name, text, parcel in told:
            self.bytes += len(parcel)
            yield jobs.Line(name, text, False)


def sleep(name, seconds, parcels, size, told, stop):
    for n in range(parcels):
        until = time.monotonic() + seconds / parcels
        while time.monotonic() < until and not stop.is_set():
            time.sleep(min(jobs.INTERVAL, max(0, until - time.monotonic())))
        told.put((name, 'Epoch: %04d' % n, bytes(size)))
    return bytes(size)


def main():
    parser = options.Parser(description=__doc__)
    for name, default, text in (('jobs', 1000, 'how many'), ('workers', 50, 'how many'), ('seconds', 10, 'of a job'),
                                ('parcels', 3, 'that a job sends before its end'), ('kilobytes', 5200, 'of a parcel')):
        parser.add_argument('--' + name, metavar='N', type=options.whole(1, 10 ** 6), default=default,
                            help=text + ' (default: %(default)s)')
    given = parser.parse_args()
    with distributed.LocalCluster(n_workers=given.workers, threads_per_worker=1, processes=True, memory_limit=0,
                                  dashboard_address=None) as machines:
        trainings = [several.Training('seed %d' % n, 'gan_basic.py', []) for n in range(given.jobs)]
        engine = Sleeping(machines.get_client(), given.seconds, given.parcels, given.kilobytes * 1000)
        began = time.monotonic()
        several.train(trainings, engine)
        took = time.monotonic() - began
    alone = given.seconds * -(-given.jobs // given.workers)
    assert all(training.ended == (0, '') for training in trainings)
    print('%d jobs of %d s on %d workers: %.1f s, %.3f of the sleep alone; %.2f GB came back' % (
        given.jobs, given.seconds, given.workers, took, took / alone, engine.bytes / 1e9))


if __name__ == '__main__':
    main()
