#include <p2p/p2p.h>
P2P_API int p2p_secret(void);
int p2p_secret(void) { return 1; }
