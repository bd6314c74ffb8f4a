"""Waveform → mel: the signal chain that training and serving share."""
