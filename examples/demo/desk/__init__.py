"""The business of the demonstration platform: accounts, rules, prices, trades.

Everything here belongs to the platform, not to the gateway. It publishes what happened and never
learns who is watching; it goes on trading when nobody can be told.
"""
