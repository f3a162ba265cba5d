"""The commands of `python chapter09`: what each may be told, in one table.

Nothing here imports TensorFlow before it is known that there is something to do with it.
"""

import argparse
import importlib.util
import os
import re
import runpy
import sys
import unicodedata
import warnings

from lab import files, languages, listings, options, outputs, records
from lab.errors import BadInput, reason

DIGITS, ROWS, TILES = 1000, 100, 2000  # the most that is drawn at a time: in a row, of rows, in all
FRAMES = 1000
NAME = 60  # letters of a student's name
DEVICES = 'con|prn|aux|nul|(com|lpt)[0-9]'  # which Windows takes for such, whatever the ending
NO_LISTINGS = ['__main__.py', 'input_data.py', 'layers.py']  # in chapter09/


def train(listing):
    """The command that runs a listing, whose options are checked before TensorFlow is loaded."""
    def command(name, words):
        return run(name, [listing.file[:-3], *words])
    return command


def run(name, words):
    """Runs a listing of chapter09/ by its name, as `python chapter09/NAME.py` does."""
    if not words or words[0].startswith('-'):
        parser(name, 'runs a listing of chapter09/, such as a copy of gan_basic.py that you have changed',
               usage='%(prog)s LISTING [options of the listing]').parse_args(words or ['--help'])
    path = find_listing(words[0])
    listing_parser(path, prog(' '.join(['run', words[0]] if name == 'run' else [name]))).parse_args(words[1:])
    sys.argv = [path, *words[1:]]
    sys.path.insert(0, os.path.dirname(path))
    runpy.run_path(path, run_name='__main__')


def find_listing(name):
    """The path of a listing, by its file's name in chapter09/, with or without .py, or by the chapter's own name."""
    known = listings.CHAPTER.get(name)
    file = known.file if known else name if name.endswith('.py') else name + '.py'
    path = os.path.join(listings.CHAPTER09, file)
    if os.path.dirname(file) or file in NO_LISTINGS or not os.path.isfile(path):
        raise BadInput('there is no listing %s: copy one to there and change it, or name one of %s'
                       % (path, ', '.join(_all_listings())))
    return path


def _all_listings():
    for file in sorted(os.listdir(listings.CHAPTER09)):
        if file.endswith('.py') and file not in NO_LISTINGS and os.path.isfile(os.path.join(listings.CHAPTER09, file)):
            yield file[:-3]


def listing_parser(path, prog=None):
    """The Parser of a listing's options, by its text alone."""
    text = listings.read(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter('ignore')  # they come when it is run
            compile(files.read(path, listings.LARGEST), path, 'exec', dont_inherit=True)
        numbers = listings.Numbers(text, path).written
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        raise BadInput('%s cannot be run: %s (line %s): correct that line, or the one before it' % (
            path, getattr(error, 'msg', None) or reason(error), getattr(error, 'lineno', '?'))) from None
    listing = listings.to_be_run(path)
    return options.parser(listings.title(text), numbers, options.defaults(listing, numbers), prog)


def prog(name):
    return 'chapter09 ' + name


def parser(name, description, **keywords):
    return options.Parser(prog=prog(name), description=description, **keywords)


def several(name, words):
    from tools import several
    own = parser(name, several.__doc__)
    if name == 'sweep':
        own.add_argument('--listing', metavar='NAME', default='basic', help='the listing (default: basic)')
        own.add_argument('--seeds', metavar='"N N …"', type=several.seeds, default=['1', '2', '3', '4'],
                         help='where its random draws start (default: "1 2 3 4")')
        own.add_argument('--csv', metavar='FILE', type=options.file,
                         help='also write losses and D_mean of all epochs there')
        own.add_argument('--scheduler', metavar='HOST:PORT', type=options.address,
                         help="train on the workers of this scheduler of dask's (docs/speed.md)")
    chosen, rest = own.parse_known_args(words)
    if name == 'sweep':
        path = find_listing(chosen.listing)
        given = listing_parser(path, prog(name)).parse_args(rest)
        several.check(given, ['seed'], own)
        if chosen.scheduler:
            _need_distributed()
            for option in 'data', 'init':
                if hasattr(given, option):
                    own.error('--%s is of this machine, and --scheduler trains on others' % option)
        if chosen.csv:
            outputs.refuse('--csv', chosen.csv, '.csv', os.path.join(listings.ROOT, 'runs'))
        return several.sweep(path, chosen.seeds, rest, chosen.csv, chosen.scheduler)
    paths = [find_listing(listing) for listing in listings.CHAPTER]
    for path in paths:
        several.check(listing_parser(path, prog(name)).parse_args(rest), ['init'], own)
    return several.both(paths, rest)


def worker(name, words):
    own = parser(name, COMMANDS[name][1])
    own.add_argument('scheduler', metavar='HOST:PORT', type=options.address, help='where `dask scheduler` is running')
    chosen = own.parse_args(words)
    _need_distributed()
    from tools import cluster
    return cluster.work(chosen.scheduler)


def _need_distributed():
    if importlib.util.find_spec('distributed') is None:
        raise BadInput('this needs dask.distributed: %s -m pip install -r requirements-cluster.txt' % sys.executable)


def diff(name, words):
    """compare: are these digits as good as those?

    MINE and OTHER are each a strip, a folder of strips, a run's folder, or a folder that holds samples/ and
    samples2/; left out, they are the last runs here and reference/, what TensorFlow 1.15.5 gave. Prints a
    verdict on each strip and on each run, draws basic.png and conditional.png, and ends with status 1 if a run
    is worse than the other.
    """
    own = parser(name, _told(diff))
    own.add_argument('mine', metavar='MINE', type=options.place, nargs='?', default=listings.ROOT)
    own.add_argument('other', metavar='OTHER', type=options.place, nargs='?',
                     default=os.path.join(listings.ROOT, 'reference'))
    own.add_argument('--json', action='store_true', help='print one JSON object, for graders')
    own.add_argument('--out', metavar='DIR', type=options.folder, default=os.path.join(listings.ROOT, 'diff'),
                     help='folder for the pictures (default: %(default)s)')
    languages.add_option(own)
    chosen = own.parse_args(words)
    outputs.refuse('--out', os.path.join(chosen.out, 'basic.png'), '.png')
    from tools import compare
    return compare.main(chosen)


def grade(name, words):
    """marks the hand-ins of a lab, a folder or a zip for each student in one folder

    They hold what a lab leaves: strips, runs' folders, edited listings, or what `chapter09 handin` has packed. Into
    the folder of --out go grades.csv, a row for each student and listing; report.html, all strips to look at; and
    texts/, what to tell each student. The strips are judged as by diff, beside reference/; nothing of a hand-in is
    executed, and no weights are loaded.
    """
    own = parser(name, _told(COMMANDS[name][0]))
    own.add_argument('handins', metavar='DIR', type=options.place, help='the folder of the hand-ins')
    own.add_argument('--out', metavar='FOLDER', type=options.folder, default=os.path.join(listings.ROOT, 'grades'),
                     help='where the grades go (default: %(default)s)')
    languages.add_option(own)
    chosen = own.parse_args(words)
    from tools import grade
    return grade.main(chosen)


def handin(name, words):
    """packs the runs in runs/ into a zip to hand in, under a student's name

    Of each listing's newest run go in its record, listing, losses, strips, film and newest checkpoint. NAME may be
    Korean; it becomes the zip's name.
    """
    own = parser(name, _told(COMMANDS[name][0]))
    own.add_argument('student', metavar='NAME', type=_file_name, help='whose they are')
    own.add_argument('--out', metavar='FILE', type=options.file, help='zip to write (default: NAME.zip)')
    languages.add_option(own)
    chosen = own.parse_args(words)
    from tools import handin
    return handin.main(chosen)


def _file_name(text):
    """The type of a name that every system takes for a file."""
    name = unicodedata.normalize('NFC', text).strip()
    if not name.isprintable() or re.search(r'[<>:"|?*\\/]', name) or name[:1] in ('', '.', '-') or name[-1] == '.' \
            or re.fullmatch(DEVICES, name.split('.')[0].strip(), re.I):
        raise argparse.ArgumentTypeError('%.30r cannot be the name of a file: give a name such as 김민수' % text)
    if len(name) > NAME:
        raise argparse.ArgumentTypeError('it has %d letters, give %d at most' % (len(name), NAME))
    return name


def digits(name, words):
    """draws the digits one asks for, with the generator that a run has trained

    chapter09 digits 20261122           those digits, by §9.2's
    chapter09 digits --basic 20         twenty digits, by §9.1's, whichever come
    chapter09 digits --walk 3 7         a 3 that becomes a 7, as an animation

    The run's folder is only read.
    """
    own = parser(name, _told(digits))
    wanted = own.add_mutually_exclusive_group(required=True)
    wanted.add_argument('digits', metavar='DIGITS', type=_digits, nargs='?', help='the digits to draw')
    wanted.add_argument('--basic', metavar='N', type=options.whole(1, DIGITS), help='draw N digits by §9.1')
    wanted.add_argument('--walk', metavar=('A', 'B'), type=options.whole(0, 9), nargs=2,
                        help='go from the digit A to the digit B, from one noise vector to another')
    own.add_argument('--rows', metavar='N', type=options.whole(1, ROWS), default=1,
                     help='that many handwritings of it, a row each (default: 1)')
    own.add_argument('--frames', metavar='N', type=options.whole(2, FRAMES), default=30,
                     help='pictures on the way (default: 30)')
    own.add_argument('--seed', metavar='N', type=options.whole(0, 2 ** 32 - 1),
                     help='draw the same again; the seed in use goes to stderr (default: a new one)')
    own.add_argument('--run', metavar='DIR', type=_run,
                     help="a run's folder (default: runs/conditional, runs/basic)")
    own.add_argument('--out', metavar='FILE', type=options.file,
                     help='picture to write (default: digits.png, walk.gif)')
    own.add_argument('--npz', metavar='FILE', type=options.file,
                     help='also write the images, float32 [n, 28, 28] in [0, 1], and their labels')
    chosen = own.parse_args(words)
    n = chosen.basic or (chosen.frames if chosen.walk else len(chosen.digits))
    if chosen.rows * n > TILES and not chosen.walk:
        own.error('argument --rows: %d rows of %d digits are too many, ask for %d digits at most in all'
                  % (chosen.rows, n, TILES))
    chosen.out = chosen.out or os.path.join(listings.ROOT, 'walk.gif' if chosen.walk else 'digits.png')
    if chosen.npz and os.path.realpath(chosen.npz) == os.path.realpath(chosen.out):
        own.error('argument --npz: it is the file of --out; name another')
    from tools import digits as tool
    return tool.main(chosen)


def _run(text):
    """The type of a run's folder, which may be called as its listing's file is: runs/gan_basic, runs/my_gan.py."""
    path = options.place(text)
    listing = listings.find(path if path.endswith('.py') else path + '.py')
    own = os.path.join(os.path.dirname(path), listing.name)
    return own if records.is_run(own) and not records.is_run(path) else path


def _digits(text):
    """The type of the argument: digits, as a list."""
    if not text or not (text.isascii() and text.isdigit()):
        raise argparse.ArgumentTypeError('%.30r is not made of the digits 0 to 9' % text)
    if len(text) > DIGITS:
        raise argparse.ArgumentTypeError('%d digits are too many, ask for %d at most' % (len(text), DIGITS))
    return [int(digit) for digit in text]


def history(name, words):
    own = parser(name, COMMANDS[name][1])
    own.add_argument('--run', metavar='DIR', type=_run,
                     default=os.path.join(listings.ROOT, 'runs', 'conditional'),
                     help="a run's folder (default: %(default)s)")
    own.add_argument('--out', metavar='FILE', type=options.file, help='picture to write')
    chosen = own.parse_args(words)
    records.need_run(chosen.run)
    from tools import history
    return getattr(history, name)(chosen.run, chosen.out)


def page(name, words):
    """shows runs in the browser: one file to open, in which their networks draw, judge and are trained on

    chapter09 page                                  the last runs of both listings, where there is none the reference's
    chapter09 page runs/conditional runs/my_gan     those, side by side

    The runs' folders are only read.
    """
    own = parser(name, _told(page))
    own.add_argument('runs', metavar='RUN', type=_run, nargs='*', help="a run's folder")
    own.add_argument('--out', metavar='FILE', type=options.file, default=os.path.join(listings.ROOT, 'page.html'),
                     help='file to write (default: %(default)s)')
    chosen = own.parse_args(words)
    for run in chosen.runs:
        records.need_run(run, 'another')
    from tools import page as tool
    return tool.write(chosen.runs or list(tool.last_runs()), chosen.out)


def check(name, words):
    own = parser(name, COMMANDS[name][1])
    own.add_argument('number', metavar='N', type=options.whole(1, 10), help='of the exercise in docs/exercises.md')
    own.add_argument('--listing', metavar='NAME', default='my_gan', help='the listing (default: my_gan)')
    own.add_argument('--run', metavar='DIR', type=_run, help="a run's folder (default: runs/NAME)")
    languages.add_option(own)
    chosen = own.parse_args(words)
    chosen.text = None
    if not chosen.run:
        path = find_listing(chosen.listing)
        chosen.run, chosen.text = os.path.join(listings.ROOT, 'runs', listings.find(path).name), listings.read(path)
    if not records.is_run(chosen.run):
        raise BadInput('%s holds no run: run the listing first, or name another --run' % chosen.run)
    from tools import exercises
    return exercises.main(chosen)


def verify(name, words):
    own = parser(name, 'replays the first epoch of both listings from TensorFlow 1.15.5\'s weights, and compares')
    own.add_argument('--json', action='store_true', help='print the figures as JSON')
    chosen = own.parse_args(words)
    from tools import verify
    return verify.main(chosen)


def doctor(name, words):
    own = parser(name, COMMANDS[name][1])
    languages.add_option(own)
    chosen = own.parse_args(words)
    from tools import doctor
    return doctor.main(chosen)


def judge(name, words):
    own = parser(name, 'trains the classifier that judges digits, and writes its weights')
    own.add_argument('out', metavar='FILE.npz', type=options.file)
    chosen = own.parse_args(words)
    if os.path.realpath(chosen.out) != os.path.join(listings.CHAPTER09, 'tools', 'judge.npz'):
        outputs.refuse('FILE.npz', chosen.out, '.npz')
    from tools import judge
    return judge.main(chosen)


def _told(function):
    """A function's docstring, for --help."""
    first, _, rest = (function.__doc__ or '').partition('\n')  # python -OO has none
    return first + '\n' + '\n'.join(line[4:] for line in rest.rstrip().split('\n'))


# What `python chapter09` knows: the function, and a line of what it does.
COMMANDS = {
    'basic': (train(listings.CHAPTER['basic']), '§9.1, gan_basic.py'),
    'cgan': (train(listings.CHAPTER['conditional']), '§9.2, gan_conditional.py'),
    'run': (run, 'any other listing of chapter09/, by its name'),
    'all': (several, 'both at once'),
    'sweep': (several, 'several seeds of a listing, and how far their figures differ'),
    'worker': (worker, 'trains for a sweep on a cluster, until it is stopped'),
    'diff': (diff, "are the last runs' digits as good as TensorFlow 1.15's, or as the book's?"),
    'handin': (handin, 'the runs in runs/ as one zip, to hand in'),
    'grade': (grade, 'marks a folder of hand-ins'),
    'digits': (digits, 'the digits you ask for, in digits.png'),
    'movie': (history, 'how a run has learnt: twenty digits through its epochs, in movie.gif'),
    'curves': (history, 'how a run has learnt: its losses, and what D thinks, in curves.png'),
    'page': (page, 'runs in the browser: draw with them, ask D, train on; in page.html'),
    'check': (check, 'has an exercise been done? What is met and what is not'),
    'verify': (verify, "does this machine give TensorFlow 1.15's numbers?"),
    'doctor': (doctor, 'can this computer run it? A line for each thing it takes'),
    'judge': (judge, 'trains the classifier of diff anew'),
}


def main(words):
    """Runs a command; returns its status."""
    if not words or words[0] in ('-h', '--help', 'help'):
        print('usage: python chapter09 COMMAND …   (--help after a command tells its options)\n')
        for name, (_, line) in COMMANDS.items():
            print('  %-8s %s' % (name, line))
        return 0 if words else 2
    if words[0] not in COMMANDS:
        raise BadInput('%.30r is no command: name one of %s' % (words[0], ', '.join(COMMANDS)))
    return COMMANDS[words[0]][0](words[0], words[1:])
