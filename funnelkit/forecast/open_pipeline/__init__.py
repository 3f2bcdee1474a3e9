"""What today's open leads and deals will still bring, deal by deal and in all."""
