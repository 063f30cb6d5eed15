#include <p2p/p2p.h>
P2P_API int yamux_recv(void);
int yamux_recv(void) { return 1; }
