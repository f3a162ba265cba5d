"""What a run keeps of each epoch to be watched by: the same digits each time, and what D thinks.

film.bin in the run's folder is an array of EPOCH, appended to at each epoch's end. The noise behind it is
drawn once, apart from the run's own, which goes on as if there were no film.
"""

import os

import numpy as np

import files
from errors import BadInput

ROWS, COLUMNS = 2, 10
DIGITS = ROWS * COLUMNS
JUDGED = 1000  # images, real and generated, that the discriminator's mean verdict is of
PIECE = 100  # images at a time, which takes less memory
EPOCH = np.dtype([
    ('epoch', '<i4'),
    ('D_real', '<f4'), ('D_gene', '<f4'),  # mean probability, 0 to 1, that D gives real and generated images
    ('digits', 'u1', (ROWS, COLUMNS, 28, 28))])  # of fixed noise, in §9.2 of the labels 0 to 9 in each row


class Film:
    """The film of a run.

    path       its file
    gan        the listing's graph: X, Z, G, D_real, D_gene, and Y if there are labels
    get_noise  the listing's
    n_noise    length of a noise vector
    test       the test images and labels of `input_data`, which D is asked about
    """

    def __init__(self, path, gan, get_noise, n_noise, test, seed):
        self._path, self._gan = path, gan
        images, labels = test.next_batch(min(JUDGED, test.num_examples), shuffle=False)
        state = np.random.get_state()
        np.random.seed(seed)
        noise = get_noise(JUDGED, n_noise)
        np.random.set_state(state)
        self._digits_feed = {gan.Z: noise[:DIGITS]}
        self._labelled = hasattr(gan, 'Y')
        judged = {gan.Z: noise[:len(images)], gan.X: images}
        if self._labelled:
            self._digits_feed[gan.Y] = np.eye(10)[np.arange(DIGITS) % 10]
            judged[gan.Y] = labels
        # In pieces of the size of a batch, which take no more memory than the training.
        self._verdict_feeds = [{tensor: array[start:start + PIECE] for tensor, array in judged.items()}
                               for start in range(0, len(images), PIECE)]

    def begin(self, first):
        """Cuts the film back to the epochs before the first to be run."""
        kept = read(self._path) if first and os.path.exists(self._path) else np.empty(0, EPOCH)
        with files.whole(self._path) as part:
            kept[kept['epoch'] < first].tofile(part)

    def append(self, sess, epoch):
        digits = sess.run(self._gan.G, self._digits_feed)
        verdicts = np.concatenate([sess.run([self._gan.D_real, self._gan.D_gene], feed)
                                   for feed in self._verdict_feeds], axis=1)
        if self._labelled:  # §9.2's are logits
            verdicts = 1 / (1 + np.exp(-verdicts.astype(np.float64)))
        frame = np.empty(1, EPOCH)
        frame['epoch'], frame['digits'] = epoch, np.rint(255 * digits).reshape(1, ROWS, COLUMNS, 28, 28)
        frame['D_real'], frame['D_gene'] = verdicts.mean(axis=(1, 2))
        with files.refusals(self._path), open(self._path, 'ab') as file:
            file.write(frame.tobytes())


def read(path):
    """The whole epochs in a film, EPOCH [n]; a run that is killed may leave a part of one behind them."""
    try:
        with open(path, 'rb') as file:
            content = file.read()
    except OSError as error:
        raise BadInput('%s cannot be read (%s): train first' % (path, error.strerror)) from None
    return np.frombuffer(content[:len(content) // EPOCH.itemsize * EPOCH.itemsize], EPOCH)
