"""Many poles without a camera on one machine: the real uplink, store, lamp and dispatch code, mock pins.

figures.py   pure: what the noted times say        report.py   Markdown, JSON and a plot
pole.py      one pole, and what is noted of it     block.py    a process full of them
crowd.py     all blocks, from outside              broker.py   the Mosquitto that is stopped and killed
__main__.py  what is done to them, in order
"""
