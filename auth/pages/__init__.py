"""Server-rendered pages in Korean and English: no script, no inline style, nothing from another host."""
