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

    Videos with one ``file_name``, such as the stretches of an mp4, are one
    recording and share its fate. With at least ``count`` recordings, every
    ``count``-th from the ``index``-th on is held out. With fewer, a block of
    consecutive frames of every recording is; the rest of a video becomes one
    video before the block and one behind it, so that no clip reaches across.
    A velocity in a video's first frame, which a frame of another part gives,
    is dropped.

    Args:
        content (dict): See :mod:`mmvmtl.datasets.cocovid`; not changed.
        index (int): Of the fold, from 0.
        count (int): k, the number of folds, at least 2.
        held_out (bool): Which of the two parts.

    Raises:
        UserError: If there is no such fold, or a recording has fewer frames
            than there are folds.
    """
    if count < 2 or not 0 <= index < count:
        raise UserError(
            f'there is no fold {index} of {count}; take at least 2 folds, '
            'counted from 0.'
        )
    recordings: dict = {}
    for video in content['videos']:
        recordings.setdefault(recording_of(video), []).append(video)
    if len(recordings) >= count:
        out = list(recordings)[index::count]
        kept = [
            video
            for video in content['videos']
            if (recording_of(video) in out) == held_out
        ]
        return _restrict(content, kept, content['images'])
    frames: dict = {video['id']: [] for video in content['videos']}
    for image in content['images']:
        if image['video_id'] not in frames:
            raise UserError(
                f'image {image["id"]} is of video {image["video_id"]}, which '
                'the file does not have; correct its video_id.'
            )
        frames[image['video_id']].append(image)
    parts: list[dict] = []
    images: list[dict] = []
    for videos in recordings.values():
        every = {i['frame_id'] for v in videos for i in frames[v['id']]}
        if len(every) < count:
            raise UserError(
                f'video {videos[0]["name"]!r} has {len(every)} frames, fewer '
                f'than the {count} folds; take fewer.'
            )
        numbers = sorted(every)
        for run in fold_runs(len(numbers), index, count, held_out):
            span = range(numbers[run.start], numbers[run.stop - 1] + 1)
            for video in videos:
                cut = _cut(video, frames[video['id']], span, len(parts))
                parts += cut[0]
                images += cut[1]
    return _restrict(content, parts, images, cut=True)


def recording_of(video: dict) -> tuple:
    """What an entry of ``videos`` is a part of: a file, or itself alone.

    ``recording`` tells it of a part that is in no video file.
    """
    for key in ('file_name', 'recording'):
        if video.get(key):
            return key, video[key]
    return 'video', video['id']


def _cut(
    video: dict, images: list[dict], span: range, new_id: int
) -> tuple[list[dict], list[dict]]:
    """The frames of a video in a span as a video; empty if there is none."""
    images = sorted(images, key=lambda image: image['frame_id'])
    kept = [i for i, im in enumerate(images) if im['frame_id'] in span]
    if not kept:
        return [], []
    part = {
        **video,
        'id': new_id,
        'name': f'{video["name"]}#{kept[0]}',
        # Its objects are those of the other part.
        'recording': video.get('recording', video['name']),
        'length': len(kept),
    }
    return [part], [{**images[i], 'video_id': new_id} for i in kept]


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
    part = {**content, 'videos': videos, 'images': images}
    if 'annotations' not in content:
        # An empty list would mean: labelled, and there is no object.
        return part
    boxes = []
    for box in content['annotations']:
        if box['image_id'] in video_of:
            box = {**box, 'video_id': video_of[box['image_id']]}
            if box['image_id'] in cut_at:
                box.pop('velocity', None)
            boxes.append(box)
    return {**part, 'annotations': boxes}
