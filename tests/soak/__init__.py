"""Random commands under random faults: no false verdict, no leaked item, no traceback, exit codes as documented."""
