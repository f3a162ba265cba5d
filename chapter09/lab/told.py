"""What a run tells its reader on stderr besides errors, in Korean or English: LANG decides."""

from lab import errors, languages


def text(name, *values, language='en'):
    """One of TEXTS with its values, in one of `languages.KNOWN`; a tuple among them is a text too, a list several."""
    return TEXTS[name][language] % tuple(
        text(*value, language=language) if isinstance(value, tuple) else
        '; '.join(text(*each, language=language) for each in value) if isinstance(value, list) else
        value for value in values)


def here(name, *values):
    """The same in the user's language."""
    return text(name, *values, language=languages.of_environment())


def say(name, *values):
    errors.say(here(name, *values))


def some(names):
    return ', '.join(names[:4]) + (', …' if len(names) > 4 else '')


_OWN = {'en': 'each step is to train its own network (loss and var_list)',
        'ko': '각 단계는 자기 신경망만 학습시켜야 한다(손실값과 var_list를 확인한다)'}

TEXTS = {
    # of the graph, before the training begins
    'graphs': {
        'en': "TensorFlow computes with graphs and sessions here from now on, as in version 1: for version 2's eager "
              'mode, start anew',
        'ko': '이제부터 텐서플로 1처럼 그래프와 세션으로 계산한다. 텐서플로 2의 즉시 실행 모드를 쓰려면 '
              '파이썬을(노트북에서는 커널을) 다시 시작한다'},
    'no seed': {
        'en': "the graph has no seed: tf.reset_default_graph() after lab.Run, or a tf.Graph(), takes away lab.Run's",
        'ko': '그래프에 시드가 없다. lab.Run 다음에 tf.reset_default_graph()나 tf.Graph()를 호출하면 lab.Run이 정한 '
              '시드가 없어진다'},
    'again': {
        'en': 'the random draws go on from the training before: run from lab.Run on for those of the seed',
        'ko': '난수가 앞선 학습에 이어서 나온다. 시드대로 학습하려면 lab.Run부터 다시 실행한다'},
    'missing': {
        'en': 'the listing has no %s: off without it: %s',
        'ko': '예제에 다음 이름이 없다: %s. 그래서 다음 기능은 쓸 수 없다: %s'},
    'also': {
        'en': '%s also changes %s: ' + _OWN['en'],
        'ko': '%s: 다른 신경망의 변수 %s도 바꾼다. ' + _OWN['ko']},
    'others': {
        'en': "%s changes none of %s variables, but %s: " + _OWN['en'],
        'ko': '%s: %s 변수는 하나도 바꾸지 않고 %s만 바꾼다. ' + _OWN['ko']},
    'none': {
        'en': "%s changes none of %s variables: " + _OWN['en'],
        'ko': '%s: %s 변수를 하나도 바꾸지 않는다. ' + _OWN['ko']},
    'the discriminator': {'en': "the discriminator's", 'ko': '구분자의'},
    'the generator': {'en': "the generator's", 'ko': '생성자의'},
    'idle': {
        'en': 'no step trains %s, which stays as it begins: is it in a var_list?',
        'ko': '어느 단계에서도 학습되지 않아 처음 값 그대로인 변수: %s. var_list에 들어 있는가?'},
    # of the numbers
    'set again': {
        'en': '%s is %s when the training begins, not %s: it is set again below lab.Run',
        'ko': '%s: 학습을 시작할 때의 값이 %s이다. 처음에 정한 값은 %s인데 lab.Run 아래에서 다시 정해 바뀌었다'},
    'other epochs': {
        'en': '--epochs %d is not used, for the loop is over run.epochs(%d): write run.epochs(total_epoch)',
        'ko': '--epochs %d: 반복문에서 run.epochs에 넘긴 값이 %d이므로 쓰이지 않는다. run.epochs(total_epoch)로 '
              '고친다'},
    'other seed': {
        'en': 'the graph has the seed %d, not %d: tf.set_random_seed below lab.Run goes before --seed',
        'ko': '그래프의 시드가 %d이다. lab.Run이 정한 시드는 %d이지만, 그 아래에서 호출한 tf.set_random_seed가 '
              '--seed보다 우선한다'},
    'other data': {
        'en': 'the data is that of %s, not of --data %s: write input_data.read_data_sets(run.data, …)',
        'ko': '%s의 데이터로 학습한다. --data %s의 데이터는 쓰이지 않는다. 데이터를 읽는 줄을 '
              'input_data.read_data_sets(run.data, …)로 고친다'},
    # what is off
    'digits': {'en': 'film, movie, digits', 'ko': 'film.bin 기록, movie, digits'},
    'D_mean': {'en': 'D_mean', 'ko': 'D_mean'},
    'D loss': {'en': 'the D loss in losses.csv and the trace', 'ko': 'losses.csv와 trace에 D 손실값 적기'},
    'G loss': {'en': 'the G loss in losses.csv and the trace', 'ko': 'losses.csv와 trace에 G 손실값 적기'},
    'steps': {'en': 'whether it trains what it should', 'ko': '각 단계가 자기 신경망만 학습시키는지 살피기'},
    'no noise': {'en': 'film, movie, digits are off: %s', 'ko': 'film.bin 기록, movie, digits는 쓸 수 없다: %s'},
    'no test': {'en': 'D_mean is off: there is no mnist.test that input_data has read',
                'ko': 'D_mean은 쓸 수 없다: input_data로 읽은 mnist.test가 없다'},
    'no film': {
        'en': 'film, movie are off: the listing cannot be asked for them (%s)',
        'ko': 'film.bin 기록과 movie는 쓸 수 없다: 예제로 숫자를 그려 볼 수 없다(%s)'},
    'Y': {'en': 'film, movie are off: the placeholder Y has no shape',
          'ko': 'film.bin 기록과 movie는 쓸 수 없다: 플레이스홀더 Y에 shape이 없다'},
    # while it is being trained
    'seed': {'en': 'seed: %d', 'ko': 'seed: %d'},
    'range': {
        'en': 'G leaves [0, 1], the range of the images: it draws values from %.3g to %.3g; is there no sigmoid on its '
              'output?',
        'ko': 'G의 출력이 이미지의 범위 [0, 1]을 벗어난다(%.3g부터 %.3g까지). 출력층에 시그모이드가 빠지지 않았는가?'},
    'no step': {
        'en': 'epoch %d has ended without a step: the loop over run.epochs() is to hold those of train_D and train_G',
        'ko': '%d번 세대가 학습 한 번 없이 끝났다. train_D와 train_G는 run.epochs()를 도는 반복문 안에서 '
              '실행해야 한다'},
    'lost': {
        'en': 'lost since epoch %d: for %d epochs the discriminator has given generated images less than %g on average '
              '(now %.1e). Of %d such runs of §9.2 %d drew digits after 30 epochs, and %d after 100: stop it '
              '(Ctrl-C) and take another --seed (make: SEED=…; docs/lost.md)',
        'ko': '%d번 세대에서 학습 실패로 판정했다: 생성한 이미지의 평균 판별값이 %d세대 연속으로 %g보다 작았다(지금은 '
              '%.1e). 9.2절에서 이렇게 된 실행 %d번 가운데 숫자를 그린 것은 30세대 뒤에 %d번, 100세대 뒤에 %d번이었다. '
              'Ctrl-C로 멈추고 다른 --seed로 다시 학습해 본다(make에서는 SEED=…, docs/lost.ko.md)'},
    'lost without labels': {
        'en': 'lost since epoch %d: for %d epochs the discriminator has given generated images less than %g on average '
              '(now %.1e). §9.1 does not come to that: look at the losses, their signs and var_list',
        'ko': '%d번 세대에서 학습 실패로 판정했다: 생성한 이미지의 평균 판별값이 %d세대 연속으로 %g보다 작았다(지금은 '
              '%.1e). 9.1절은 책대로라면 이렇게 되지 않는다. 손실값과 그 부호, var_list를 확인한다'},
    # when it ends early
    'stopped': {
        'en': 'stopped by %s %s; %s. To go on, give the same command with --resume (make: RESUME=1)',
        'ko': '%s 신호를 받아 멈추었다(%s). %s. 이어서 하려면 같은 명령에 --resume을 붙인다(make에서는 RESUME=1)'},
    'before all': {'en': 'before the first epoch', 'ko': '첫 세대를 시작하기 전'},
    'in epoch': {'en': 'in epoch %d', 'ko': '%d번 세대를 학습하던 중'},
    'checkpoint': {'en': 'the checkpoint of epoch %d stays in %s', 'ko': '%d번 세대의 체크포인트가 %s에 남아 있다'},
    'no checkpoint': {'en': 'there is no checkpoint yet', 'ko': '체크포인트는 아직 없다'},
    'stopped as lost': {'en': 'stopped after epoch %d, for it is lost (--stop-when-lost); %s',
                        'ko': '학습 실패로 판정했으므로 %d번 세대를 마치고 멈추었다(--stop-when-lost). %s'},
    'given out': {'en': 'epoch %d, iteration %s: %s. %s; %s', 'ko': '%d번 세대, 반복 %s: %s. %s. %s'},
    'of': {'en': '%d of %d', 'ko': '%d/%d'},
    'loss': {'en': 'the %s loss is %s', 'ko': '%s 손실값이 %s이다'},
    'weights': {'en': 'the weights are no finite numbers after it', 'ko': '그 뒤의 가중치에 유한하지 않은 값이 있다'},
    'out of range': {
        'en': 'A value has left the range of float32: a sigmoid that rounds to 0 or 1 has an infinite logarithm, and '
              'its gradient makes weights that are no numbers',
        'ko': 'float32의 범위를 벗어난 값이 있다. 시그모이드의 출력이 0이나 1로 반올림되면 로그가 음의 무한대가 되고, '
              '그 기울기로 고친 가중치는 NaN이 된다'},
    'no sigmoid': {'en': 'D_real comes out of no sigmoid, and below 0, where it gets to, there is no logarithm',
                   'ko': 'D_real이 시그모이드를 거치지 않아 음수가 되기도 하는데, 음수의 로그는 정의되지 않는다'},
    'fell': {
        'en': 'It fell in every one of the last %d iterations: a loss that is to be maximised, as both are in §9.1, '
              'was minimised; minimize(-loss_%s, …) takes a minus sign',
        'ko': '지난 %d번의 반복에서 계속 작아지기만 했다. 9.1절에서는 두 손실값 모두 최대화해야 하는데 '
              '최소화한 것이다. minimize(-loss_%s, …)처럼 마이너스 부호를 붙여야 한다'},
    # of other runs, and of this one before
    'fresh': {'en': 'nothing to resume in %s: starting from the beginning',
              'ko': '%s: 이어서 할 것이 없어 처음부터 시작한다'},
    'going on': {'en': 'going on after epoch %d', 'ko': '%d번 세대 다음부터 이어서 학습한다'},
    'done': {'en': 'all its epochs are done already (%d): for more, raise --epochs (make: EPOCHS=…, lab.Run: '
                   'epochs=…)',
             'ko': '%d세대를 이미 모두 학습했다. 더 학습하려면 --epochs를 늘린다(make에서는 EPOCHS=…, lab.Run에서는 '
                   'epochs=…)'},
    'moved': {'en': 'the run that was in %s is now in %s', 'ko': '%s에 있던 실행 결과를 다음 폴더로 옮겼다: %s'},
    'strips moved': {'en': 'the strips that were in %s are now in %s', 'ko': '%s에 있던 그림을 다음 폴더로 옮겼다: %s'},
    'output moved': {'en': 'what was in %s is now in %s', 'ko': '원래 있던 %s의 이름을 바꾸었다: %s'},
    'strip stays': {'en': '%s is none of this run: it stays, and the strip is %s',
                    'ko': '%s: 이 실행의 그림이 아니어서 그대로 두었다. 이 실행의 그림은 %s에 있다'},
    'passed over': {'en': 'checkpoint %s cannot be used (%s): passed over',
                    'ko': '체크포인트 %s: 쓸 수 없어 건너뛴다(%s)'},
    'changed': {'en': 'the listing has changed since (%s): going on with it as it now is',
                'ko': '지난번 실행 뒤에 예제가 바뀌었다(%s). 바뀐 예제로 이어서 학습한다'},
    'line': {'en': 'line %s', 'ko': '%s번째 줄'},
    'lines': {'en': 'lines %s', 'ko': '%s번째 줄'},
    'begun with': {'en': 'note: begun with %s; now %s. The last digits may differ',
                   'ko': '참고: 시작할 때는 %s, 지금은 %s. 값의 끝자리가 달라질 수 있다'},
}
