"""Events to many clients: numbered, serialised once, kept for those who reconnect."""

from reactive_nb.websocket.broadcaster import Broadcaster, Snapshot
from reactive_nb.websocket.subscription import Frames, Subscription, SubscriptionClosed

__all__ = ["Broadcaster", "Frames", "Snapshot", "Subscription", "SubscriptionClosed"]
