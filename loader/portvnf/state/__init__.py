"""The canonical state: what it holds (vepc), how C learns of it (codegen), files (image)."""
