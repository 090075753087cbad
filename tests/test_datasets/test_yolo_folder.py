"""YOLO folders: boxes by hand, what is missing, and rows that are wrong."""

import cv2
import numpy as np
import pytest
from PIL import Image

from mmvmtl.datasets import YOLOImageDataset
from mmvmtl.datasets.yolo_folder import YOLOConverter, image_size
from mmvmtl.errors import UserError

ROWS = """\
1 0.5 0.5 0.5 0.4

0 1.0 0.0 0.2 0.2
0 1.5 0.5 0.2 0.2
"""


@pytest.fixture
def root(tmp_path):
    """Of a..e, b has no labels, c no objects; x has no image."""
    for folder in ('images/train', 'labels/train'):
        (tmp_path / folder).mkdir(parents=True)
    for name in 'abcde':
        picture = np.zeros((40, 60, 3), np.uint8)
        cv2.imwrite(str(tmp_path / f'images/train/{name}.jpg'), picture)
    for name, text in dict(a=ROWS, c='', d=ROWS, e='', x=ROWS).items():
        (tmp_path / f'labels/train/{name}.txt').write_text(text)
    return tmp_path


def test_boxes_are_pixels_cut_at_the_border(root):
    """60×40: centre (30, 20), sides 30 and 16; a corner; one outside."""
    converter = YOLOConverter(root, ('fish', 'crab'))
    converter.add()
    rows = [a for a in converter.content['annotations'] if a['image_id'] == 0]
    assert [(a['category_id'], a['bbox']) for a in rows] == [
        (1, [15, 12, 30, 16]), (0, [54, 0, 6, 4]),
    ]  # fmt: skip
    assert converter.outside == 2


def test_what_has_no_partner_is_counted_and_left_out(root):
    converter = YOLOConverter(root, ('fish', 'crab'))
    converter.add()
    names = [video['name'] for video in converter.content['videos']]
    assert names == ['a', 'c', 'd', 'e']
    assert (converter.unlabelled, converter.orphans) == (1, 1)


def test_parts_share_out_the_labelled_images(root):
    parts = [YOLOConverter(root, ('fish', 'crab')) for _ in range(2)]
    parts[0].add((0, 1))
    parts[1].add((1, 4))
    names = [[v['name'] for v in p.content['videos']] for p in parts]
    assert names == [['a'], ['c', 'd', 'e']]
    with pytest.raises(UserError, match=r'4 labelled images, none in \[4, 9'):
        parts[0].add((4, 9))


def test_an_image_is_a_labelled_clip_of_one_frame(root):
    data = YOLOImageDataset(
        str(root),
        names=('fish', 'crab'),
        metainfo=dict(classes=('crab',)),
        clip=dict(length=3),
        pipeline=[
            dict(type='mmvmtl.LoadVideoFrames'),
            dict(type='mmvmtl.PackVideoInputs'),
        ],
    )
    item = data[0]
    assert item['inputs'].shape == (1, 3, 40, 60)
    assert item['data_samples'].labelled == ('det',)
    gt = item['data_samples'][0].gt_instances
    assert gt.labels.tolist() == [0]
    assert gt.bboxes.tolist() == [[15, 12, 45, 28]]
    assert len(data[1]['data_samples'][0].gt_instances) == 0


def test_an_image_is_as_large_as_it_decodes(tmp_path):
    """EXIF orientation 6 turns it by 90 degrees."""
    exif = Image.Exif()
    exif[0x0112] = 6
    path = tmp_path / 'turned.jpg'
    Image.new('RGB', (60, 40)).save(path, exif=exif)
    assert image_size(path) == (40, 60)
    assert cv2.imread(str(path)).shape[:2] == (60, 40)


@pytest.mark.parametrize(
    'text, words',
    [
        ('0 0.5 0.5 0.1', 'five numbers'),
        ('0 0.5 0.5 0.1 x', 'five numbers'),
        ('0 0.5 nan 0.1 0.1', 'five numbers'),
        ('2 0.5 0.5 0.1 0.1', 'class 2, but the 2 classes named are 0 to 1'),
        ('0.5 0.5 0.5 0.1 0.1', 'class 0.5'),
    ],
)
def test_bad_rows_are_named(root, text, words):
    (root / 'labels/train/c.txt').write_text(f'\n{text}\n')
    converter = YOLOConverter(root, ('fish', 'crab'))
    with pytest.raises(UserError, match=rf'c\.txt, line 2.* {words}'):
        converter.add()


def test_a_folder_without_pairs_and_a_broken_image_are_named(root, tmp_path):
    with pytest.raises(UserError, match='no labelled image; expected'):
        YOLOConverter(tmp_path / 'no', ('fish',))
    (root / 'images/train/a.jpg').write_text('no picture')
    with pytest.raises(UserError, match=r'a\.jpg can not be decoded'):
        YOLOConverter(root, ('fish', 'crab')).add()


def test_coco128_is_as_it_is_described(shared_data):
    """126 labelled images, 2 without labels, 2 labels without an image."""
    root = str(shared_data / 'coco128')
    data = YOLOImageDataset(root, metainfo=dict(classes=('person',)))
    assert len(data) == 126
    assert sum(len(v.boxes['gt_bboxes']) for v in data.videos) == 254
    converter = YOLOConverter(root, data.names)
    assert (converter.unlabelled, converter.orphans) == (2, 2)
