static int count;
int p2p__count(void);
int p2p__count(void) { return ++count; }
