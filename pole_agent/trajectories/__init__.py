"""What the pole saw of the street, kept for a few days so that rules can be rehearsed: class, foot point,
size, score, seen or guessed, look by look. No picture, no appearance, nobody's name; and none of it leaves
the pole.

looks.py      what the judge was given, as plain values
blocks.py     a minute of looks <-> bytes: columns of small differences, deflated
files.py      the files of a camera: what can be read of them, also where they are damaged
retention.py  which files go: too old, too many, or space is short
recorder.py   gathers looks in the loop of a camera, and writes them in a thread
"""
