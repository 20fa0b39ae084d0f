"""The simulated fleet: vehicles and guards on the town's real streets, their receivers, and the buttons that they press."""
