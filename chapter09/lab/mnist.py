"""What the lab looks at of a listing's data."""

from lab.errors import BadInput
from lab.languages import counted


class Mnist:
    """The data sets that a listing reads, as far as they are input_data's, and how it divides them.

    Attributes: `test`, the test set, or None; `folder`, what they were read from, or None; `total_batch`, batches in
    an epoch, or None.
    """

    def __init__(self, namespace):
        sets = [value for value in namespace.values()
                if all(hasattr(getattr(value, name, None), 'get_state') for name in ('train', 'test'))]
        self._train, self.test = (sets[0].train, sets[0].test) if sets else (None, None)
        self.folder = getattr(self.test, 'folder', None)
        total_batch = namespace.get('total_batch')
        self.total_batch = total_batch if type(total_batch) is int else None
        self._batch_size = namespace.get('batch_size')

    def check(self, folder):
        """Raises BadInput if there are too few images to train with, or to draw a strip of."""
        if self.total_batch == 0:
            left = counted(self._train.num_examples, 'image') if self._train else 'few images'
            raise BadInput('%s leaves %s to train with, too few for a batch of %s: lower --batch-size, or take more '
                           'images or a smaller validation_size' % (folder, left, self._batch_size))
        if self.test is not None and self.test.num_examples < 10:
            raise BadInput('%s holds %s, too few for a strip of ten: put the right files there'
                           % (folder, counted(self.test.num_examples, 'test image')))
