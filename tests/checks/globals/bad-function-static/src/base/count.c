int p2p__count(void);
int p2p__count(void) { static int calls = 3; return ++calls; }
