"""The state: codec, images, rounds of a migration, exchange between ISAs."""
