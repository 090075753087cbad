"""Parts of a CocoVID dict for k-fold cross-validation by video."""

from __future__ import annotations

from mmvmtl.errors import UserError


def fold_runs(
    length: int, index: int, count: int, held_out: bool
) -> list[range]:
    """Positions 0..length-1 of a fold, as runs without a gap.

    Fold i of k is the block ``[i·length/k, (i+1)·length/k)``; the training
    part is what lies before it and what lies behind it.
    """
    begin, end = index * length // count, (index + 1) * length // count
    if held_out:
        return [range(begin, end)]
    return [r for r in (range(begin), range(end, length)) if r]


def select_fold(
    content: dict, index: int, count: int, held_out: bool = False
) -> dict:
    """The training part of a fold, or the part it holds out.

    With at least ``count`` videos, every ``count``-th video from the
    ``index``-th on is held out. With fewer, a block of consecutive frames
    of every video is; the rest of a video becomes one video before the
    block and one behind it, so that no clip reaches across. A velocity in a
    video's first frame, which a frame of another part gives, is dropped.

    Args:
        content (dict): See :mod:`mmvmtl.datasets.cocovid`; not changed.
        index (int): Of the fold, from 0.
        count (int): k, the number of folds, at least 2.
        held_out (bool): Which of the two parts.

    Raises:
        UserError: If there is no such fold, or a video has fewer frames
            than there are folds.
    """
    if count < 2 or not 0 <= index < count:
        raise UserError(
            f'there is no fold {index} of {count}; take at least 2 folds, '
            'counted from 0.'
        )
    videos = content['videos']
    if len(videos) >= count:
        kept = [
            video
            for number, video in enumerate(videos)
            if (number % count == index) == held_out
        ]
        return _restrict(content, kept, content['images'])
    frames: dict = {video['id']: [] for video in videos}
    for image in content['images']:
        frames[image['video_id']].append(image)
    parts, images = [], []
    for video in videos:
        own = sorted(frames[video['id']], key=lambda f: f['frame_id'])
        if len(own) < count:
            raise UserError(
                f'video {video["name"]!r} has {len(own)} frames, fewer than '
                f'the {count} folds; take fewer.'
            )
        for run in fold_runs(len(own), index, count, held_out):
            part = {
                **video,
                'id': len(parts),
                'name': f'{video["name"]}#{run.start}',
                'length': len(run),
            }
            parts.append(part)
            images += [{**own[i], 'video_id': part['id']} for i in run]
    return _restrict(content, parts, images, cut=True)


def _restrict(
    content: dict, videos: list[dict], images: list[dict], cut: bool = False
) -> dict:
    """The content of some videos only."""
    ids = {video['id'] for video in videos}
    images = [image for image in images if image['video_id'] in ids]
    video_of = {image['id']: image['video_id'] for image in images}
    first: dict = {}
    for image in images:
        first.setdefault(image['video_id'], image['id'])
    cut_at = set(first.values()) if cut else set()
    boxes = []
    for box in content['annotations']:
        if box['image_id'] in video_of:
            box = {**box, 'video_id': video_of[box['image_id']]}
            if box['image_id'] in cut_at:
                box.pop('velocity', None)
            boxes.append(box)
    return {
        **content,
        'videos': videos,
        'images': images,
        'annotations': boxes,
    }
