"""The demo's two companies: who works there, what they drive and carry, and the places that they watch."""
