"""Documents made from one model: Word, PowerPoint, PDF, Excel, open data."""
