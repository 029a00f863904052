"""Training texts changed anew in every epoch, with their annotation kept in place."""
