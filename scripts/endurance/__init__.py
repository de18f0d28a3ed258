"""scripts/longrun: the whole agent for hours, and two months of it on the manual clock; growth fails it."""
