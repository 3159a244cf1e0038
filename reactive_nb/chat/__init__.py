"""Chat with a language model that works in a notebook as its user would: by operations on the session."""
