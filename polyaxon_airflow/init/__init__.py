"""`init`: what is put in place before the main container starts (spec section 2.14).

`entry` holds the section. The other modules are what then runs inside an init container, one module a kind:
`python -m polyaxon_airflow.init git ...`. They import the standard library only, and so does this file, so that a
step starts in milliseconds and runs in a small image.
"""
