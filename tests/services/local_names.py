"""A user's own module whose names cells take by `import *`; nothing in it can be changed in place."""

a = 5
p = (6, 7)


def f() -> int:
    return a
