"""What can go wrong with a kernel, one class per kind of fault. Each message says what happened and what to do."""


class KernelError(Exception):
    """Any fault of this layer; also raised when a request was refused or answered with an error."""


class KernelStartError(KernelError):
    """The kernel could not be started, or did not answer in time; the message carries the end of its error output."""


class NoSuchKernel(KernelStartError):
    """No kernelspec has that name."""


class DeadKernelError(KernelError):
    """The kernel's process is gone (or being replaced), so the request will never be answered."""


class KernelTimeout(KernelError):
    """The kernel lives but did not answer in the time allowed."""


class KernelLimitError(KernelError):
    """The pool holds as many kernels as it may."""
