"""Charging records on their way from the VNF to a file.

The VNF keeps a record until it is told that it is safe (section `record`, command
`records_taken`), and what it keeps moves with the sessions. So each record is written once,
by whichever blade has it: `drain` takes records, `cdr` words them, `journal` keeps them.
"""
