"""What can be asked about, one file each, with the answers as they come: dictionaries that may hold more.

Times are RFC 3339 texts, response times milliseconds.
"""
