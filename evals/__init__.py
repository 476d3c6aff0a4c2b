"""Is it right, by how much, and did this change help?"""
