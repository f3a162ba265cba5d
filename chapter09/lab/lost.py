"""Runs that never learn: whether the discriminator has won for good, by what it thinks of generated images.

How the rule was found, and what became of the runs that it told: docs/lost.md.
"""

STATUS = 4  # of a run that --stop-when-lost has ended
D_GENE, EPOCHS = 1e-3, 6  # the rule: so little of generated images on average, for so many epochs in a row
TOLD, AFTER_30, AFTER_100 = 13, 0, 4  # runs of §9.2 that met it, in docs/lost/; those of them that drew digits then


def since(D_gene):
    """The epoch by whose end a run is lost, of the D_gene of each epoch (`lab.frames.EPOCH`); None if it is not."""
    low = 0
    for epoch, mean in enumerate(D_gene):
        low = low + 1 if mean < D_GENE else 0  # nan, where it is not known, is not below
        if low == EPOCHS:
            return epoch
    return None


def told(epoch, D_gene, language):
    """What a reader is told of a run that is lost since an epoch, in one of `languages.KNOWN`."""
    return TEXTS[language] % {'epoch': epoch, 'epochs': EPOCHS, 'limit': D_GENE, 'now': D_gene, 'told': TOLD,
                              'soon': AFTER_30, 'later': AFTER_100}


TEXTS = {
    'en': 'lost since epoch %(epoch)d: for %(epochs)d epochs the discriminator has given generated images less than '
          '%(limit)g on average (now %(now).1e). Of %(told)d such runs of §9.2 %(soon)d drew digits after 30 epochs, '
          'and %(later)d after 100: take another --seed (docs/lost.md)',
    'ko': '%(epoch)d세대부터 학습에 실패하고 있다: 생성한 이미지의 평균 판별값이 %(epochs)d세대 내내 '
          '%(limit)g보다 작았다(지금은 %(now).1e). 9.2절에서 이렇게 된 실행 %(told)d번 가운데 숫자를 그린 것은 '
          '30세대 뒤에 %(soon)d번, 100세대 뒤에 %(later)d번이었다. 다른 --seed로 다시 학습해 본다(docs/lost.ko.md)',
}
