"""The application: everything that faces a person or a network."""
