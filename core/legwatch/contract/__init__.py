"""The MQTT messages between bedside agent and server, version 1."""
