"""Mutated texts and array files, which must run or end in one message with a place.

`corpus` has the project's own texts, `mutate_text` and `mutate_arrays` spoil them,
`judge` reads, compiles and runs a spoilt one and says what became of it, `workers` does
so in processes of its own with a time limit.
"""
