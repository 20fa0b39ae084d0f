"""The pages, each registered by its module."""
