"""How people reach Sarhad: command line and reports."""
