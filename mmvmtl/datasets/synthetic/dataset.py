"""The synthetic world as a data set: clips made on the fly."""

from typing import Any

import numpy as np
import torch
from mmengine.dataset import BaseDataset

from mmvmtl.datasets.clip_sampling import sample_clip, split_into_chunks
from mmvmtl.datasets.synthetic.motion import MAX_LENGTH, MOTIONS
from mmvmtl.datasets.synthetic.shapes import CLASSES
from mmvmtl.datasets.synthetic.world import SyntheticVideo, make_world
from mmvmtl.datasets.synthetic.writer import video_name
from mmvmtl.datasets.transforms.set_domain import domains_behind
from mmvmtl.datasets.video_dataset import check_keys
from mmvmtl.errors import UserError
from mmvmtl.registry import DATASETS


class SharedInt:
    """An integer that worker processes see change.

    Args:
        value (int): The first one.
    """

    def __init__(self, value: int = 0) -> None:
        self._cell = torch.tensor([value]).share_memory_()

    def get(self) -> int:
        """The value now."""
        return int(self._cell)

    def set(self, value: int) -> None:
        """Change it, in all processes."""
        self._cell.fill_(value)

    def __deepcopy__(self, memo: dict) -> 'SharedInt':
        # The copy of a shared tensor would be an ordinary one.
        return SharedInt(self.get())


@DATASETS.register_module()
class SyntheticVideoDataset(BaseDataset):
    """Clips of a :class:`SyntheticWorld`, drawn when they are asked for.

    Training (``test_mode=False``): one index is one clip of a video of its
    own, a function of (seed, epoch, index). ``set_epoch`` gives every epoch
    new videos (``mmvmtl.FreshEpochHook`` calls it), so none is ever seen
    twice. Testing: one index is one chunk of consecutive frames; the videos
    are always the same.

    Args:
        world (dict): Arguments of :class:`SyntheticWorld` but the next two.
        split (str): 'train', 'val' or 'test'.
        num_videos (int): Videos of an epoch, or of the test set.
        seed (int, optional): Of the world; 0, 1 or 2 by split if None.
        clip (dict): ``length``, ``stride`` and ``pair`` of training clips,
            see ``sample_clip``.
        chunk (int): Frames of one test index.
        unlabelled (tuple[str, ...]): Domains (styles of the world) whose
            videos come without labels, as a target to adapt to.
        label_style (bool): Whether every frame is labelled, as task 'frame',
            with the world's style it is drawn in.
        fresh (bool): Whether ``set_epoch`` changes the training videos.
        pipeline (list): Transforms of the clip dict.
        test_mode (bool): See above.
        metainfo (dict, optional): Overrides of what the world says; with
            ``tasks={}`` clips are not labelled.
        **kwargs: ``indices``, ``filter_cfg`` (without effect: no frame is
            known before it is made), ``lazy_init`` and ``max_refetch`` of
            ``BaseDataset``.

    Raises:
        UserError: Of an argument out of its range.
    """

    METAINFO = dict(
        dataset_type='synthetic_video',
        classes=CLASSES,
        tasks=dict(cls=MOTIONS),
    )

    def __init__(
        self,
        world: dict,
        split: str,
        num_videos: int,
        seed: int | None = None,
        clip: dict | None = None,
        chunk: int = 16,
        unlabelled: tuple[str, ...] = (),
        label_style: bool = False,
        fresh: bool = True,
        pipeline: list | tuple = (),
        test_mode: bool = False,
        metainfo: dict | None = None,
        **kwargs: Any,
    ) -> None:
        if num_videos < 1:
            raise UserError(
                f'num_videos={num_videos} of the synthetic data set must be '
                'at least 1.'
            )
        self.world = make_world(world, split, seed)
        self.num_videos = num_videos
        known = dict(length=8, stride=1, pair=False)
        self.clip = check_keys(clip or {}, known, 'clip of the data set')
        self.chunk, self.fresh = chunk, fresh
        self.unlabelled = tuple(unlabelled)
        for name in self.unlabelled:
            if name not in self.world.styles:
                raise UserError(
                    f'unlabelled names the domain {name!r}, the world has '
                    f'{self.world.styles}; add it to its style, or take it '
                    'out.'
                )
        self.label_style = label_style
        # Persistent workers see what the main process sets.
        self._epoch = SharedInt()
        super().__init__(
            ann_file='',
            metainfo=metainfo,
            pipeline=list(pipeline),
            test_mode=test_mode,
            serialize_data=False,
            **kwargs,
        )
        if label_style:
            tasks = dict(frame=self.world.styles, **self._metainfo['tasks'])
            self._metainfo['tasks'] = tasks

    @property
    def domains(self) -> frozenset[str]:
        """Names of the domains that videos may have, or the pipeline sets."""
        own = frozenset(self.world.styles)
        return domains_behind(self.pipeline.transforms, own)

    @property
    def epoch(self) -> int:
        """The epoch whose training videos are given."""
        return self._epoch.get()

    def set_epoch(self, epoch: int) -> None:
        """Go to the training videos of that epoch, in all workers."""
        if self.fresh:
            self._epoch.set(epoch)

    def load_data_list(self) -> list[dict]:
        """One entry an index: its video, and its frames in testing."""
        if not self.test_mode:
            return [dict(video_id=i) for i in range(self.num_videos)]
        return [
            dict(video_id=i, positions=positions)
            for i in range(self.num_videos)
            for positions in split_into_chunks(
                self.world.video_length(i), self.chunk
            )
        ]

    def video_of(self, index: int) -> int:
        """Number of the video an index belongs to."""
        return self._entry(index)['video_id']

    def recording_of(self, index: int) -> int:
        """The video of an index, as each is a recording of its own."""
        return self.video_of(index)

    def get_data_info(self, idx: int) -> dict:
        """The clip dict of an index, its frames drawn."""
        entry = self._entry(idx)
        video = self._video(entry)
        key = 0
        positions = entry.get('positions')
        if positions is None:
            rng = np.random.default_rng(
                (self.world.seed, self.epoch, entry['video_id'], 2)
            )
            positions, key = sample_clip(
                int(rng.integers(video.length)),
                video.length,
                rng=rng,
                **self.clip,
            )
        return dict(
            frames=[self._frame(video, entry, t) for t in positions],
            video_id=entry['video_id'],
            video_name=video_name(video),
            labelled=()
            if video.style in self.unlabelled
            else ('det', 'track', *self._label_tasks()),
            domain=video.style,
            clip_label=video.clip_label,
            classes=self.metainfo['classes'],
            key_frame=key,
        )

    def _label_tasks(self) -> list[str]:
        return [t for t in ('cls', 'frame') if t in self._metainfo['tasks']]

    def get_cat_ids(self, idx: int) -> list[int]:
        """Classes of the objects in the video of an index."""
        return np.unique(self._video(self._entry(idx)).scene.labels).tolist()

    def _entry(self, idx: int) -> dict:
        return super().get_data_info(idx)

    def _video(self, entry: dict) -> SyntheticVideo:
        epoch = 0 if self.test_mode else self.epoch
        return self.world.video(epoch * self.num_videos + entry['video_id'])

    def _frame(self, video: SyntheticVideo, entry: dict, t: int) -> dict:
        image, truth = video.frame(t)
        height, width = image.shape[:2]
        style = {}
        if self.label_style:
            style = dict(frame_label=self.world.styles.index(video.style))
        return dict(
            **style,
            img=image,
            img_path=None,
            img_id=entry['video_id'] * MAX_LENGTH + t,
            video_id=entry['video_id'],
            frame_id=t,
            height=height,
            width=width,
            video_length=video.length,
            is_first=t == 0,
            gt_bboxes=truth['bboxes'],
            gt_bboxes_labels=truth['labels'],
            gt_instances_ids=truth['instances_ids'],
            gt_velocities=truth['velocities'],
            gt_visibilities=truth['visibilities'],
            gt_ignore_flags=np.zeros(len(truth['labels']), bool),
        )
