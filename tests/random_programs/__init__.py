"""Random programs, differentiated and compared with forward mode.

`generate` writes programs, `dual_evaluator` pushes a direction forward through them,
`compare` checks the adjoint identity at every level, and what fails is
shrunk as by `tapeflow reduce`.
"""
