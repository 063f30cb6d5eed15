unsigned long pthread_self(void);
unsigned long p2p__x(void);
unsigned long p2p__x(void) { return pthread_self(); }
