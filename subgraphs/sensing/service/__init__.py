"""What the sensing domain does, and the only room with its SQL.

air        the air at places, from roof lights and fixed stations
stations   hourly and daily rows of fixed stations, the simulated ones kept current
readings   the bridge's store and fan-out, asked within bounds
"""
