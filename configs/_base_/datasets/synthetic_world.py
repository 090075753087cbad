"""The default synthetic world, frozen: every published number is on it.

4-10 objects a frame with sides of 16-64 px, a third of the boxes with
visibility < 0.7, look-alikes in every video; val and test show patterns and
backgrounds that train never does. `tools/world_floors.py` prints what
shortcuts reach.
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
