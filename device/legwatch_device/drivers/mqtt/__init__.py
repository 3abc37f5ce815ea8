"""Sensors that others publish: Zigbee2MQTT, ESPHome, Tasmota, or Home Assistant's statestream.

README.md in this folder is for owners. No hardware is needed on this machine: a broker that it
reaches is enough.
"""
