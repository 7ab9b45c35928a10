"""The results of doctor, as text, as data and in file formats."""
