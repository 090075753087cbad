"""What is remembered of each video between two calls of the network."""

from __future__ import annotations

from collections import defaultdict

import torch

from mmvmtl.models.clip_batch import ClipBatch
from mmvmtl.structures import VideoMTLDataSample


class Stream:
    """State of one video: what the heads remember, and its tracks.

    Args:
        tracker (VideoTracker, optional): gives the stream its tracks.
    """

    def __init__(self, tracker: object | None) -> None:
        self.memory: dict[str, dict] = defaultdict(dict)
        self.tracks = None if tracker is None else tracker.new_stream()
        self.frame_id = -1
        self.num_seen = 0


class StreamBank:
    """The streams that are open, by the id of their video.

    A stream begins with a video's first frame, or whenever frame numbers do
    not go on, and is closed after its last frame.

    Args:
        tracker (VideoTracker, optional): makes the streams' tracks.
    """

    def __init__(self, tracker: object | None) -> None:
        self.tracker = tracker
        self._streams: dict[object, Stream] = {}

    def reset(self, video_id: object = None) -> None:
        """Forget the stream of a video, or all."""
        if video_id is None:
            self._streams.clear()
        else:
            self._streams.pop(video_id, None)

    def enter(self, samples: list[VideoMTLDataSample]) -> list[Stream]:
        """The stream of every clip; a new one where a video begins."""
        entered = []
        for sample in samples:
            first, last = sample[0], sample[len(sample) - 1]
            stream = self._streams.get(sample.video_id)
            begins = first.is_first or stream is None
            if begins or first.frame_id <= stream.frame_id:
                stream = Stream(self.tracker)
                self._streams[sample.video_id] = stream
            stream.frame_id = last.frame_id
            stream.num_seen += len(sample)
            entered.append(stream)
        return entered

    def leave(
        self, samples: list[VideoMTLDataSample], streams: list[Stream]
    ) -> None:
        """Close those of :meth:`enter` that have seen their whole video.

        Frame numbers do not tell: a part of a video keeps its own.
        """
        for sample, stream in zip(samples, streams, strict=True):
            # In one batch another video of that id may have begun since.
            latest = self._streams.get(sample.video_id) is stream
            if latest and stream.num_seen == sample[0].get('video_length'):
                del self._streams[sample.video_id]


def track(batch: ClipBatch, streams: list[Stream]) -> None:
    """Give ids to the boxes of ``pred_track_instances``, frame by frame.

    Boxes are in original pixels by now. Those to which the tracker gives no
    id are left out. All numbers of a batch come to the host in one copy.
    """
    columns = _to_host(batch)
    for (start, end), stream in zip(batch.spans(), streams, strict=True):
        for m in range(start, end):
            frame = batch.frames[m]
            ids = stream.tracks.update(**columns[m], frame_id=frame.frame_id)
            found = frame.pred_track_instances
            found.instances_id = found.labels.new_tensor(ids)
            if not ids.all():
                frame.pred_track_instances = found[found.instances_id > 0]


def _to_host(batch: ClipBatch) -> list[dict]:
    """Per frame the arrays that :meth:`TrackStream.update` takes."""
    names = ('bboxes', 'scores', 'labels', 'embeddings', 'velocities')
    found = [frame.pred_track_instances for frame in batch.frames]
    present = [name for name in names if name in found[0]]
    if found[0].bboxes.device.type == 'cpu':
        # They are there, so there is nothing to join into one copy.
        return [
            {name: instances[name].double().numpy() for name in present}
            for instances in found
        ]
    widths, parts = [], []
    for name in present:
        values = torch.cat([instances[name].double() for instances in found])
        parts.append(values if values.dim() == 2 else values[:, None])
        widths.append(parts[-1].shape[1])
    table = torch.cat(parts, dim=1).cpu().numpy()
    columns, row = [], 0
    for instances in found:
        rows = table[row : row + len(instances)]
        row += len(instances)
        arrays, column = {}, 0
        for name, width in zip(present, widths, strict=True):
            arrays[name] = rows[:, column : column + width]
            column += width
        arrays['scores'] = arrays['scores'][:, 0]
        arrays['labels'] = arrays['labels'][:, 0].astype(int)
        columns.append(arrays)
    return columns
