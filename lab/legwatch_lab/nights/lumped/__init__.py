"""Nights of a second family: a network of heat capacities, with habits and sensors of its own.

It shares nothing with the nights of the body model but the replay file and the truth record, so
that rules or estimates that were fitted to one family can be judged on the other.
"""
