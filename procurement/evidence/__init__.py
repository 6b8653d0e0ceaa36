"""The evidence pack of a locked shortlist: one content, of the snapshot alone, as a workbook, on paper, as JSON."""
