"""HTTP and WebSocket, and nothing else: parse, authorise, call a service, shape the answer."""
