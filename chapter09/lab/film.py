"""What a run keeps of each epoch to be watched by: the same digits each time, and what D thinks.

The noise behind it is drawn once, apart from the run's own, which goes on as if there were no film.
"""

import os

import numpy as np
import tensorflow.compat.v1 as tf

from lab import files, noise, records, told
from lab.errors import reason
from lab.frames import COLUMNS, DIGITS, EPOCH, LABELS, ROWS, read

JUDGED = 1000  # images, real and generated, that D_mean is of
PIECE = 100  # images at a time, which takes less memory


class Film:
    """The film of a run.

    folder  the run's
    page    the listing's parts (`lab.page.Page`)
    test    the test images and labels of `input_data`, which D is asked about, or None
    seed    of its noise

    Of a listing that lacks what it takes there are no digits, which are black then, or no D_mean, which is nan; the
    reader is told.
    Attribute: `D_gene`, of each epoch, once it has begun.
    """

    def __init__(self, folder, page, test, seed):
        self._path, self._page = os.path.join(folder, records.FILM), page
        self._digits_feed, self._judged_feeds, self._said = None, [], False
        self.D_gene = []
        G, X, Y, Z = map(page.get, 'GXYZ')
        if page.noise_shape() is None or not G.shape.ndims or G.shape[1:].num_elements() != 28 * 28:
            return
        if Y is not None and Y.shape.ndims is None:
            told.say('Y')
            return
        drawn = noise.drawn(page.get_noise, page.noise_shape(), JUDGED, seed)
        self._digits_feed = {Z: drawn[:DIGITS]}
        if Y is not None:
            self._digits_feed[Y] = noise.labels_of(LABELS, Y.shape.as_list())
        if test is None or X is None or not {'D_real', 'D_gene'} <= page.parts.keys():
            return
        before = test.get_state()
        images, labels = test.next_batch(min(JUDGED, test.num_examples), shuffle=False)
        test.set_state(before)
        judged = {Z: drawn[:len(images)], X: images}
        if Y is not None:
            judged[Y] = labels
        # In pieces of the size of a batch, which take no more memory than the training.
        self._judged_feeds = [{tensor: array[start:start + PIECE] for tensor, array in judged.items()}
                              for start in range(0, len(images), PIECE)]

    def begin(self, first):
        """Cuts the film back to the epochs before the first to be run."""
        kept = read(os.path.dirname(self._path)) if first and os.path.exists(self._path) else np.empty(0, EPOCH)
        kept = kept[(0 <= kept['epoch']) & (kept['epoch'] < first)]
        D_gene = np.full(first, np.nan)
        D_gene[kept['epoch']] = kept['D_gene']
        self.D_gene = D_gene.tolist()
        with files.whole(self._path) as part, open(part, 'wb') as file:
            file.write(kept.tobytes())  # ndarray.tofile would not tell why it could not

    def append(self, sess, epoch, feeds):
        """Adds an epoch; `feeds`, {name: number}, is what the listing feeds beside X, Y and Z."""
        frame = np.zeros(1, EPOCH)
        frame['epoch'], frame['D_real'], frame['D_gene'] = epoch, np.nan, np.nan
        try:
            if self._digits_feed:
                digits = sess.run(self._page.get('G'), dict(self._digits_feed, **feeds)).reshape(DIGITS, -1)
                self._look_at(digits)
                levels = np.rint(255 * np.clip(np.nan_to_num(digits), 0, 1))
                frame['digits'] = levels.reshape(1, ROWS, COLUMNS, 28, 28)
            if self._judged_feeds:
                frame['D_real'], frame['D_gene'] = self._means(sess, feeds)
        except (ValueError, TypeError, tf.errors.InvalidArgumentError) as error:
            told.say('no film', reason(error))
            self._digits_feed, self._judged_feeds = None, []
        self.D_gene += frame['D_gene'].tolist()
        with files.refusals(self._path), open(self._path, 'ab') as file:
            file.write(frame.tobytes())

    def _means(self, sess, feeds):
        answers = [sess.run([self._page.get('D_real'), self._page.get('D_gene')], dict(feed, **feeds))
                   for feed in self._judged_feeds]
        for n, name in enumerate(['D_real', 'D_gene']):
            found = np.concatenate([answer[n] for answer in answers])
            if not self._page.is_probability(name):  # §9.2's are logits
                found = 1 / (1 + np.exp(-found.astype(np.float64)))
            yield found.mean()

    def _look_at(self, digits):
        """Says once if G leaves the range of the images."""
        low, high = float(digits.min()), float(digits.max())
        if (low < 0 or high > 1) and not self._said:
            self._said = True
            told.say('range', low, high)
