/* /interop/reset/1.0.0, the serving side: reads a code and resets the stream with it. */
#ifndef APP_RESET_SERVE_H
#define APP_RESET_SERVE_H

#include <p2p/p2p.h>

#define RESET_ID "/interop/reset/1.0.0"

enum { RESET_CODE_LEN = 4 }; /* big-endian */

P2P_MUST_USE int reset_serve_add(p2p_host *h);

#endif
