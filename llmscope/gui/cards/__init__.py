"""Cards: what came of a run or a comparison as a picture of fixed size, to be shared."""
