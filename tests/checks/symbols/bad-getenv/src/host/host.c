char *getenv(const char *);
char *p2p__x(void);
char *p2p__x(void) { return getenv("A"); }
