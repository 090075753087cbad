"""Clips of two domains, of which the second has no labels."""

from __future__ import annotations

from small_model import TASKS, make_clip

from mmvmtl.structures import VideoMTLDataSample

DOMAINS = ('day', 'fog')


def make_domain_clip(
    domain: str, tasks: tuple[str, ...] = TASKS, **settings
) -> VideoMTLDataSample:
    """A clip of ``make_clip`` that says where it comes from."""
    clip = make_clip(**{'length': 2, 'labelled': tasks, **settings})
    clip.set_metainfo(dict(domain=domain))
    return clip
