"""The rules of docs/STYLE.md that a program can check; tools/check_style runs them."""
