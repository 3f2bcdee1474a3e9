"""A report as it leaves the house: a mail with pictures, slides, a PDF; all read off its page."""
