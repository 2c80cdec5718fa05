"""Pictograms of services and buttons: what they stand for, their drawings, the file of them all."""
