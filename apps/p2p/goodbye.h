/* The end of a host. */
#ifndef APP_GOODBYE_H
#define APP_GOODBYE_H

#include <p2p/p2p.h>

/* Closes gracefully, at the latest within; every stream's on_close has been called when it returns,
 * unless time ran out. Then frees. NULL is accepted. */
void goodbye(p2p_host *h, p2p_time within);

#endif
