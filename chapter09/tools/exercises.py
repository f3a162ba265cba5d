"""Has an exercise of docs/exercises.md been done? What each takes, asked of a run's graph and of what it came to.

An exercise changes one thing of the page. So each names what is to be otherwise, and all else has to be as on
the page: an edit of something else does not do.
"""

import os

from lab import languages
from tools.judge import of_mnist
from tools.networks import Networks

# Which listings an exercise is for, by whether they are labelled, and what these are called.
BASIC, CONDITIONAL, EITHER = (False,), (True,), (False, True)
CALLED = {BASIC: {'en': '§9.1', 'ko': '9.1절'}, CONDITIONAL: {'en': '§9.2', 'ko': '9.2절'},
          EITHER: {'en': '§9.1 or §9.2', 'ko': '9.1절이나 9.2절'}}
D_RAISES, G_RAISES = {'D_real': True, 'D_gene': False}, {'D_real': None, 'D_gene': True}


def _pages(labelled):
    """What a run of the page's own listing is, {name: value}; `labelled`, whether it is §9.2's."""
    rate = 0.001 if labelled else 0.0002
    return {'G_sees_labels': labelled, 'D_sees_labels': labelled, 'trains': {'train_D': 'D', 'train_G': 'G'},
            'train_D_raises': D_RAISES, 'train_G_raises': G_RAISES, 'loss_D_is_the_pages': True,
            'loss_G_is_the_pages': True, 'hidden': _one_layer(256), 'noise': 'uniform' if labelled else 'normal',
            'answers': 'logits' if labelled else 'probabilities', 'G_stays_within': True, 'is_of_mnist': True,
            'rates': {'train_D': rate, 'train_G': rate}, 'are_adam': True, 'are_made': True}


def _one_layer(width):
    return {'G': [(width, True)], 'D': [(width, True)]}


# What is said of it where it is not as on the page.
REST = {
    'G_sees_labels': {'en': 'what G is given (labels)', 'ko': '생성자에 넣는 것(레이블)'},
    'D_sees_labels': {'en': 'what D is given (labels)', 'ko': '구분자에 넣는 것(레이블)'},
    'trains': {'en': 'whose variables a step trains', 'ko': '각 단계가 학습시키는 변수'},
    'train_D_raises': {'en': 'which way train_D goes (its loss and the sign)', 'ko': 'train_D의 방향(손실값과 부호)'},
    'train_G_raises': {'en': 'which way train_G goes (its loss and the sign)', 'ko': 'train_G의 방향(손실값과 부호)'},
    'loss_D_is_the_pages': {'en': 'the formula of loss_D', 'ko': 'loss_D의 수식'},
    'loss_G_is_the_pages': {'en': 'the formula of loss_G', 'ko': 'loss_G의 수식'},
    'hidden': {'en': 'the hidden layers', 'ko': '은닉층'},
    'noise': {'en': 'the noise', 'ko': '노이즈'},
    'answers': {'en': 'what D gives, probabilities or logits', 'ko': '구분자의 출력(확률인지 로짓인지)'},
    'G_stays_within': {'en': 'what G gives (values from 0 to 1)', 'ko': '생성자의 출력(0에서 1 사이의 값)'},
    'is_of_mnist': {'en': 'the data', 'ko': '데이터'},
    'rates': {'en': 'the learning rates', 'ko': '학습률'},
    'are_adam': {'en': 'the optimizers', 'ko': '옵티마이저'},
    'are_made': {'en': 'that both steps are run (sess.run)', 'ko': '두 단계를 모두 실행하는 것(sess.run)'},
}


class Exercise:
    """One exercise.

    title   {language: text}
    kinds   which listings it is for: BASIC, CONDITIONAL or EITHER
    epochs  how many it takes to see what comes of it
    asks    [(what is asked of a Networks, {language: sentence})]; the sentence may be a function, called with the
            Networks and with what has been found, if it is to tell that
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
            answer = ask(found)
            yield bool(answer), sentence(found, answer) if callable(sentence) else sentence
        yield self.rest(found)
        yield self.length(found)

    def rest(self, found):
        """(met, {language: sentence}) of all that is not asked."""
        wrong = [name for name, value in _pages(found.labelled).items()
                 if name not in self.frees and getattr(found, name) != value]
        if not wrong:
            return True, {'en': 'all else is as on the page', 'ko': '나머지는 책과 같다'}
        differ = {language: ', '.join(REST[name][language] for name in wrong) for language in languages.KNOWN}
        return False, {'en': 'all else is as on the page (these differ: %s)' % differ['en'],
                       'ko': '나머지는 책과 같다(다른 것: %s)' % differ['ko']}

    def length(self, found):
        """(met, {language: sentence}) of how long it has been trained."""
        since = found.earlier > 0
        return found.epochs >= self.epochs, {
            'en': 'it has been trained for %d epochs or more (so far %s%s)' % (
                self.epochs, found.epochs, ', since the listing was changed' * since),
            'ko': '%d세대 이상 학습했다(%s지금까지 %d세대)' % (
                self.epochs, '코드를 고친 뒤로 ' * since, found.epochs)}


WIDTHS = 16, 1024
SUM = sum(WIDTHS)


def _width(found):
    """How wide the one hidden layer of both networks is, 16 or 1024; None if it is neither."""
    return next((width for width in WIDTHS if found.hidden == _one_layer(width)), None)


def _its_counterpart(found):
    """The name of the run with the other of the two widths, done as this one is; None if there is none."""
    exercise, width = EXERCISES[7], _width(found)
    return width and next((
        os.path.basename(other.folder) for other in found.beside(SUM - width)
        if other.labelled == found.labelled and _width(other) == SUM - width
        and exercise.rest(other)[0] and exercise.length(other)[0]), None)


def _says_which(found, counterpart):
    width = _width(found)
    if width is None:
        return {'en': 'there is a run with each of the two widths', 'ko': '두 가지 크기로 한 번씩 실행했다'}
    if counterpart:
        return {'en': 'this run is %d wide, and %s beside it is %d wide' % (width, counterpart, SUM - width),
                'ko': '은닉층의 크기가 이 실행에서는 %d, 같은 폴더 안에 있는 %s에서는 %d이다'
                      % (width, counterpart, SUM - width)}
    return {'en': 'a run that fits and is %d wide is in the same folder (this one is %d wide)' % (SUM - width, width),
            'ko': '이 실행과 같은 폴더 안에, 은닉층의 크기가 %d이고 다른 조건에도 맞는 실행이 있다(이 실행에서는 %d)'
                  % (SUM - width, width)}


EXERCISES = {
    1: Exercise(
        CONDITIONAL, 10, ['D_sees_labels'],
        {'en': 'labels forgotten in the discriminator', 'ko': '구분자에 레이블을 넣지 않으면'},
        (lambda found: found.D_sees_labels is False,
         {'en': 'the discriminator is not given the labels', 'ko': '구분자에 레이블이 들어가지 않는다'})),
    2: Exercise(
        BASIC, 5, ['trains', 'train_G_raises'],
        {'en': 'the printed train_G, with X fed', 'ko': '책에 인쇄된 train_G에 X까지 넣으면'},
        (lambda found: found.trains == {'train_D': 'D', 'train_G': 'D'},
         {'en': "train_G trains the discriminator's variables, and none of the generator's",
          'ko': 'train_G가 생성자의 변수는 그대로 두고 구분자의 변수만 학습시킨다'}),
        (lambda found: found.train_G_raises == D_RAISES,
         {'en': "train_G follows loss_D: D's answer rises for real images and falls for generated ones",
          'ko': 'train_G가 loss_D를 따라 실제 이미지의 판별값은 높이고 생성한 이미지의 판별값은 낮춘다'}),
        (lambda found: found.stands_still(),
         {'en': 'the generator draws the same in the last epoch as in the first, and not just black',
          'ko': '생성자가 마지막 세대에도 첫 세대와 똑같은 것을 그리고, 그 그림이 새까맣지는 않다'})),
    3: Exercise(
        EITHER, 5, ['trains'],
        {'en': 'both networks in one var_list', 'ko': 'var_list 하나에 두 신경망을 모두 넣으면'},
        (lambda found: found.trains['train_D'] == 'both',
         {'en': 'train_D trains the variables of both networks',
          'ko': 'train_D가 두 신경망의 변수를 모두 학습시킨다'}),
        (lambda found: found.trains['train_G'] == 'both',
         {'en': 'train_G trains the variables of both networks',
          'ko': 'train_G가 두 신경망의 변수를 모두 학습시킨다'})),
    4: Exercise(
        BASIC, 5, ['train_D_raises', 'train_G_raises'],
        {'en': 'a minus sign dropped', 'ko': '마이너스 부호를 하나 빠뜨리면'},
        (lambda found: found.train_G_raises == {'D_real': None, 'D_gene': False},
         {'en': "train_G makes D's answer to generated images fall",
          'ko': 'train_G가 생성한 이미지의 판별값을 낮춘다'}),
        (lambda found: found.train_D_raises == D_RAISES,
         {'en': "train_D is as on the page: D's answer rises for real images and falls for generated ones",
          'ko': 'train_D는 책과 같다. 실제 이미지의 판별값은 높이고 생성한 이미지의 판별값은 낮춘다'})),
    5: Exercise(
        BASIC, 3, ['answers', 'rates'],
        {'en': 'logits in place of probabilities', 'ko': '확률 대신 로짓으로 손실값을 계산하면'},
        (lambda found: found.answers == 'logits',
         {'en': 'the losses take logits of D: no sigmoid comes before them',
          'ko': '손실값을 로짓으로 계산한다. 그 앞에서 시그모이드를 거치지 않는다'}),
        (lambda found: found.stays_finite,
         {'en': 'both losses are finite, however sure D is', 'ko': '구분자가 아무리 확신해도 두 손실값이 유한하다'}),
        (lambda found: min(rate or 0 for rate in found.rates.values()) >= 0.02,
         {'en': 'the learning rate is 0.02 or more, with which the page reaches minus infinity',
          'ko': '학습률이 0.02 이상이다. 책의 수식으로는 손실값이 음의 무한대가 되는 학습률이다'})),
    6: Exercise(
        EITHER, 10, ['noise'],
        {'en': 'uniform noise in §9.1, normal noise in §9.2',
         'ko': '9.1절에 균등 분포, 9.2절에 정규 분포의 노이즈를 쓰면'},
        (lambda found: found.noise == ('normal' if found.labelled else 'uniform'),
         {'en': "get_noise draws the other listing's noise: uniform in [-1, 1) in §9.1, normal in §9.2",
          'ko': 'get_noise가 다른 절의 노이즈를 뽑는다(9.1절은 [-1, 1)의 균등 분포, 9.2절은 정규 분포)'})),
    7: Exercise(
        EITHER, 10, ['hidden'],
        {'en': 'n_hidden 16 and 1024', 'ko': 'n_hidden을 16과 1024로 바꾸면'},
        (_width, {'en': 'both networks have one hidden layer, 16 or 1024 wide',
                  'ko': '두 신경망의 은닉층이 하나씩이고 크기가 16이나 1024이다'}),
        (_its_counterpart, _says_which)),
    8: Exercise(
        EITHER, 10, ['hidden', 'trains'],
        {'en': 'one more layer', 'ko': '층을 하나 더 쌓으면'},
        (lambda found: any(sum(bends for _, bends in layers) > 1 for layers in found.hidden.values()),
         {'en': 'a network has two hidden layers or more, each with an activation',
          'ko': '활성화 함수를 갖춘 은닉층이 둘 이상인 신경망이 있다'}),
        (lambda found: found.trains == {'train_D': 'D', 'train_G': 'G'},
         {'en': 'each step trains all variables of its own network, the new ones too',
          'ko': '각 단계가 새 변수까지 자기 신경망의 변수를 빠짐없이 학습시킨다'})),
    9: Exercise(
        EITHER, 5, ['is_of_mnist'],
        {'en': 'other data', 'ko': '다른 데이터로 학습하면'},
        (lambda found: found.is_of_mnist is False,
         {'en': 'the data is not MNIST', 'ko': 'MNIST가 아닌 데이터로 학습했다'})),
    10: Exercise(
        CONDITIONAL, 10, ['D_sees_labels'],
        {'en': 'two errors of the page that stop nothing', 'ko': '책의 오류 가운데 멈추지 않는 것 두 가지'},
        (lambda found: found.D_sees_labels is False,
         {'en': 'the labels are lost on their way into the discriminator, as in `input = tf.concat(…)`',
          'ko': '`input = tf.concat(…)`이라고 썼을 때처럼 레이블이 구분자에 이르지 못하고 버려진다'}),
        (lambda found: not found.record['strips'],
         {'en': 'no strip is drawn during the training: the block is not in the loop',
          'ko': '학습하는 동안에는 그림이 나오지 않는다. 그림을 그리는 코드가 반복문 안에 없다'}),
        (lambda found: found.draws_afterwards() is not False,
         {'en': 'the strip is drawn after the training: the block comes behind the loop',
          'ko': '학습이 끝난 뒤에 그림을 그린다. 그림을 그리는 코드가 반복문 뒤에 있다'})),
}


NOT_MET = {'en': '!!  should be so, and is not yet: %s', 'ko': '!!  아직 갖추지 못한 조건: %s'}
# What is told where the listing is no longer the one that has been run.
CHANGED = {'en': '!!  the listing has been changed since this run: run it again',
           'ko': '!!  이 실행 뒤에 코드를 고쳤다. 다시 실행해야 한다'}


def main(chosen):
    """Prints a line for all that an exercise takes, in `chosen.lang`; returns the status: 1 if something is not met."""
    exercise, met = EXERCISES[chosen.number], []
    found = Networks(chosen.run, of_mnist())
    print('%d. %s' % (chosen.number, exercise.title[chosen.lang]))
    for is_met, sentence in exercise.check(found):
        met.append(is_met)
        print('OK  %s' % sentence[chosen.lang] if is_met else NOT_MET[chosen.lang] % sentence[chosen.lang])
    if found.text and chosen.text not in (None, found.text):
        print(CHANGED[chosen.lang])
    return 0 if all(met) else 1
