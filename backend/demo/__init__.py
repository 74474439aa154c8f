"""The demo company: a folder of files that anyone may copy for her own company, and what loads such a folder."""
