"""Makes the chapter's notebooks of the two listings and of our own texts: python notebooks/make.py [FOLDER]

A cell of a listing is a cell here, to the letter; only lab.Run is given its options as arguments. What stands
before each is a section of texts.ko.md or texts.en.md, which begins with the cell's name as a comment, <!-- 9.1-4 -->.
"""

import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), 'chapter09'))
from lab import errors, files, languages, listings, options  # noqa: E402, first: Ctrl-C may come from here on

import nbformat  # noqa: E402
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook  # noqa: E402

RUN = re.compile(r'(?m)^run = lab\.Run\(globals\(\)\).*$')
RUN_HERE = "run = lab.Run(globals(), epochs=10, run='runs/notebook_%s')  # also n_hidden=64, seed=11, resume=True, …"

START = '''
PROJECT = ''

import os, subprocess, sys
from IPython.core.error import UsageError
from IPython.display import Image%s

def find():
    places = '.', '..', PROJECT, 'gan'
    return next((place for place in places if os.path.isfile(os.path.join(place, 'chapter09/lab/run.py'))), None)

PROJECT, said = PROJECT.strip(), []
if PROJECT and not find():
    try:
        said = subprocess.run(['git', 'clone', '-q', '--depth', '1', '--', PROJECT, 'gan'],
                              stderr=subprocess.PIPE, text=True).stderr.splitlines()
    except (OSError, ValueError) as error:  # no git, or no name
        said = [str(error)]
if not find():
    raise UsageError(' '.join(['%s', *said[:1]]))
os.chdir(find())
sys.path.insert(0, os.path.abspath('chapter09'))
os.getcwd()
'''

MADE = 'sha256'  # of its cells as they were made, by which it is seen later whether somebody has worked in them
DOCS = {'en': 'exercises.md', 'ko': 'exercises.ko.md'}
# A student in Korea may work on a server that speaks English, such as Colab's.
SPEAKS = {'en': '', 'ko': "\nos.environ['LANGUAGE'] = 'ko'"}
NOT_FOUND = {
    'en': 'There is no project yet: write its address, or the path of the folder that holds chapter09, between the '
          'quotes of the first line, and run this cell again.',
    'ko': '프로젝트가 아직 없다. 첫 줄의 따옴표 사이에 프로젝트 주소나 chapter09가 들어 있는 폴더의 경로를 적고 '
          '이 셀을 다시 실행한다.'}

STRIPS = '''
from IPython.display import Image, display
from lab import records

for epoch, path in records.strips('runs/notebook_%s/samples').items():
    print(os.path.basename(path))
    display(Image(path))
'''

JUDGE = '''
noise = get_noise(1000, n_noise)
real, gene = sess.run([D_real, D_gene], feed_dict={X: mnist.test.images[:1000], Z: noise})
print(real.mean(), gene.mean())
'''

DRAW = '''
wanted = [2, 0, 2, 6, 1, 1, 2, 7]
images = sess.run(G, feed_dict={Y: np.eye(n_class)[wanted], Z: get_noise(len(wanted), n_noise)})

plt.figure(figsize=(len(wanted), 1))
plt.axis('off')
plt.imshow(np.hstack(images.reshape(-1, 28, 28)), vmin=0, vmax=1);
'''

EXERCISES = '''
from IPython.display import Markdown

text = open('docs/%s', encoding='utf-8').read()
Markdown(text[text.index('## 1. '):])
'''

CHECK = '''
!"{sys.executable}" chapter09 check 1 --run runs/notebook_conditional --lang %s
'''


def steps(name):
    """[(the name of a cell, such as 9.1-4, its source)] of a listing of the chapter."""
    text = listings.read(os.path.join(listings.CHAPTER09, listings.CHAPTER[name].file))
    _, title, *cells = re.split(r'(?m)^# %% ', text)
    for cell in cells:
        yield cell.split()[0], RUN.sub(RUN_HERE % name, '# ' + cell)


def texts(language):
    """{the name of a cell: what is said before it, in Markdown}."""
    text = files.read(os.path.join(HERE, 'texts.%s.md' % language), listings.LARGEST).decode()
    _, *parts = re.split(r'(?m)^<!-- (\S+) -->$', text)
    return dict(zip(parts[::2], parts[1::2]))


def notebook(language):
    """The notebook in a language, as the text of its file."""
    said, cells = texts(language), []
    for name, source in [
            ('title', None), ('start', START % (SPEAKS[language], NOT_FOUND[language])),
            ('basic', None), *steps('basic'), ('basic-strips', STRIPS % 'basic'), ('basic-D', JUDGE),
            ('conditional', None), *steps('conditional'), ('conditional-strips', STRIPS % 'conditional'),
            ('conditional-digits', DRAW), ('exercises', EXERCISES % DOCS[language]),
            ('check', CHECK % language), ('end', None), ('handin', None)]:
        number = name.replace('.', '-')  # of an id, which takes no point
        cells.append(new_markdown_cell(said.pop(name).strip(), id='text-' + number))
        if source:
            cells.append(new_code_cell(source.strip(), id='code-' + number))
    if said:
        raise ValueError('texts.%s.md: there is no cell %s' % (language, ', '.join(said)))
    made = new_notebook(cells=cells, metadata={
        'kernelspec': {'display_name': 'Python 3', 'language': 'python', 'name': 'python3'},
        'language_info': {'name': 'python'}, MADE: digest(cells)})
    made.nbformat_minor = 5  # the first with ids
    nbformat.validate(made)
    return nbformat.writes(made) + '\n'


def digest(cells):
    return listings.digest('\0'.join(cell.source for cell in cells))


def is_worked_in(path):
    """Whether somebody has run a notebook that was made here, or changed it."""
    try:
        there = nbformat.reads(files.read(path, 2 ** 28).decode(), 4)
    except FileNotFoundError:
        return False
    except Exception:  # nothing but foreign bytes is being parsed
        return True
    return there.metadata.get(MADE) != digest(there.cells) or any(
        cell.get('outputs') or cell.get('execution_count') for cell in there.cells)


def main():
    parser = options.Parser(description=__doc__)
    parser.add_argument('folder', metavar='FOLDER', nargs='?', type=options.folder, default=HERE,
                        help='where they are written (default: notebooks/)')
    folder = parser.parse_args().folder
    with files.refusals(folder):
        os.makedirs(folder, exist_ok=True)
    for language in languages.KNOWN:
        path, made = os.path.join(folder, 'chapter09.%s.ipynb' % language), notebook(language)
        if is_worked_in(path):
            errors.say('the notebook that was in %s is now in %s' % (path, files.put_by(path)))
        files.write(path, made)


if __name__ == '__main__':
    errors.watch()
    main()
