"""The contract on MQTT (docs/mqtt.md is its full text): topics, and the payload of each lane."""
