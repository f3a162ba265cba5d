"""Where in a listing each step of the training stands, and what comes after."""

import ast

from lab import listings

KNOWN = ['G', 'D_real', 'D_gene', 'loss_D', 'loss_G', 'train_D', 'train_G', 'noise', 'batch_xs']
DRAWS = {'imshow', 'matshow', 'imsave', 'savefig', 'show'}


def variables_of(text):
    """The names that a listing gives, in its order, to variables that have none in the graph."""
    tree = listings.tree_of(text)
    return [node.targets[0].id for node in (tree.body if tree else [])
            if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Call) and getattr(node.value.func, 'attr', '') == 'Variable'
            and not any(keyword.arg == 'name' for keyword in node.value.keywords)]


def lines_of(text):
    """The lines of a listing by what they do: {name: [[number of the line, line], …]}, by the page's names."""
    tree = listings.tree_of(text)
    if tree is None:
        return {}
    found = {}

    def keep(name, node):
        lines = text.split('\n')[node.lineno - 1:node.end_lineno]
        found.setdefault(name, []).extend([node.lineno + n, line.strip()] for n, line in enumerate(lines))

    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in ('generator', 'discriminator'):
            for statement in ast.walk(node):
                if isinstance(statement, (ast.Assign, ast.Return)):
                    keep(node.name, statement)
        if not isinstance(node, ast.Assign):
            continue
        names = [each.id for target in node.targets for each in ast.walk(target) if isinstance(each, ast.Name)]
        for name in names:
            for known in KNOWN:
                if name == known or known.startswith('loss') and name.startswith(known + '_'):
                    keep(known, node)
        used = {each.id for each in ast.walk(node.value) if isinstance(each, ast.Name)}
        if 'sess' in used:
            for step in used & {'train_D', 'train_G'}:
                keep('run_' + step[-1], node)
    steps = [number for name in ('run_D', 'run_G') for number, _ in found.get(name, [])]
    for name in 'noise', 'batch_xs':  # for a step of training, not for a strip
        found[name] = [line for line in found.get(name, []) if steps and line[0] <= max(steps)][-1:]
    return {name: sorted(lines) for name, lines in found.items()}


def draws_afterwards(text):
    """Whether a listing draws after its loop over run.epochs(); None if it has no such loop."""
    tree = listings.tree_of(text)
    if tree is None:
        return None
    functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(tree):
        for block in getattr(node, 'body', None), getattr(node, 'orelse', None):
            for n, statement in enumerate(block if isinstance(block, list) else []):
                if isinstance(statement, ast.For) and 'epochs' in _names(statement.iter):
                    return any(DRAWS & _done(after, functions) for after in statement.orelse + block[n + 1:])
    return None


def _names(node):
    return {getattr(each, 'attr', getattr(each, 'id', None)) for each in ast.walk(node)}


def _done(node, functions):
    """The names in a statement, and in the listing's own functions that it calls."""
    found, left = set(), _names(node)
    while left:
        name = left.pop()
        if name not in found:
            found.add(name)
            left |= _names(functions[name]) if name in functions else set()
    return found
