/* Sockets that systemd made for us, sd_listen_fds(3). Without systemd there are none. */
#ifndef APP_INHERITED_H
#define APP_INHERITED_H

#include <p2p/p2p.h>

/* How many: $LISTEN_FDS, if $LISTEN_PID says that they are ours. */
size_t inherited_count(void);
/* The host listens on them all, and they are closed: it works on duplicates of its own. 0, or an exit
 * code after a report. */
int inherited_listen(const char *command, p2p_host *h);

#endif
