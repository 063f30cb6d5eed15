#include <stdlib.h>
void *p2p__get(void);
void *p2p__get(void) { return malloc(1); }
