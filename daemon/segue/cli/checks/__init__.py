"""What `segue doctor` looks at. Every check returns findings and raises nothing."""
