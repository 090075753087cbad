"""The default synthetic world, frozen: every published number is on it.

4-10 objects a frame with sides of 16-64 px, a third of the boxes with
visibility < 0.7, three to five look-alikes in every video, a camera that is
knocked; val and test show patterns and backgrounds that train never does.

    python tools/world_floors.py

prints what shortcuts reach. On 30 test videos (300 of train for the probes):
rank-1 0.10 by one pixel's colour, 0.30 by a colour histogram, 0.44 by a hue
histogram; clip top-1 0.28 by one frame's pixels, 0.40 by its true boxes
(chance 0.2); ByteTrack on true boxes HOTA 84.2.
"""

world = dict(
    size=(256, 192),
    length=(40, 48),
    style='day',
    illumination_drift=0.6,
    motion_blur=0.0,
    noise=0.2,
    background_change=0.0,
    crowding=0.5,
    camera_knocks=0.5,
    min_visibility=0.15,
)
