"""Checking a log in shards: what `journeys.check` tells of a log, from counts of its parts.

What cannot be read at all is an error here, with the counts of the whole log, because a log in
shards has been read.  What is counted of one shard is added to what is counted of the others.
"""
