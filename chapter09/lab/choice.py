"""What is chosen for a run: by the command line, by arguments, by the run that is resumed, by the listing."""

import math
import numbers
import os
import random
import sys
from argparse import ArgumentTypeError

from lab import errors, listings, options
from lab.errors import BadInput


class Choice:
    """The numbers and options of a run.

    namespace  the listing's globals, whose numbers are the defaults and get what is chosen
    arguments  as of lab.Run: options by keyword, which the command line goes before

    Attributes: `listing`, a `listings.Listing`; `text` and `title`, the listing's, None and '' where there is
    none, and in a notebook of the cells from that of lab.Run to the one that asks; `numbers`, {name: number};
    `given`, those of them that were chosen rather than left to the listing; `options`, {name: value} of the lab's
    own, None where there is none; `is_script`, whether it is a program of its own.
    Ends a program with status 2 if an option cannot be used, and raises BadInput elsewhere.
    """

    def __init__(self, namespace, arguments):
        if not isinstance(namespace, dict):
            raise BadInput('lab.Run takes the names of the listing, lab.Run(globals()), and %.30r has none'
                           % (namespace,))
        self._namespace = namespace
        file = namespace.get('__file__')
        self.is_script = bool(file and namespace.get('__name__') == '__main__'
                              and sys.argv and sys.argv[0] and _are_one(sys.argv[0], file))
        self._text = listings.read(file) if file and os.path.isfile(file) else None
        self._cells = [] if self._text else _cells(namespace)
        self._first = len(self._cells) - 1  # of the notebook's cells that are the listing
        self._trained = None  # the number among these of the cell that has trained
        self.listing = listings.to_be_run(file or listings.NOTEBOOK + '.py')
        self.title = listings.title(self.text or '')
        self._made = listings.Numbers(self.text, file) if file and self.text else None
        defaults = self._made.written if self._made else _numbers_in(namespace)
        self.numbers = {name: namespace[name] for name in defaults if listings.is_number(namespace.get(name))}
        self.numbers.pop('seed', None)
        self._has_seed, seed = _seed_in(namespace)
        defaults = options.defaults(self.listing, dict(self.numbers, seed=seed))
        self._parser = options.parser(self.title, self.numbers, defaults)
        chosen = self._parse(self._parser, arguments)
        if self.is_script:
            chosen.update(vars(self._parser.parse_args()))
        self.options = {name: chosen.get(name, default) for name, default in defaults.items()}
        names = {options.option_of(name).replace('-', '_'): name for name in self.numbers
                 if name not in options.RESERVED}  # what a number of that name is, its option does not set
        self.given = {names[option]: value for option, value in chosen.items() if option in names}
        self._seed_given, self._data_given = 'seed' in chosen, 'data' in chosen

    @property
    def text(self):
        cells = list(map(str, self._cells[self._first:]))
        if self._trained is not None:  # of what was run since, what looks at the run is no part of the listing
            before, (*since, last) = cells[:self._trained], cells[self._trained:]
            cells = [*before, *(cell for cell in since if listings.changes(cell, before, last)), last]
        cells = [cell for cell in cells if not listings.only_looks(cell)]
        return '\n\n'.join(dict.fromkeys(cells)) or self._text  # a cell that is run again is no change

    def trains(self):
        """To be called when the training begins: by the cell that is being run, in a notebook."""
        if self._cells and self._trained is None:
            self._trained = len(self._cells) - 1 - self._first

    def comparable(self, text):
        """What of a text tells whether it has changed: in a notebook not what lab.Run is told, as resume=True."""
        return listings.untold(text) if self._cells else text

    def _parse(self, parser, arguments):
        """Checks keyword arguments as those of a command line are checked."""
        words = list(options.arguments(arguments, self.numbers))
        if not self.is_script:
            parser.error = _raise
        return vars(parser.parse_args(words))

    def _checked(self, name, value):
        """A number of a record, if the command line would take it."""
        option = options.option_of(name)
        return self._parse(self._parser, {option: value})[option.replace('-', '_')]

    def settle(self, record):
        """Settles on numbers and a seed, with the record of the run that is resumed or None; sets the numbers.

        Raises BadInput if the run was begun with others than are given now, or if the listing has one that the option
        of that name would not take.
        """
        if record:
            for name, value in self.given.items():
                if options.option_of(name) != 'epochs' and record['numbers'].get(name, value) != value:
                    raise _begun_with(self, options.option_of(name), record['numbers'][name])
            if self._seed_given and self.options['seed'] not in ('random', record['seed']):
                raise _begun_with(self, 'seed', record['seed'])
            self.options['seed'] = record['seed']
            for name in record['given']:
                if name in self.numbers and name not in self.given:
                    self.given[name] = self._checked(name, record['numbers'].get(name, self.numbers[name]))
        if self.options['seed'] == 'random':
            self.options['seed'] = random.SystemRandom().randrange(options.SEEDS)
        # The listing's other numbers may be anything, such as what an earlier cell of a notebook has counted; those of
        # the page may not, however they were worked out.
        for name in sorted(options.OF_THE_PAGE - set(self.given)):
            number = self._namespace.get(name)
            why = listings.is_number(number) and options.refused(name, number)
            if why:
                raise BadInput('%s = %s in the listing: %s' % (name, number, why))
        self.numbers.update(self.given)
        chosen = dict(self.given, seed=self.options['seed']) if self._has_seed else self.given
        if self._made:
            self._made.choose(self._namespace, chosen)
        else:
            self._namespace.update(chosen)

    def overruled(self, total_epoch, seed, data):
        """What was chosen and a training does not go by, as of `told.text`.

        total_epoch, seed, data  of the training: its epochs, its graph's seed, the folder of its data sets; or None
        """
        for name in sorted(options.OF_THE_PAGE.intersection(self.numbers).union(self.given)):
            now = self._namespace.get(name)
            if listings.is_number(now) and now != self.numbers[name]:
                yield 'set again', name, now, self.numbers[name]
            elif name == options.EPOCHS and name in self.given and total_epoch != self.numbers[name]:
                yield 'other epochs', self.numbers[name], total_epoch
        if seed not in (None, self.options['seed']):
            yield 'other seed', seed, self.options['seed']
        if self._data_given and data and os.path.realpath(data) != os.path.realpath(self.options['data']):
            yield 'other data', data, self.options['data']


def _seed_in(namespace):
    """Whether there is a seed of the listing's own, and the one to begin with. Raises BadInput if it cannot be used.

    However it was worked out: another run than the one that is asked for would look like it.
    """
    own = namespace.get('seed')
    if not isinstance(own, (numbers.Number, str)):  # a function of that name is none
        return False, 7
    try:
        return True, options.seed(str(own))
    except (ArgumentTypeError, ValueError) as error:  # Python does not write down the largest numbers
        raise BadInput("the listing's seed: %s" % error) from None


def _begun_with(choice, option, value):
    return BadInput('%s was begun with --%s %s: go on with that, or begin a new run without --resume'
                    % (choice.options['run'], option, value))


def _raise(message):
    raise BadInput('%s; lab.Run takes options by keyword, as in epochs=3' % message)


def _cells(namespace):
    """The cells of a notebook so far, in a list that grows with them; [] where there are none."""
    cells = namespace.get('In')
    return cells if errors.in_ipython() and isinstance(cells, list) else []


def _are_one(name, file):
    """Whether a program's name is that of its file; a listing may have changed the working directory since."""
    return os.path.realpath(name) == os.path.realpath(file) or (
        not os.path.isabs(name) and os.path.basename(name) == os.path.basename(file))


def _numbers_in(namespace):
    return {name: value for name, value in namespace.items()
            if listings.is_number(value) and math.isfinite(value)  # math.inf is no number in JSON
            and not name.startswith('_') and name not in listings.GIVEN_BY_THE_DATA}
