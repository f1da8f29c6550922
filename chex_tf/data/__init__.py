"""From a prepared folder to batches: label policies, image operations, exact order. Begin at `pipeline`."""
