"""Many poles without a camera on one machine: the real uplink, store, lamp and dispatch code, mock pins.

figures.py   pure: what the noted times say        report.py   Markdown, JSON and a plot
pole.py      one pole, and what is noted of it     block.py    a process full of them
crowd.py     all blocks, from outside              broker.py   the Mosquitto that is stopped and killed
large.py     a large city behind them             amid.py      what is done to that city, in order
stored.py    pure: what its database holds        lone.py      what is done to poles and a lone broker
"""
