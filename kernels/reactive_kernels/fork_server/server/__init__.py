"""The fork server's own side: what runs in the kernelspec's interpreter, where nothing of ours is installed.

Loaded from its files under a private name (see `__main__`), so it imports nothing but the standard library and its own
modules, and works on Python 3.9 and later. It never starts a thread.
"""
