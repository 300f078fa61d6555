"""The canonical state: what it holds (schema), how C learns of it (codegen), files of it (image)."""
