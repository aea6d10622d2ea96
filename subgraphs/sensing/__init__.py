"""Air quality: fixed stations, roof lights of taxis, regions, and live readings."""
