"""Frozen values that refuse nonsense: the nouns of Sarhad."""
