"""What the lodge domain does, and the only room with its SQL.

availability   free rooms and observed vacancy, one statement a batch
stays          hold, confirm, cancel, look up
settlement     expired holds, payments left undone, the sweeper
"""
