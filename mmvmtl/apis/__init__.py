"""What users call: the inferencer, checkpoints, sources of frames."""
