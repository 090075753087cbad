"""Say of which domain a data set is, and what of it is labelled."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from mmcv.transforms import BaseTransform

from mmvmtl.registry import TRANSFORMS


@TRANSFORMS.register_module()
class SetDomain(BaseTransform):
    """Set the domain of a clip dict, or of an image dict of MMDetection.

    For data sets that do not know theirs, and to train on a target as if it
    had no labels: give each part of a ``ConcatDataset`` its own.

    Args:
        domain (str): the domain's name.
        labelled (Sequence[str], optional): tasks whose labels may be used,
            among those there are; ``()`` for an unlabelled target, None
            leaves all.
        weight (float, optional): how much an adversary counts the clips;
            None leaves their own, or 1.
    """

    def __init__(
        self,
        domain: str,
        labelled: Sequence[str] | None = None,
        weight: float | None = None,
    ) -> None:
        self.domain = domain
        self.labelled = None if labelled is None else tuple(labelled)
        self.weight = weight

    def transform(self, results: dict) -> dict:
        """Write ``domain``, and what is given of the others."""
        results['domain'] = self.domain
        if self.weight is not None:
            results['weight'] = self.weight
        if self.labelled is not None:
            have = results.get('labelled', self.labelled)
            results['labelled'] = tuple(t for t in have if t in self.labelled)
        return results


def domains_behind(
    steps: Iterable[object], own: frozenset[str]
) -> frozenset[str]:
    """Domains of clips behind a pipeline: the last one set, else their own.

    Args:
        steps (Iterable[object]): the built transforms.
        own (frozenset[str]): domains that the data set itself tells.
    """
    for step in steps:
        if isinstance(step, SetDomain):
            own = frozenset({step.domain})
    return own
