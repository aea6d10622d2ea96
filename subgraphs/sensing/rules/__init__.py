"""The decisions of the sensing domain, pure.

pollutants  the six pollutants, their units, and the precision values are compared with
cai         Korean air grades and the Comprehensive Air-quality Index
simulated   the made-up hourly course of a station, the same on every machine
geometry    which region a point is in
areas       what a reader may ask for: boxes and kinds
"""
