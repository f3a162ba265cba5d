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


def told(epoch, D_gene, labelled):
    """What a reader is told of a run that is lost since an epoch, as of `told.text`; `labelled`, whether it has a Y."""
    if not labelled:
        return 'lost without labels', epoch, EPOCHS, D_GENE, D_gene
    return 'lost', epoch, EPOCHS, D_GENE, D_gene, TOLD, AFTER_30, AFTER_100
