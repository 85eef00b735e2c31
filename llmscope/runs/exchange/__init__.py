"""Runs that leave this machine and come to it: in pictures, bundles, and the files of other programs."""
