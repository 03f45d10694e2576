"""Pops mirror pushes: what each pop finds, and which regions move as one."""
