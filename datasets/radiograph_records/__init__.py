"""What the builders beside this package share: reading tables, finding and looking at images, storing, summing up."""
