"""bench.py and contestants.py: what is measured, and what is said of it."""

import os
import subprocess
import sys

import bench
import pytest

from lab import listings


def test_a_listing_answers_with_seconds():
    contestant = bench.contestant('listing', 'conditional')
    assert contestant.run(1) > 0 and contestant.run(30) > 0 and contestant.seconds > 0.1
    contestant.end()


def test_a_gate_lets_as_many_iterations_pass_as_it_is_told():
    program = '''if True:
        import sys
        import contestants
        gate = contestants.Gate()
        for n in range(9):
            gate()
            print(n, file=sys.stderr)
    '''
    run = in_a_process_of_its_own(program, '3\n2\n')
    assert run.stdout.split()[0] == 'ready' and len(run.stdout.split()) == 3
    assert run.stderr.split() == ['0', '1', '2', '3', '4']


def test_others_answer_with_seconds_and_memory_is_each_processs_own():
    # Measured from a small process: what its maker had counts as a new process's own.
    run = in_a_process_of_its_own('''if True:
        import bench
        for name in 'bare', 'products':
            contestant = bench.contestant(name, 'basic')
            print(contestant.run(1), contestant.run(30), contestant.seconds, contestant.end())
    ''')
    assert run.returncode == 0, run.stderr
    bare, products = ([float(word) for word in line.split()] for line in run.stdout.splitlines())
    assert min(bare[:2] + products[:2]) > 0 and 0 < products[2] < bare[2], 'TensorFlow takes longer to load than numpy'
    assert 10 < products[3] < bare[3] / 3 < 1000


def in_a_process_of_its_own(program, told=''):
    return subprocess.run([sys.executable, '-c', program], cwd=os.path.join(listings.ROOT, 'bench'), input=told,
                          encoding='utf-8', capture_output=True, timeout=100)


def test_a_contestant_that_fails_says_why():
    with pytest.raises(SystemExit, match='(?s)ended before it had answered.*KeyError'):
        bench.contestant('nobody', 'basic')


def test_a_contestant_that_is_killed_between_its_turns_says_so():
    contestant = bench.Process(sys.executable, '-c', 'print("ready")')
    os.waitid(os.P_PID, contestant._process.pid, os.WEXITED | os.WNOWAIT)
    with pytest.raises(SystemExit, match='ended before it had answered'):
        contestant.run(1)


def test_rounds_are_alternated_and_paired():
    class Counted:
        def __init__(self):
            self.asked = []

        def run(self, n):
            order.append(self)
            self.asked.append(n)
            return float(n)

    order, contestants = [], {'a': Counted(), 'b': Counted()}
    seconds = bench.alternate(contestants, rounds=2, iterations=12)
    assert seconds == {'a': [12, 12], 'b': [12, 12]}  # the first round is not counted
    assert contestants['a'].asked == [2, 2, 3, 2, 3] * 3 and len(order) == 30
    firsts = order[::2]
    assert abs(firsts.count(contestants['a']) - firsts.count(contestants['b'])) <= 1
    assert bench.ratios({'a': [1, 4], 'b': [2, 2]}, 'a', 'b') == [0.5, 2]


def test_the_verdict_knows_when_it_cannot_tell():
    assert bench.verdict([0.7, 0.71, 0.72], 0.75) == '≤ 0.75: holds'
    assert bench.verdict([0.8, 0.81, 0.82], 0.75) == '≤ 0.75: missed'
    assert bench.verdict([0.6, 0.7, 0.9], 0.75) == '≤ 0.75: too noisy to tell'
    assert bench.verdict([701], 700) == '≤ 700: missed' and bench.verdict([700], 700) == '≤ 700: holds'


def found():
    rounds = {'this listing': [2.2, 2.2, 2.2], 'bare loop': [4.4, 4.4, 4.4],
              'TensorFlow 1.15': [2.2, 2.2, 2.2], 'products': [1.1, 1.1, 1.1]}
    return {'iterations': 550, 'seconds': rounds, 'memory': dict(dict.fromkeys(rounds, 650.), late=690.),
            'start': {'this listing': [4., 4.], 'import': [2., 2.]},
            'late': {'late': [2.2], 'early': [2.2]},
            'sizes': [[b, h, {'this listing': [.2, .2], 'products': [.1, .1]}, 100] for b, h in bench.SIZES]}


def test_the_table():
    lines = list(bench.table('basic', found()))
    assert lines[0] == '§9.1, gan_basic.py: 3 rounds of 550 iterations'
    words = {line[:22].rstrip(): line[22:].split() for line in lines[2:]}
    assert words['this listing, ms'] == ['4.00', '4.00–4.00']
    assert words['bare loop, ms'] == ['8.00', '8.00–8.00', '0.50', '0.50–0.50']
    assert words['TensorFlow 1.15, ms'][2:] == ['1.00', '1.00–1.00', '≤', '0.75:', 'missed']
    assert words['products, ms'][2:] == ['2.00', '2.00–2.00', '≤', '1.75:', 'missed']
    assert words['start to a step, s'][2:] == ['2.00', '2.00–2.00', '≤', '1.5:', 'missed']
    assert words['  late of new'] == ['1.000', '1.000–1.000', '≤', '1.05:', 'holds']
    assert words['peak memory, MB'] == ['690', '≤', '700:', 'holds']  # the most of either


def test_the_picture(tmp_path):
    bench.draw({'basic': found(), 'conditional': found()}, str(tmp_path / 'sizes.png'))
    assert (tmp_path / 'sizes.png').stat().st_size > 10000


@pytest.mark.parametrize('option', ['--out', '--sizes'])
def test_what_is_another_file_is_not_written_over(option, capsys, tmp_path):
    (tmp_path / 'README.md').write_text('kept')
    with pytest.raises(bench.errors.BadInput, match='give it the ending'):
        bench.main([option, str(tmp_path / 'README.md')])
    assert (tmp_path / 'README.md').read_text() == 'kept'


@pytest.mark.parametrize('python, reason', [('nowhere/python', 'is no Python'), (sys.executable, 'not 1.15')])
def test_another_tensorflow_is_refused(python, reason, capsys, tmp_path):
    with pytest.raises(SystemExit) as end:
        bench.main(['--tf115', python, '--out', str(tmp_path / 'bench.json')])
    assert end.value.code == 2 and reason in capsys.readouterr().err
    assert not os.listdir(str(tmp_path))
