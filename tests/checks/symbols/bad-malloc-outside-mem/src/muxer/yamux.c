void *malloc(unsigned long);
void *p2p__x(void);
void *p2p__x(void) { return malloc(8); }
