"""How to start each contestant and how to talk to it, as one of its own frontends would."""
