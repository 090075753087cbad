"""Videos with boxes, identities and labels from a CocoVID superset file."""

from __future__ import annotations

import difflib

import mmengine
import numpy as np
from mmengine.dataset import BaseDataset, force_full_init
from mmengine.fileio import exists, join_path

from mmvmtl.datasets.clip_sampling import (
    sample_clip,
    split_into_chunks,
    worker_rng,
)
from mmvmtl.datasets.cocovid import (
    Video,
    check_entries,
    label_maps,
    read_videos,
)
from mmvmtl.datasets.folds import recording_of, select_fold
from mmvmtl.datasets.transforms.set_domain import domains_behind
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS


def check_keys(given: dict, known: dict, what: str) -> dict:
    """``known`` updated by ``given``, whose keys must be among it.

    Raises:
        UserError: Naming the unknown key and the nearest known one.
    """
    for key in given:
        if key not in known:
            near = difflib.get_close_matches(key, known, 1, 0)
            raise UserError(
                f'{what} does not know the key {key!r}; did you mean '
                f'{near[0]!r}? It takes {sorted(known)}.'
            )
    return {**known, **given}


@DATASETS.register_module()
class VideoMTLDataset(BaseDataset):
    """Clips of videos; see :mod:`mmvmtl.datasets.cocovid` for the file.

    In training an index is a key frame, and gives a clip around it; with
    ``test_mode`` it is a chunk of consecutive frames, all chunks of a video
    in order, for ``mmvmtl.VideoSampler``. Frames without objects and gaps in
    frame numbers are ordinary.

    Args:
        ann_file (str): JSON file, relative to ``data_root``.
        clip (dict, optional): ``length``, ``stride`` and ``pair`` of training
            clips, see ``sample_clip``. Defaults to single frames.
        chunk (int): Frames of an index with ``test_mode``. Defaults to 8.
        data_prefix (dict, optional): Folders of frames (``img``) and of mp4
            files (``video``) that ``file_name`` is relative to, themselves
            relative to ``data_root``.
        backend_args (dict, optional): File backend of MMEngine, for the
            annotation file; pictures have theirs in ``LoadVideoFrames``.
        filter_cfg (dict, optional): ``filter_empty_gt=True`` leaves out key
            frames without objects; in training only.
        fold (dict, optional): ``index``, ``count`` and ``held_out`` of a
            cross-validation, see :func:`mmvmtl.datasets.folds.select_fold`.
        **kwargs: Of MMEngine's ``BaseDataset``: ``data_root``, ``metainfo``
            (``classes`` and ``tasks`` select and order labels by name),
            ``indices`` (of clips), ``pipeline``, ``test_mode``, ...

    Raises:
        UserError: Of a missing file, bad annotations, or no clips at all.
    """

    def __init__(
        self,
        ann_file: str = '',
        clip: dict | None = None,
        chunk: int = 8,
        data_prefix: dict | None = None,
        backend_args: dict | None = None,
        filter_cfg: dict | None = None,
        fold: dict | None = None,
        **kwargs,
    ) -> None:
        name = type(self).__name__
        self.clip = check_keys(
            clip or {},
            {'length': 1, 'stride': 1, 'pair': False},
            f'clip of {name}',
        )
        self.chunk = chunk
        self.fold = fold and dict(fold)
        self.backend_args = backend_args
        self.videos: list[Video] = []
        prefix = {'img': '', 'video': ''}
        filters = {'filter_empty_gt': False}
        super().__init__(
            ann_file,
            data_prefix=check_keys(
                data_prefix or {}, prefix, f'data_prefix of {name}'
            ),
            filter_cfg=check_keys(
                filter_cfg or {}, filters, f'filter_cfg of {name}'
            ),
            **kwargs,
        )

    def load_content(self) -> tuple[dict, str]:
        """The annotations as a CocoVID dict, and their name for messages."""
        if not exists(self.ann_file, backend_args=self.backend_args):
            raise UserError(
                f'the annotation file {self.ann_file} does not exist; check '
                'ann_file and data_root.'
            )
        try:
            content = mmengine.load(
                self.ann_file,
                file_format='json',
                backend_args=self.backend_args,
            )
        except ValueError as error:
            raise UserError(
                f'the annotation file {self.ann_file} is not valid JSON '
                f'({error}); write it again.'
            ) from error
        return content, self.ann_file

    def load_data_list(self) -> list[dict]:
        """Read all videos and list their clips; sets the metainfo."""
        content, source = self.load_content()
        check_entries(content, source)
        if self.fold:
            content = select_fold(content, **self.fold)
        maps = label_maps(content, self._metainfo, source)
        self.videos = read_videos(content, maps, source)
        if not self.videos:
            raise UserError(
                f'{source} has no video with frames; an empty data set can '
                'not be used, check the file.'
            )
        for video in self.videos:
            self._check_files(video)
        self._metainfo['classes'] = maps.pop('det').names
        self._metainfo['tasks'] = {k: m.names for k, m in maps.items()}
        if self.test_mode:
            return [
                {'video': video.index, 'positions': chunk}
                for video in self.videos
                for chunk in split_into_chunks(len(video), self.chunk)
            ]
        return [
            {'video': video.index, 'positions': [key]}
            for video in self.videos
            for key in range(len(video))
        ]

    def filter_data(self) -> list[dict]:
        """Leave out key frames without objects, if asked, in training."""
        if self.test_mode or not self.filter_cfg['filter_empty_gt']:
            return self.data_list
        kept = [
            item
            for item in self.data_list
            if len(self.videos[item['video']].labels(item['positions'][0]))
        ]
        if not kept:
            raise UserError(
                f'no frame of {self.ann_file or self.data_root} has an '
                'object; check metainfo.classes, or set '
                'filter_cfg.filter_empty_gt=False.'
            )
        return kept

    def _path(self, video: Video, position: int) -> dict[str, str]:
        if video.info.get('file_name'):
            path = join_path(
                self.data_prefix['video'], video.info['file_name']
            )
            return {'video_path': path}
        name = str(video.file_names[position])
        return {'img_path': join_path(self.data_prefix['img'], name)}

    def _check_files(self, video: Video) -> None:
        # Before the first iteration, and in this process: an error raised in
        # a worker reaches the user wrapped in a traceback.
        if not video.info.get('file_name') and not all(video.file_names):
            raise UserError(
                f'an image of video {video.info["name"]!r} has no file_name, '
                'and neither has the video; give one of them.'
            )
        for position in {0, len(video) - 1}:
            (path,) = self._path(video, position).values()
            is_file = bool(video.file_names[position])
            args = self.backend_args if is_file else None
            if not exists(path, backend_args=args):
                raise UserError(
                    f'{path} of video {video.info["name"]!r} does not exist; '
                    'check data_root, data_prefix and file_name in the '
                    'annotation file.'
                )

    @force_full_init
    def get_data_info(self, idx: int) -> dict:
        """The clip dict of an index, pictures not loaded yet.

        In training a random stride is drawn at each call.
        """
        item = super().get_data_info(idx)
        video = self.videos[item['video']]
        positions, key = item['positions'], 0
        if not self.test_mode:
            positions, key = sample_clip(
                positions[0], len(video), **self.clip, rng=worker_rng()
            )
        clip = {
            'frames': [
                {**video.frame(p), **self._path(video, p)} for p in positions
            ],
            'video_id': video.info['id'],
            'video_name': video.info['name'],
            'labelled': video.labelled,
            'classes': self._metainfo['classes'],
            'key_frame': key,
            'sample_idx': item['sample_idx'],
        }
        for name, key in (
            ('domain', 'domain'),
            ('domain_weight', 'weight'),
            ('recording', 'recording'),
        ):
            if video.info.get(name) is not None:
                clip[key] = video.info[name]
        if video.clip_label is not None:
            clip['clip_label'] = video.clip_label
        return clip

    @property
    def domains(self) -> frozenset[str]:
        """Names that the file tells of its videos, or the pipeline sets."""
        found = (video.info.get('domain') for video in self.videos)
        own = frozenset(name for name in found if name is not None)
        return domains_behind(self.pipeline.transforms, own)

    @force_full_init
    def video_of(self, idx: int) -> int:
        """Number of the video an index belongs to, for the samplers."""
        return super().get_data_info(idx)['video']

    @force_full_init
    def recording_of(self, idx: int) -> tuple:
        """What the video of an index is a part of, or that video alone."""
        return recording_of(self.videos[self.video_of(idx)].info)

    @force_full_init
    def get_cat_ids(self, idx: int) -> list[int]:
        """Classes of the key frame (or chunk), for ClassBalancedDataset."""
        item = super().get_data_info(idx)
        video = self.videos[item['video']]
        labels = [video.labels(p) for p in item['positions']]
        return np.unique(np.concatenate(labels)).tolist()
