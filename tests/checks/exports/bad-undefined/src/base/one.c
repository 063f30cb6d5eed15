int p2p__in(void);
int p2p__in(void) { return 1; }
