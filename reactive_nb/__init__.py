"""Reactive notebooks on real Jupyter kernels."""

__version__ = "0.1.0"
