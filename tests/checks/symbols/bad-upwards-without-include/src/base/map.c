int p2p__conn(void);
int p2p__map(void);
int p2p__map(void) { return p2p__conn(); }
