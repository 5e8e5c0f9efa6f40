"""Sweeps: one step of one at a time, taken by the trial that needs it. There is no tuner process (design D3, D4)."""
