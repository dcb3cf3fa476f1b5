"""`throng calibrate`: places in metres, from point pairs, known lengths or the people who walk by."""
