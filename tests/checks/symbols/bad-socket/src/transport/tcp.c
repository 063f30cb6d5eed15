int socket(int, int, int);
int p2p__x(void);
int p2p__x(void) { return socket(2, 1, 0); }
