"""What pages and routes share."""
