"""Has an exercise of docs/exercises.md been done? What each takes, asked of a run's graph and of what it came to.

An exercise changes one thing of the page. So each names what is to be otherwise, and all else has to be as on
the page: an edit of something else does not do.
"""

from lab import languages
from tools.judge import of_mnist
from tools.networks import BOTH, Networks

RAISES = {('train_D', 'D_real'): True, ('train_D', 'D_gene'): False, ('train_G', 'D_gene'): True}
# Which listings an exercise is for, by whether they are labelled, and what these are called.
BASIC, CONDITIONAL, EITHER = (False,), (True,), (False, True)
CALLED = {BASIC: {'en': '§9.1', 'ko': '9.1절'}, CONDITIONAL: {'en': '§9.2', 'ko': '9.2절'},
          EITHER: {'en': '§9.1 or §9.2', 'ko': '9.1절이나 9.2절'}}


def _pages(labelled):
    """What a run of the page's own listing is, {name: value}; `labelled`, whether it is §9.2's."""
    return {'D_sees_labels': labelled, 'trains': {'train_D': 'D', 'train_G': 'G'}, 'raises': RAISES,
            'hidden': {'G': [256], 'D': [256]}, 'noise': 'uniform' if labelled else 'normal',
            'answers': 'logits' if labelled else 'probabilities', 'is_of_mnist': True, 'is_the_pages_loss': True}


# What is said of it where it is not as on the page.
REST = {
    'D_sees_labels': {'en': 'what D is given (labels)', 'ko': '구분자에 넣는 것(레이블)'},
    'trains': {'en': 'whose variables a step trains', 'ko': '각 단계가 학습하는 변수'},
    'raises': {'en': 'which way a step moves (the losses and their signs)',
               'ko': '각 단계가 나아가는 방향(손실값과 부호)'},
    'hidden': {'en': 'the hidden layers', 'ko': '은닉층'},
    'noise': {'en': 'the noise', 'ko': '노이즈'},
    'answers': {'en': 'what D gives, probabilities or logits', 'ko': '구분자의 출력(확률인지 로짓인지)'},
    'is_of_mnist': {'en': 'the data', 'ko': '데이터'},
    'is_the_pages_loss': {'en': 'the formula of loss_D', 'ko': 'loss_D의 수식'},
}


class Exercise:
    """One exercise.

    title   {language: text}
    kinds   which listings it is for: BASIC, CONDITIONAL or EITHER
    epochs  how many it takes to see what comes of it
    asks    [(what is asked of a Networks, {language: sentence})]
    frees   names of `_pages` that are asked here, or follow from it, and so are not held to the page
    """

    def __init__(self, kinds, epochs, frees, title, *asks):
        self.kinds, self.epochs, self.frees, self.title, self.asks = kinds, epochs, frees, title, asks

    def check(self, found):
        """[(met, {language: sentence})] for a Networks."""
        called = CALLED[self.kinds]
        yield found.labelled in self.kinds, {'en': 'the listing is a copy of %s' % called['en'],
                                             'ko': '%s의 예제를 고친 것이다' % called['ko']}
        for ask, sentence in self.asks:
            yield bool(ask(found)), sentence
        wrong = [name for name, value in _pages(found.labelled).items()
                 if name not in self.frees and getattr(found, name) != value]
        if wrong:
            differ = {language: ', '.join(REST[name][language] for name in wrong) for language in languages.KNOWN}
            yield False, {'en': 'all else is to be as on the page, and differs: %s' % differ['en'],
                          'ko': '나머지는 책과 같아야 하는데 다르다: %s' % differ['ko']}
        else:
            yield True, {'en': 'all else is as on the page', 'ko': '나머지는 책과 같다'}
        yield found.epochs >= self.epochs, {
            'en': 'it has run for %d epochs or more (so far %d)' % (self.epochs, found.epochs),
            'ko': '%d세대 이상 학습했다(지금까지 %d세대)' % (self.epochs, found.epochs)}


EXERCISES = {
    1: Exercise(
        CONDITIONAL, 10, ['D_sees_labels'],
        {'en': 'labels forgotten in the discriminator', 'ko': '구분자에 레이블을 넣지 않으면'},
        (lambda found: not found.D_sees_labels,
         {'en': 'the discriminator is not given the labels', 'ko': '구분자에 레이블이 들어가지 않는다'})),
    2: Exercise(
        BASIC, 5, ['trains', 'raises'],
        {'en': 'the printed train_G, with X fed', 'ko': '책에 인쇄된 train_G에 X까지 넣으면'},
        (lambda found: found.trains == {'train_D': 'D', 'train_G': 'D'},
         {'en': "train_G trains the discriminator's variables, and none of the generator's",
          'ko': 'train_G가 생성자가 아니라 구분자의 변수를 학습한다'}),
        (lambda found: not found.has_moved(),
         {'en': 'the generator draws the same in the last epoch as in the first',
          'ko': '생성자가 마지막 세대에도 첫 세대와 똑같은 것을 그린다'})),
    3: Exercise(
        EITHER, 5, ['trains'],
        {'en': 'both networks in one var_list', 'ko': 'var_list 하나에 두 신경망을 모두 넣으면'},
        (lambda found: found.trains['train_D'] == BOTH,
         {'en': 'train_D trains the variables of both networks', 'ko': 'train_D가 두 신경망의 변수를 모두 학습한다'}),
        (lambda found: found.trains['train_G'] == BOTH,
         {'en': 'train_G trains the variables of both networks', 'ko': 'train_G가 두 신경망의 변수를 모두 학습한다'})),
    4: Exercise(
        BASIC, 5, ['raises'],
        {'en': 'a minus sign dropped', 'ko': '마이너스 부호를 하나 빠뜨리면'},
        (lambda found: found.raises['train_G', 'D_gene'] is False,
         {'en': "train_G makes D's answer to generated images fall",
          'ko': 'train_G가 생성한 이미지의 판별값을 낮춘다'}),
        (lambda found: found.raises['train_D', 'D_real'] and found.raises['train_D', 'D_gene'] is False,
         {'en': "train_D is as on the page: D's answer rises for real images and falls for generated ones",
          'ko': 'train_D는 책과 같다. 실제 이미지의 판별값은 높이고 생성한 이미지의 판별값은 낮춘다'})),
    5: Exercise(
        BASIC, 3, ['answers'],
        {'en': 'logits in place of probabilities', 'ko': '확률 대신 로짓으로 손실값을 계산하면'},
        (lambda found: found.answers == 'logits',
         {'en': 'D gives logits: no sigmoid comes last', 'ko': '구분자가 로짓을 낸다. 마지막에 시그모이드가 없다'}),
        (lambda found: found.stays_finite,
         {'en': 'loss_D is finite, however sure D is', 'ko': '구분자가 아무리 확신해도 loss_D가 유한하다'}),
        (lambda found: found.record['numbers'].get('learning_rate', 0) >= 0.02,
         {'en': 'the learning rate is 0.02 or more, with which the page reaches minus infinity',
          'ko': '학습률이 0.02 이상이다. 책의 수식으로는 음의 무한대가 되는 값이다'})),
    6: Exercise(
        EITHER, 10, ['noise'],
        {'en': 'uniform noise in §9.1, normal noise in §9.2',
         'ko': '9.1절에 균등 분포, 9.2절에 정규 분포의 노이즈를 쓰면'},
        (lambda found: found.noise == ('normal' if found.labelled else 'uniform'),
         {'en': "the noise is the other listing's: uniform in [-1, 1) in §9.1, normal in §9.2",
          'ko': '노이즈가 다른 절의 것이다. 9.1절이면 [-1, 1)의 균등 분포, 9.2절이면 정규 분포'})),
    7: Exercise(
        EITHER, 10, ['hidden'],
        {'en': 'n_hidden 16 and 1024', 'ko': 'n_hidden을 16과 1024로 바꾸면'},
        (lambda found: found.hidden in ({'G': [16], 'D': [16]}, {'G': [1024], 'D': [1024]}),
         {'en': 'both networks have one hidden layer, 16 or 1024 wide',
          'ko': '두 신경망의 은닉층이 하나이고 크기가 16이나 1024이다'})),
    8: Exercise(
        EITHER, 10, ['hidden'],
        {'en': 'one more layer', 'ko': '층을 하나 더 쌓으면'},
        (lambda found: max(map(len, found.hidden.values())) > 1,
         {'en': 'a network has two hidden layers or more', 'ko': '은닉층이 둘 이상인 신경망이 있다'}),
        (lambda found: found.trains == {'train_D': 'D', 'train_G': 'G'},
         {'en': 'each step trains all variables of its own network, the new ones too',
          'ko': '각 단계가 새 변수까지 자기 신경망의 변수를 빠짐없이 학습한다'})),
    9: Exercise(
        EITHER, 5, ['is_of_mnist'],
        {'en': 'other data', 'ko': '다른 데이터로 학습하면'},
        (lambda found: not found.is_of_mnist,
         {'en': 'the data is not MNIST', 'ko': 'MNIST가 아닌 데이터로 학습했다'})),
    10: Exercise(
        CONDITIONAL, 10, ['D_sees_labels'],
        {'en': 'two errors of the page that stop nothing', 'ko': '책의 오류 가운데 멈추지 않는 것 두 가지'},
        (lambda found: not found.D_sees_labels,
         {'en': 'the labels are lost on their way into the discriminator, as in `input = tf.concat(…)`',
          'ko': '`input = tf.concat(…)`처럼 구분자로 가던 레이블이 버려진다'}),
        (lambda found: not found.record['strips'],
         {'en': 'no strip is drawn during the training: the block stands outside of the loop',
          'ko': '그리는 부분이 루프 밖에 있어 학습하는 동안 그림이 나오지 않는다'})),
}


def main(chosen):
    """Prints a line for all that an exercise takes, in `chosen.lang`; returns the status: 1 if something is not met."""
    exercise, met = EXERCISES[chosen.number], []
    print('%d. %s' % (chosen.number, exercise.title[chosen.lang]))
    for is_met, sentence in exercise.check(Networks(chosen.run, of_mnist())):
        met.append(is_met)
        print('%-3s %s' % ('OK' if is_met else '!!', sentence[chosen.lang]))
    return 0 if all(met) else 1
