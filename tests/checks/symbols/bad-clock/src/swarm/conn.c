int clock_gettime(int, void *);
int p2p__x(void);
int p2p__x(void) { return clock_gettime(0, 0); }
