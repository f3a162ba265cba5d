"""What a run draws from, besides TensorFlow: where numpy's generators and the data sets stand.

It is found in the listing's namespace, whatever the listing calls it: numpy's global generator and Python's,
generators of the listing's own (`rng = np.random.default_rng(3)`), and whatever has get_state() and
set_state(), as the data sets of `input_data` have, alone or in a tuple. What else a listing counts or collects
is not known here, and begins anew in a run that is resumed.
"""

import contextlib
import hashlib
import json
import operator
import random

import numpy as np


class State:
    """The state of all that is found in a namespace."""

    def __init__(self, namespace):
        self._sets, self._generators = {}, {}
        for name, value in list(namespace.items()):
            if name.startswith('_'):
                continue
            parts = {name: value}
            if isinstance(value, tuple):
                fields = getattr(value, '_fields', range(len(value)))
                parts = {'%s.%s' % (name, field): part for field, part in zip(fields, value)}
            for part_name, part in parts.items():
                if isinstance(part, np.random.RandomState) or hasattr(type(part), 'bit_generator'):
                    self._generators[part_name] = part
                elif hasattr(type(part), 'get_state') and hasattr(type(part), 'set_state'):
                    if not any(part is known for known in self._sets.values()):
                        self._sets[part_name] = part

    def data(self):
        """The SHA-256 of the data sets' content, whatever their present order; None if there are none."""
        digests = [part.digest() for part in self._sets.values() if hasattr(part, 'digest')]
        return hashlib.sha256(''.join(digests).encode()).hexdigest() if digests else None

    def get(self):
        """The state as {name: array or number}, for an .npz file."""
        keys, position, has_gauss, gauss = np.random.get_state()[1:]
        version, words, gauss_next = random.getstate()
        found = {'numpy/keys': keys, 'numpy/position': position, 'numpy/has_gauss': has_gauss, 'numpy/gauss': gauss,
                 'python/version': version, 'python/words': np.array(words, np.uint64),
                 'python/gauss': np.nan if gauss_next is None else gauss_next}
        for name, generator in self._generators.items():
            found['generator/' + name] = json.dumps(_of(generator), default=_plain)
        for name, part in self._sets.items():
            found.update({'set/%s/%s' % (name, key): value for key, value in part.get_state().items()})
        return found

    def set(self, state):
        """Goes back to a state. Raises KeyError, TypeError or ValueError if it is none of these parts'."""
        _set(np.random, ('MT19937', state['numpy/keys'], operator.index(state['numpy/position']),
                         operator.index(state['numpy/has_gauss']), float(state['numpy/gauss'])))
        gauss_next = float(state['python/gauss'])
        random.setstate((operator.index(state['python/version']), tuple(int(word) for word in state['python/words']),
                         None if np.isnan(gauss_next) else gauss_next))
        for name, generator in self._generators.items():
            if 'generator/' + name in state:
                _set(generator, json.loads(str(state['generator/' + name])))
        for name, part in self._sets.items():
            begin = 'set/%s/' % name
            own = {key[len(begin):]: value for key, value in state.items() if key.startswith(begin)}
            if own:
                part.set_state(own)

    @contextlib.contextmanager
    def untouched(self):
        """Leaves all as it was when the block ends, whatever the block has drawn."""
        before = self.get()
        try:
            yield
        finally:
            self.set(before)


def _of(generator):
    if isinstance(generator, np.random.RandomState):
        return [part.tolist() if isinstance(part, np.ndarray) else part for part in generator.get_state()]
    return generator.bit_generator.state


def _set(generator, state):
    if isinstance(generator, np.random.RandomState) or generator is np.random:
        if not 0 <= state[2] <= 624:  # numpy itself does not look, and reads beyond its words
            raise ValueError('it has no position %s' % state[2])
        if state[3] not in (0, 1):
            raise ValueError('it has no normal number left over %s times' % state[3])
        words = np.asarray(state[1])
        if words.dtype.kind not in 'iu' or not words[1:].any():  # of zeros alone, normal() looks for others for ever
            raise ValueError('its words are none of a generator')
        generator.set_state(tuple(state))
    else:
        if isinstance(state['state'].get('key'), list):
            words = generator.bit_generator.state['state']['key']  # of 32 bits, or of 64, as Philox has
            state['state']['key'] = np.array(state['state']['key'], words.dtype)
        generator.bit_generator.state = state


def _plain(value):
    return value.tolist() if isinstance(value, (np.ndarray, np.generic)) else str(value)
