"""The demo's town: central Helsinki as OpenStreetMap has it, its streets as graphs and its basemap as tiles."""
