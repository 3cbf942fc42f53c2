"""ConvNets by Hand: the grader."""
