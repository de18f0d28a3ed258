"""The local page: what the pole sees and does, for people, on loopback or behind HTTPS. Off by default.

server.py    one way in for every request        routes.py    each route and the right that it needs
rights.py    who may do what, as tables           people.py    who has sent a request: a visitor.py
guard.py     Host, Origin and address             doors.py     login and logout
accounts.py  names and password hashes            sessions.py  who is logged in
tries.py     wrong passwords cost time            house.py     what the page is given of the agent
connections.py  a share for everybody            rarely.py    one line a minute in the log
views.py     questions, answers, commands         stream.py    what is now, pushed
setup.py     draw, check, rehearse, save          trial.py     is a saved change kept?
aside.py     commands in a process of their own   commissioning.py  the path into service
pictures.py  the masked picture, on loopback      files.py     static/, the page itself, and its words

Nothing here is imported unless the page is enabled. Only `pictures` may see a frame; only compose names it,
and only for a server that listens on loopback.
"""
