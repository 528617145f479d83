"""How Tocsin is run: container images, a compose file, and the embedded stack of `make demo`."""
