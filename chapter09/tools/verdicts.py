"""Verdicts on strips and on runs: are these digits as good as those?

The book set no seed, and no two runs draw the same digits. So what is compared is the judge's figures of
them, and what is allowed is the spread of those figures between seeds, as docs/quality.md has it.
"""

import collections

import numpy as np

from lab.errors import BadInput
from tools import reading

IDENTICAL, SAME, EQUIVALENT, WORSE = 'identical', 'same picture', 'equivalent', 'worse'
RANK = [WORSE, EQUIVALENT, SAME, IDENTICAL]

# Why digits are worse, and what a student might look at first.
REASONS = {
    'blank': {'en': 'blank, or not finite: look at the losses, and at what each step trains (var_list)',
              'ko': '그림이 비어 있거나 값이 유한하지 않다. 손실값을 보고, 각 단계가 어느 변수를 학습시키는지'
                    '(var_list) 확인한다'},
    'colours': {'en': 'colours wrong or reversed: 0 is to be dark and 1 bright, in viridis or grey',
                'ko': '색이 틀렸거나 뒤집혔다. viridis나 회색조에서 0은 어둡고 1은 밝아야 한다'},
    'opposed': {'en': 'nothing learnt, the opposite of digits: is loss_G to rise, or to fall? Look at the sign in '
                      'minimize',
                'ko': '배운 것이 없고 숫자와 정반대로 그린다. loss_G를 키워야 할까, 줄여야 할까? minimize에 넣은 '
                      '부호를 확인한다'},
    'turned': {'en': 'digits turned: each row of 784 is 28 rows of 28, in that order',
               'ko': '숫자가 돌아갔거나 뒤집혔다. 값 784개를 28개씩 끊어 위에서부터 28줄로 놓아야 한다'},
    'upper row': {'en': 'the upper row is not the first ten test digits',
                  'ko': '윗줄이 테스트 이미지의 처음 열 개가 아니다'},
    'noise': {'en': "nothing learnt, noise: does train_G change G's variables, by loss_G, and train_D D's?",
              'ko': '배운 것이 없고 잡음뿐이다. train_G가 loss_G로 G의 변수를, train_D가 D의 변수를 바꾸는지 확인한다'},
    'ground': {'en': "digits on a noisy ground that is to be 0: does G's output go through a sigmoid?",
               'ko': '0이어야 할 배경이 지저분하다. G의 출력이 시그모이드를 거치는지 확인한다'},
    'collapse': {'en': 'one shape for all (collapse): try another seed',
                 'ko': '모두 한 모양이다(모드 붕괴). 시드를 바꾸어 본다'},
    'classes': {'en': 'one digit far too often: try another seed',
                'ko': '한 숫자만 지나치게 많이 나온다. 시드를 바꾸어 본다'},
    'labels': {'en': 'labels ignored: are they joined to the inputs of both networks?',
               'ko': '레이블을 무시한다. 두 신경망의 입력에 모두 레이블을 붙였는지 확인한다'},
    'copied': {'en': 'copies of real digits, drawn by no generator',
               'ko': '생성자가 그린 것이 아니라 실제 숫자를 그대로 옮긴 것이다'},
    'epochs': {'en': 'fewer epochs than the other', 'ko': '비교 대상보다 적게 학습했다'},
    'early': {'en': 'no better than after the first epoch: are there fewer epochs behind it than it says?',
              'ko': '첫 세대의 그림보다 나아진 것이 없다. 적힌 만큼 학습한 것이 맞는지 확인한다'},
    'lost': {'en': 'it has failed to learn (docs/lost.md): take another seed',
             'ko': '학습에 실패했다(docs/lost.ko.md). 시드를 바꾸어 본다'},
    'rough': {'en': "rougher, or farther from real digits, than the other's",
              'ko': '비교 대상보다 거칠거나 실제 숫자와 더 다르다'},
}

Verdict = collections.namedtuple('Verdict', ['name', 'reason'])  # a reason only for WORSE

SAME_PICTURE = 0.03  # mean difference; a replay's is 0.002, two seeds' at least 0.06
SAME_ROW = 0.1  # the same of the upper row, which a small or compressed picture blurs by 0.06 at most
FOREIGN = 0.3  # share of foreign colours; a JPEG of quality 50 has 0.14
REPEATED = 0.08  # mean distance to the most alike of the ten; honest strips have 0.17 and more
COPIED = 0.03  # mean distance to the nearest training image; honest strips have 0.11 and more
MANY = 1000  # images from which on their Fréchet distance can be compared
SEVERAL = 20  # images from which on the share of one class can be
# Correlation of neighbouring pixels: digits on a ground have more than the first, noise less than the second.
# Honest strips have 0.58 and more from epoch 009 on, 0.26 before.
COHERENT = 0.6, 0.15
GROUND = 0.03  # what four fifths of the pixels around a digit are within; honest strips have less than 0.01
RELIEF = 2  # how many times more digits differ than the ground is rough; noise has less than 1.3
SETTLED = 29  # the first strip's epoch by which every seed that learns at all draws digits

# The judge's figures as they are shown: title, format, and whether more (1) or less (-1) is better.
FIGURES = {
    'accuracy': ('label accuracy', '%.3f', 1),
    'frechet': ('Fréchet distance', '%.1f', -1),
    'nearest': ('nearest training image', '%.3f', -1),
    'variety': ('variety', '%.3f', 1),
    'evenness': ('evenness of classes', '%.3f', 1),
    'commonest': ('most frequent class', '%.3f', -1),
    'confidence': ('confidence', '%.3f', 1),
}

TURNS = [lambda x: x.transpose(0, 2, 1), lambda x: x[:, :, ::-1], lambda x: x[:, ::-1],
         lambda x: x[:, ::-1, ::-1], lambda x: np.rot90(x, 1, (1, 2)), lambda x: np.rot90(x, 3, (1, 2)),
         lambda x: np.rot90(x, 2, (1, 2)).transpose(0, 2, 1)]


def measure(judge, images, labels=None):
    """The figures of `Judge.measure`, and three that tell digits on a ground from noise.

    images  [n, 784] in [0, 1]
    labels  [n] what they were to show, if that was asked for

    coherence  the correlation of neighbouring pixels, 0 in noise
    ground     what four fifths of the pixels around a digit are within, 0 where nothing is drawn there
    relief     how much the images differ, as `variety` has it, by how rough the ground is (its standard deviation)

    The outermost pixels are left out of the three, for in a small picture the paper blurs them.
    """
    measured = judge.measure(images, labels)
    if not np.isfinite(measured['nearest']):
        return dict(measured, coherence=np.nan, ground=np.nan, relief=np.nan)
    inner = images.reshape(-1, 28, 28)[:, 1:-1, 1:-1].astype(np.float64)
    around = np.ones((26, 26), bool)
    around[2:-2, 2:-2] = False
    ground = inner[:, around]
    variety = np.sqrt(2 * inner.var(axis=0, ddof=1).mean())
    inner = inner - inner.mean(axis=(1, 2), keepdims=True)
    pairs = ((inner[:, 1:] * inner[:, :-1]).mean(axis=(1, 2))
             + (inner[:, :, 1:] * inner[:, :, :-1]).mean(axis=(1, 2))) / 2
    return dict(measured, coherence=float((pairs / (inner.var(axis=(1, 2)) + 1e-12)).mean()),
                ground=float(np.percentile(ground, 80, axis=1).mean()),
                relief=float(variety / max(ground.std(axis=1).mean(), 1e-3)))


def limits(other, n):
    """The worst that the figures of `n` images may be, {name: limit}, to be as good as the other's.

    other  figures of `measure`

    What is allowed is what seeds differ by, and what chance adds to it in so few images, which falls
    with √n.
    """
    chance = 1 / np.sqrt(n)
    found = {'nearest': other['nearest'] + 0.02 + 0.16 * chance,
             'variety': other['variety'] * (0.9 - 0.9 * chance)}
    if 'accuracy' in other:
        found['accuracy'] = other['accuracy'] - 0.03 - 1.2 * chance
    if n >= MANY:
        found['frechet'] = 1.5 * other['frechet']
    if n >= SEVERAL:
        found['commonest'] = other['commonest'] + 0.15 + chance
    return found


def of_figures(mine, other, n, early):
    """The verdict on `n` images by their figures alone.

    mine, other  figures of `measure`
    early        those of a listing's strip after its first epoch, to know such a one again
    """
    if not np.isfinite(mine['nearest']):
        return Verdict(WORSE, 'blank')
    short = {name for name, limit in limits(other, n).items()
             if FIGURES[name][2] * mine[name] < FIGURES[name][2] * limit}  # nothing is, of a NaN
    if not short:
        return Verdict(EQUIVALENT, None)
    if _stand_on_ground(mine):
        return Verdict(WORSE, 'ground')
    if mine['margin'] > 0.2 or mine['coherence'] < COHERENT[1]:  # the margin is what no digit ever reaches
        return Verdict(WORSE, 'noise')
    drawn = 'nearest' not in short
    # Digits that are too rough are misread; but not nearly all of them.
    misread = 'accuracy' in short and (drawn or mine['accuracy'] < 0.25 and mine['nearest'] < 0.25)
    if misread and mine['variety'] > 0.08:
        return Verdict(WORSE, 'labels')
    if 'variety' not in short:
        return Verdict(WORSE, 'classes' if drawn and 'commonest' in short else 'rough')
    like_early = abs(mine['nearest'] - early['nearest']) < 0.02 and mine['variety'] < early['variety'] + 0.03
    return Verdict(WORSE, 'early' if like_early else 'collapse')


def of_strip(judge, mine, other, asked, early):
    """The verdict on a strip.

    judge        a `judge.Judge`
    mine, other  the strips as `Seen`
    asked        the ten digits of the upper row, [10, 784], if there is one
    early        figures of the listing's strip after its first epoch

    Of the first epochs, in which one seed has blots where another has digits already, the figures say
    nothing; what no epoch would draw is worse even then.
    """
    if mine.content == other.content:
        return Verdict(IDENTICAL, None)
    darkest, brightest = mine.images.min(axis=1), mine.images.max(axis=1)
    if not np.isfinite(mine.strip.digits).all() or (brightest < 0.1).any() or (darkest > 0.9).any():
        return Verdict(WORSE, 'blank')
    if np.abs(mine.images - other.images).mean() <= SAME_PICTURE:
        return Verdict(SAME, None)
    misdrawn = _misdrawn(judge, mine, asked, early)
    if misdrawn:
        return Verdict(WORSE, misdrawn)
    verdict = of_figures(mine.figures, other.figures, len(mine.images), early)
    if mine.settled and verdict.name == EQUIVALENT and _distance_of_twins(mine.images) < REPEATED:
        return Verdict(WORSE, 'collapse')
    if not mine.settled and not other.settled and verdict.name == WORSE:
        drawn_by_some = mine.figures['margin'] <= 0.2 and verdict.reason != 'noise'
        return Verdict(EQUIVALENT, None) if drawn_by_some else verdict
    return verdict


def of_run(strips, whole, shorter):
    """The verdict on a run, by those on its strips.

    strips   the verdicts on them, not empty
    whole    the verdict on many digits at once, or None
    shorter  whether fewer epochs were trained than by the other
    """
    worst = min(reversed(strips), key=lambda verdict: RANK.index(verdict.name))
    if worst.name == WORSE:
        return worst
    if shorter:
        return Verdict(WORSE, 'epochs')
    return whole if whole and whole.name == WORSE else worst


def _stand_on_ground(measured):
    """Whether digits rise from a ground that is not 0, as a generator without a sigmoid draws them."""
    return (measured['coherence'] > COHERENT[0] and measured['ground'] > GROUND
            and measured['relief'] > RELIEF)


def _distance_of_twins(images):
    """The mean distance of each image to that of the others most like it."""
    distances = np.sqrt(np.square(images[:, np.newaxis] - images).mean(axis=-1))
    return (distances + np.eye(len(images))).min(axis=1).mean()


def _misdrawn(judge, seen, asked, early):
    """What is wrong with how a strip was drawn, whatever it shows; None if nothing is."""
    if seen.strip.foreign > FOREIGN:
        return 'colours'
    if asked is not None:
        upper = seen.strip.digits[0].reshape(10, 784)
        if np.abs(upper - asked).mean() > SAME_ROW:
            if np.abs(1 - upper - asked).mean() <= SAME_ROW:
                return 'colours'
            if any(np.abs(turned - asked).mean() <= SAME_ROW for turned in _turned(upper)):
                return 'turned'
            return 'upper row'
        if np.abs(upper - seen.images).mean() <= SAME_PICTURE:
            return 'copied'
    # Bright where digits never are: digits in other colours, or what a generator draws for D to reject.
    bright = seen.figures['margin'] > 0.8
    if bright or seen.strip.reversed and asked is None:
        images = 1 - seen.images if bright else seen.images
        if not _are_digits(judge, images, early if asked is None else None):
            return 'opposed'
        if bright:
            return 'colours'
    contrast = np.ptp(seen.images, axis=1).mean()
    if (seen.settled and 0.3 < contrast < 0.7 and seen.figures['margin'] < 0.2
            and not _stand_on_ground(seen.figures)):
        return 'colours'
    if seen.figures['nearest'] < COPIED or judge.nearest_of_test(seen.images).mean() < COPIED:
        return 'copied'
    if seen.settled:
        turned = judge.nearest(np.concatenate(_turned(seen.images))).reshape(-1, 10).mean(axis=1)
        if turned.min() < 0.94 * seen.figures['nearest']:
            return 'turned'
    return None


def _are_digits(judge, images, early):
    """Whether images show digits, or what the first epoch draws, and not one shape that is neither.

    early  figures of the listing's strip after its first epoch, or None if that is out of the question
    """
    if _distance_of_twins(images) >= REPEATED:
        return True
    nearest = judge.nearest(images).mean()
    return nearest < 0.175 or early is not None and abs(nearest - early['nearest']) < 0.03


def _turned(images):
    """Images [n, 784] in the seven other ways in which a square can lie."""
    square = images.reshape(-1, 28, 28)
    return [turn(square).reshape(-1, 784) for turn in TURNS]


class Seen:
    """A strip and what the judge sees in it.

    path    its file
    labels  [10] what it was to show, or None
    epoch   after which it was drawn, or None

    strip    as `reading.read` gives it
    content  the bytes of its file
    images   the digits to be judged, [10, 784]: those of the lower row, if there are two
    figures  of `measure`
    reads    what each is read as, ten digits; a dash where it is no image
    settled  whether by its epoch a run is past its beginnings
    """

    def __init__(self, judge, path, labels, epoch=None):
        self.settled = epoch is None or epoch >= SETTLED
        self.strip = strip = reading.read(path)
        if len(strip.digits) != (1 if labels is None else 2):
            raise BadInput('%s has %d row(s), and is of the other listing: put the right strip there'
                           % (path, len(strip.digits)))
        with open(path, 'rb') as file:
            self.content = file.read()
        self.images = strip.digits[-1].reshape(10, 784)
        self.figures = measure(judge, self.images, labels)
        readings = judge.read(np.nan_to_num(self.images))[0].argmax(axis=1)
        self.reads = ''.join(str(digit) if whole else '-'
                             for digit, whole in zip(readings, np.isfinite(self.images).all(axis=1)))
