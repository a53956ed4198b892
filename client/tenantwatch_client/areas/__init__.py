"""What can be asked about, one file each."""
