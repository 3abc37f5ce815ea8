"""What bedside and server say to each other over MQTT, version 1."""
