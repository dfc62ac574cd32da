"""The front door: the command line and the demo.

Thin: it imports the rooms lazily, asks them in order, and says what they answer.
"""

__all__: list[str] = []
