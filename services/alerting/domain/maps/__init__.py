"""A small map of where an attack was, drawn here: no tile server learns what is looked at.

outlines  coasts and borders
frame     which part of the world is shown, and where a point of it lies in the picture
canvas    areas, lines and circles in few colours, as PNG
picture   the map of a place
"""
