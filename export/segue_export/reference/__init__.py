"""Published networks made usable by Segue: fetched, verified, converted and measured. Nothing of them is in the project."""
