#include <p2p/p2p.h>
int p2p_one(void) { return 1; }
int p2p__in(void);
int p2p__in(void) { return 1; }
const char *p2p_two(int a, int b) { return a < b ? "" : 0; }
