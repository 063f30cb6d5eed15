#include <p2p/p2p.h>
int p2p__in(void) { return 1; }
