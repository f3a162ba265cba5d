"""How the two networks of a run are trained, for those who are to go on with it: what kind of losses, which Adam."""

import numpy as np

from tools.unshown import Unshown


def training(own):
    """How both networks are trained, for JSON. Raises Unshown if the page cannot do so.

    Losses are of the kind k (softplus(x) − t x), the cross-entropy of D's logit x where t is the truth, times k: §9.1's
    mean of log D has k = −1. What a step makes smaller is the loss times `by`: §9.1 maximises, and there it is −1.
    """
    found = {}
    for step, chain in ('train_D', own.discriminator), ('train_G', own.generator):
        adam = own.adam(step)
        names = {name for layer in chain for name in (layer.name_W, layer.name_b) if name}
        if set(adam.trains) != names:
            raise Unshown('others', step)
        found[step] = adam._asdict()
    answers = (lambda x: 1 / (1 + np.exp(-x))) if own.discriminator[-1].activation == 'sigmoid' else (lambda x: x)

    def loss(name, real, gene):
        return own.loss(name, *(answers(np.reshape(each, (-1, 1)).astype(float)) for each in (real, gene)))

    k = loss('loss_D', [0], [0]) / (2 * np.log(2))
    real, gene = (_truth(loss('loss_D', *at) / k - np.log(2)) if k else np.nan for at in (([1], [0]), ([0], [1])))
    k_G = loss('loss_G', [0], [0]) / np.log(2)
    truth = _truth(loss('loss_G', [0], [1]) / k_G) if k_G else np.nan
    x, y = np.array([-2., -0.3, 0.7, 3]), np.array([-1., 0.2, 0.9, 2.5])
    expected = (k * np.mean(np.logaddexp(0, x) - real * x + np.logaddexp(0, y) - gene * y),
                k_G * np.mean(np.logaddexp(0, y) - truth * y))
    if not np.allclose(expected, (loss('loss_D', x, y), loss('loss_G', x, y)), rtol=1e-5):
        raise Unshown('losses')
    found['loss_D'] = {'k': round(k, 6), 'real': round(real, 6), 'gene': round(gene, 6)}
    found['loss_G'] = {'k': round(k_G, 6), 'truth': round(truth, 6)}
    for name in 'loss_D', 'loss_G':
        step = name.replace('loss', 'train')
        smaller = own.minimised(step)
        shares = [loss(smaller, *at) / loss(name, *at) for at in ((x, y), (y, x), ([0.5], [-0.5]))]
        if not np.allclose(shares, shares[0], rtol=1e-5):
            raise Unshown('follows', step, name)
        found[name]['by'] = round(shares[0], 6)
    return found


def _truth(at_1):
    """The t of softplus(x) − t x, by its value at x = 1."""
    return np.logaddexp(0, 1) - at_1
