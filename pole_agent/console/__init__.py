"""What several commands share: the control socket, how an agent is run to its end, how a clip is played, and
the words for people.
"""
