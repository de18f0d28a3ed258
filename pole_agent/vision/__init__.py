"""What is in the picture: the motion gate, the detector, and how things look.

See `families.py` for the models that are understood.
"""

import cv2

# The pictures here are small: a pool of threads would cost more in waking and waiting (it spins) than it
# gives, and takes cores from the detector.
cv2.setNumThreads(1)
