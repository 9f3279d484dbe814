"""Joins the model to the kernels; pure given its inputs."""
