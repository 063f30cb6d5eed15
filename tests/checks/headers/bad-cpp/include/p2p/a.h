int p2p_a(int class);
