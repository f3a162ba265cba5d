"""What the session sees of the training: the losses of each iteration, whatever the loop around it is."""

import collections
import math

import numpy as np
import tensorflow.compat.v1 as tf

LOSSES = 'loss_D', 'loss_G'
Seen = collections.namedtuple('Seen', ['steps', 'losses', 'draws'])


class Iterations:
    """The iterations of an epoch, of which the session tells (`Session.watched_by`).

    A step is a run that fetches train_D or train_G, or, where the listing has no such name, its loss. The loss may
    also come of a run of its own after the step. A new
    iteration begins with the step that began the one before, once each network has had one: so the page's D G D
    G are two iterations, and D D G D D G are two as well.

    parts       `Page.parts`
    each_step   called after each step with (iteration, D loss, G loss), from 1 on; nan is what is not told yet
    not_finite  called with ('D' or 'G', loss) when a loss is no finite number, before the step's results go back

    Attributes: `rows`, [D loss, G loss] of each iteration of the epoch; `feeds`, {name: number} of the scalars
    that the listing has fed beside X, Y and Z, when it last drew from G or else when it trained.
    """

    def __init__(self, parts, each_step, not_finite):
        self._parts, self._each_step, self._not_finite = parts, each_step, not_finite
        self._steps_of = {'D': parts.get('train_D', parts.get('loss_D')),
                          'G': parts.get('train_G', parts.get('loss_G'))}
        self._all = {network for network, step in self._steps_of.items() if step is not None}
        self._placeholders = {id(parts[name]) for name in ('X', 'Y', 'Z') if name in parts}
        self.feeds = {}
        self._recent = {network: collections.deque(maxlen=100) for network in 'DG'}
        self._drew = False
        self.rows, self._first, self._had = [], None, set()

    def begin_epoch(self):
        self.rows, self._first, self._had = [], None, set()

    def sees(self, fetches):
        """What of fetches is of interest; None if nothing is."""
        found = list(_leaves(fetches, ()))
        steps = {network for network, step in self._steps_of.items() if _fetched(step, found)}
        losses = [(n, path) for n, name in enumerate(LOSSES) for path in _fetched(self._parts.get(name), found)[:1]]
        draws = bool(_fetched(self._parts.get('G'), found))
        return Seen(frozenset(steps), losses, draws) if steps or draws or losses else None

    def ran(self, seen, results, feed_dict):
        """Takes in a run of the session: what `sees` said of its fetches, what it gave, what it was fed."""
        if seen.draws or not self._drew:
            self._note_feeds(feed_dict or {}, seen)
        if seen.steps and (not self.rows or self._first in seen.steps and self._had >= self._all):
            self.rows.append([math.nan, math.nan])
            self._first, self._had = min(seen.steps), set()
        self._had |= seen.steps
        # Without a step it is the last step's, unless that has had one: then it is of other images.
        losses = [(n, path) for n, path in seen.losses if seen.steps or self.rows and math.isnan(self.rows[-1][n])]
        for n, path in losses:
            value = results
            for key in path:
                value = value[key]
            self.rows[-1][n] = float(value)
            self._recent['DG'[n]].append(float(value))
        for n, _ in losses:
            if not math.isfinite(self.rows[-1][n]):
                self._not_finite('DG'[n], self.rows[-1][n])
        if seen.steps or losses:
            self._each_step(len(self.rows), *self.rows[-1])

    def idle(self):
        """Whether no step has been made in this epoch, of a listing whose steps can be seen."""
        return bool(self._all) and not self.rows

    def last(self):
        """The last D loss and the last G loss of the epoch; nan where there was none."""
        return [next((row[n] for row in reversed(self.rows) if not math.isnan(row[n])), math.nan) for n in (0, 1)]

    def fell(self, network):
        """If a loss has only fallen of late, what that says of its sign, as of `told.text`; else None."""
        losses = list(self._recent[network])
        falls = [later < earlier for earlier, later in zip(losses, losses[1:])]
        if len(falls) >= 5 and all(falls):
            return 'fell', len(falls), network
        return None

    def _note_feeds(self, feed_dict, seen):
        if len(feed_dict) > 1:
            scalars = {tensor.name: value for tensor, value in feed_dict.items()
                       if isinstance(tensor, tf.Tensor) and id(tensor) not in self._placeholders
                       and np.ndim(value) == 0 and np.asarray(value).dtype.kind in 'biuf'}
            if scalars:
                self._drew = seen.draws
                self.feeds.update({name: np.asarray(value).item() for name, value in scalars.items()})


def _leaves(fetches, path):
    """(path, fetch) of each single fetch in the structures that tf.Session.run takes."""
    if isinstance(fetches, dict):
        for key, fetch in fetches.items():
            yield from _leaves(fetch, (*path, key))
    elif isinstance(fetches, (list, tuple)):
        for n, fetch in enumerate(fetches):
            yield from _leaves(fetch, (*path, n))
    else:
        yield path, fetches


def _fetched(part, found):
    """The paths under which a tensor or operation is fetched, itself or by its name."""
    names = () if part is None else (part.name, getattr(part, 'op', part).name)
    return [path for path, fetch in found if fetch is part and part is not None
            or isinstance(fetch, str) and fetch in names
            or isinstance(part, tf.Operation) and fetch is part]
