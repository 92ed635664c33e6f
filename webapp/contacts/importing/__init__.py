"""Contacts out of files: reading, mapping, a dry run, and a run that can stop and go on."""
