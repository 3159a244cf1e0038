"""What every request passes on its way in and out, as plain ASGI."""

from reactive_nb.api.middleware.body import BodyLimit
from reactive_nb.api.middleware.gate import Gate, Origins
from reactive_nb.api.middleware.head import Head
from reactive_nb.api.middleware.headers import SecurityHeaders
from reactive_nb.api.middleware.request import RequestScope

__all__ = ["BodyLimit", "Gate", "Head", "Origins", "RequestScope", "SecurityHeaders"]
