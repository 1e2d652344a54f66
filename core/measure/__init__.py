"""Statistics, pure: values in, values out; nothing is opened, stored or drawn here."""
