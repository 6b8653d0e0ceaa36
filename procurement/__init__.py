"""The domain of Calloff: what is bought, from whom, at what rates, and who changed what."""
