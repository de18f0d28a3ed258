"""Pictograms of the sign, drawn for it: inline SVG in the colour of the text around it."""

from __future__ import annotations

# A camera on an arm at the pole, looking down at the street.
CAMERA = (
    '<svg class="pictogram" viewBox="0 0 100 100" aria-hidden="true"><g fill="currentColor">'
    '<rect x="2" y="2" width="9" height="96" rx="2"/><path d="M11 57h13l9-17 9 4-11 20a4 4 0 0 1-4 2H11z"/>'
    '<g transform="rotate(25 40 32)"><path d="M16 10h48a4 4 0 0 1 4 4v3H12v-3a4 4 0 0 1 4-4z"/><rect x="15" y="21" width="40" height="22" rx="3"/>'
    '<path d="M58 25h5a3 3 0 0 1 3 3v8a3 3 0 0 1-3 3h-5z"/><path fill-opacity="0.5" d="M70 28L95 13v38L70 36z"/></g></g></svg>'
)
# A street lamp that shines.
LAMP = (
    '<svg class="pictogram" viewBox="0 0 100 100" aria-hidden="true"><g fill="currentColor">'
    '<path d="M14 96V34C14 16 28 8 44 8h14v9H44c-12 0-21 6-21 17v62z"/><path d="M56 5h26a12 12 0 0 1 12 12v9H50V11a6 6 0 0 1 6-6z"/>'
    '<path d="M62 30h20a10 10 0 0 1-20 0z"/></g>'
    '<g fill="none" stroke="currentColor" stroke-width="4" stroke-linecap="round"><path d="M72 52v20M56 48l-9 17M88 48l9 17"/></g></svg>'
)
