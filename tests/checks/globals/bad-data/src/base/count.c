int p2p__start = 7;
