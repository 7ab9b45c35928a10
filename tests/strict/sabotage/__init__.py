"""Ways to break a trigger, and healthy ones that look odd: what verify must never get wrong.

``python -m tests.strict.sabotage`` builds each, verifies it and prints the confusion matrix.
"""
