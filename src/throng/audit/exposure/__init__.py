"""What a stranger on the network, or on this machine, could reach: only the sockets of this machine and what the site names."""
