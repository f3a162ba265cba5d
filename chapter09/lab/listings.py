"""The chapter's two listings by name, and what the text of any listing says of itself.

Nothing of a listing is executed here, so that its options can be told, and checked, at once.
"""

import ast
import collections
import hashlib
import os
import re
import warnings

from lab import files
from lab.errors import BadInput, reason

CHAPTER09 = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
ROOT = os.path.dirname(CHAPTER09)
LARGEST = 2 ** 20  # bytes of a listing

# name: of the run's folder in runs/; file; where it draws.
Listing = collections.namedtuple('Listing', ['name', 'file', 'samples'])
CHAPTER = {listing.name: listing for listing in [
    Listing('basic', 'gan_basic.py', 'samples'),
    Listing('conditional', 'gan_conditional.py', 'samples2')]}

NOTEBOOK = 'notebook'  # what a listing is called that stands in no file

GIVEN_BY_THE_DATA = {'n_input', 'n_class'}  # numbers of the page that are no choice


def find(path):
    """The Listing of a script: one of the chapter's two, or one that draws in its run's folder."""
    file = os.path.basename(path)
    for listing in CHAPTER.values():
        if file == listing.file:
            return listing
    name = re.sub(r'\.py$', '', file)
    return Listing(name, file, None)


def to_be_run(path):
    """As `find`, of a script that is to be run.

    Raises BadInput if its runs would be taken for the chapter's own, or TensorFlow could not write them.
    """
    listing = find(path)
    why = files.not_for_tensorflow(os.path.join(ROOT, path))
    if why:
        raise BadInput(why)
    if listing not in CHAPTER.values() and listing.name in CHAPTER:
        raise BadInput("%s: %s is what the chapter's own runs are called: give the listing another name"
                       % (path, listing.name))
    return listing


def trained_by(run):
    """The command of make that trains a run's folder, as far as its name tells."""
    name = os.path.basename(run)
    if os.path.dirname(run) != os.path.join(ROOT, 'runs'):
        return 'make basic, make cgan'
    return {'basic': 'make basic', 'conditional': 'make cgan'}.get(name, 'make run LISTING=' + name)


def read(path):
    """The text of a listing. Raises BadInput if it cannot be read."""
    try:
        return files.read(path, LARGEST).decode('utf-8-sig').replace('\r\n', '\n')
    except FileNotFoundError:
        raise BadInput('%s is missing: name a listing, such as gan_basic' % path) from None
    except (OSError, ValueError) as error:
        raise BadInput('%s cannot be read (%s): save it as a text file in UTF-8' % (path, reason(error))) from None


def digest(text):
    """SHA-256 of a listing's text, in hexadecimal."""
    return hashlib.sha256(text.encode('utf-8')).hexdigest()


def title(text):
    """What a listing is, by its docstring's or its first comment's first line that says anything."""
    for line in text.split('\n'):
        said = line.strip(' #"\'%')
        if said and said != '[markdown]' and not re.match(r'#.*?coding[:=]', line):  # PEP 263
            return said
    return ''


def tree_of(text):
    """The syntax tree of a program's text; None if it is no Python."""
    try:
        return _parsed(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _parsed(text, file='<unknown>'):
    with warnings.catch_warnings():
        warnings.simplefilter('ignore')  # they come when it is run
        return ast.parse(text, file)


def untold(text):
    """A text without what it tells lab.Run, such as resume=True."""
    return re.sub(r'(?<=lab\.Run\(globals\(\)).*', '', text)


def changes(cell, before, last):
    """Whether a notebook's cell gives anew what the cells `before` or the `last` ask for and the last does not give."""
    given, _ = _names_in(cell)
    given_last, _ = _names_in(last)
    return any((given - given_last) & asked for _, asked in map(_names_in, [*before, last]))


LOOKS = {'Image', 'print', 'display', 'help', 'len', 'type'}
# Of IPython: what ! and %%bash do, and magics that run nothing of the notebook's own; ? is pinfo.
MAGICS = {'bash', 'cat', 'cd', 'conda', 'config', 'env', 'ls', 'matplotlib', 'pinfo', 'pinfo2', 'pip', 'pwd', 'sh',
          'who', 'whos'}


def only_looks(cell):
    """Whether a notebook's cell only shows something, or gives commands to the system: X, print(X), !ls, %pip."""
    tree = tree_of(cell)
    return tree is not None and all(isinstance(statement, ast.Expr) and _looks(statement.value)
                                    for statement in tree.body)


def _looks(expression):
    if not isinstance(expression, ast.Call):
        return not any(isinstance(node, ast.Call) for node in ast.walk(expression))
    function, arguments = expression.func, expression.args
    if isinstance(function, ast.Name):
        return function.id in LOOKS
    if not arguments or not isinstance(function, ast.Attribute) or ast.dump(function.value) != _IPYTHON:
        return False
    return function.attr == 'system' or ast.dump(arguments[0]) in _MAGICS


_MAGICS = {ast.dump(ast.parse(repr(name), mode='eval').body) for name in MAGICS}
_IPYTHON = ast.dump(ast.parse('get_ipython()', mode='eval').body)  # of which it makes such calls


def _names_in(cell):
    """The names that a cell gives, in whole or in part, and those that it asks for; none if it is no Python."""
    given, asked, tree = set(), set(), tree_of(cell)
    for node in ast.walk(tree) if tree else []:
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)):
            given.add(node.name)
        elif isinstance(node, ast.alias):
            given.add((node.asname or node.name).split('.')[0])
        elif isinstance(node, (ast.Name, ast.Attribute, ast.Subscript)):
            root = node
            while isinstance(root, (ast.Attribute, ast.Subscript)):
                root = root.value
            if isinstance(root, ast.Name):
                (asked if isinstance(node.ctx, ast.Load) else given).add(root.id)
    return given, asked


class Numbers:
    """The numbers that stand above `lab.Run(…)` in a listing's text, and those that are made of them.

    Attributes: `written`, {name: number} of those that may be chosen otherwise, in their order; `made`, a list
    of (name, expression) of those that are made of others by arithmetic alone, to be worked out anew.
    Raises SyntaxError, as Python would, if the text is no program.
    """

    def __init__(self, text, file='listing'):
        self.written, self.made = {}, []
        known = {}
        for statement in _parsed(text, file).body:
            if _makes_a_run(statement):
                break
            for name, expression in _assignments(statement):
                number = _worked_out(expression, known)
                if number is None:
                    known.pop(name, None)
                elif any(isinstance(node, ast.Name) for node in ast.walk(expression)):
                    self.made.append((name, expression))
                    known[name] = number
                else:
                    known[name] = number
                    if name not in GIVEN_BY_THE_DATA and not name.startswith('_'):
                        self.written[name] = number

    def choose(self, namespace, chosen):
        """Sets the numbers that are chosen in `namespace`, and works out anew what is made of numbers there.

        What does not come to what it is there has been made otherwise, as of a number that was another then; it stays.
        """
        made = [(name, expression) for name, expression in self.made if name not in chosen
                and name in namespace and _worked_out(expression, namespace) == namespace[name]]
        namespace.update(chosen)
        for name, expression in made:
            namespace[name] = _worked_out(expression, namespace)


def _makes_a_run(statement):
    return any(isinstance(node, ast.Call) and getattr(node.func, 'attr', getattr(node.func, 'id', None)) == 'Run'
               for node in ast.walk(statement))


def _assignments(statement):
    """(name, expression) of each single name that a statement assigns to, also in `a, b = 1, 2`."""
    if isinstance(statement, ast.Assign):
        for target in statement.targets:
            if isinstance(target, ast.Name):
                yield target.id, statement.value
            elif isinstance(target, ast.Tuple) and isinstance(statement.value, ast.Tuple):
                for name, expression in zip(target.elts, statement.value.elts):
                    if isinstance(name, ast.Name):
                        yield name.id, expression


LIMIT = 2 ** 64  # what is larger is no number of a listing's
OPERATIONS = {ast.Add: lambda a, b: a + b, ast.Sub: lambda a, b: a - b, ast.Mult: lambda a, b: a * b,
              ast.Div: lambda a, b: a / b, ast.FloorDiv: lambda a, b: a // b}


def _worked_out(expression, known):
    """The number that an expression of numbers and `known` names comes to, None if it is of anything else."""
    try:
        if isinstance(expression, ast.BinOp):
            number = OPERATIONS[type(expression.op)](_worked_out(expression.left, known),
                                                     _worked_out(expression.right, known))
            return number if abs(number) < LIMIT else None
        if isinstance(expression, ast.UnaryOp) and isinstance(expression.op, ast.USub):
            return -_worked_out(expression.operand, known)
        number = known[expression.id] if isinstance(expression, ast.Name) else ast.literal_eval(expression)
    except (KeyError, TypeError, ValueError, ArithmeticError, RecursionError, MemoryError):
        return None
    return number if is_number(number) else None


def is_number(value):
    """Whether a value may be one of a listing's numbers; Python does not even write down the largest."""
    return type(value) is float or type(value) is int and abs(value) < LIMIT
