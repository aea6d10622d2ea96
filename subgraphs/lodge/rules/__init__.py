"""The decisions of the lodge domain, pure: no clock, no database; ``now`` is an argument.

calendar   weekend nights, holidays, peak season, closed days
opening    when a night of a forest opens, and whether it may be booked now
prices     the price of a night by season and weekday
fees       what cancelling costs
stays      the states of a stay and the limits of a request
"""
