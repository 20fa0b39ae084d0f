"""A plugin for pytest: Hypothesis's profile `soak`, with as many examples as DRIVEOPS_SOAK_EXAMPLES says."""

import os

import hypothesis

hypothesis.settings.register_profile(
    "soak",
    max_examples=int(os.environ.get("DRIVEOPS_SOAK_EXAMPLES", "5000")),
    deadline=None,
    database=None,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
