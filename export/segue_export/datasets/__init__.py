"""How datasets are made: builders for folders, tables, published collections and free music, and the command for them."""
