"""One module for each part of the pages: a view reads and shapes, its template lays out."""
