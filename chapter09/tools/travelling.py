"""What travels to a cluster as it is: its scheduler has no clone to import from, and its workers may have none."""

from distributed.diagnostics.plugin import WorkerPlugin


class Admission(WorkerPlugin):
    """Gives a worker, now or when it comes, as many of a resource as it has threads; or tells why it gets none.

    name      the resource's, and the topic of what is told: [worker's address, why]
    file      of the listing
    versions  `cluster.versions` of the machine that asks
    """

    def __init__(self, name, file, versions):
        self.name, self._file, self._versions = name, file, versions

    async def setup(self, worker):
        why = self._refusal()
        worker.log_event(self.name, [worker.address, why])
        if why is None:
            await worker.set_resources(**{self.name: worker.state.nthreads})

    async def teardown(self, worker):
        await worker.set_resources(**{self.name: 0})

    def _refusal(self):
        try:
            from tools import cluster
            found = cluster.versions(self._file)
        except Exception as error:  # whatever the worker is, it is not what is needed
            return 'it has no clone of this version (%s): start it there by make worker' % error
        for what, version in self._versions.items():
            if found.get(what) != version:
                return 'it has another %s (%s; here %s)' % (what, found.get(what), version)
        return None


def train(*words):
    """`cluster.train`, of the worker's own clone."""
    from tools import cluster
    return cluster.train(*words)


Admission.__module__ = train.__module__ = '__main__'  # of which nothing is imported elsewhere: pickled as they are
