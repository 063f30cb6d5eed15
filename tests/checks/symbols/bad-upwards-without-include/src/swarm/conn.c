int p2p__conn(void);
int p2p__conn(void) { return 1; }
