"""Where a trained network looks: Grad-CAM maps, their figures, and how well they localise."""
