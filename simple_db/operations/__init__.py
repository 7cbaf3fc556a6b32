"""The functions of the API, a module for each subject, and who may see and change what."""
