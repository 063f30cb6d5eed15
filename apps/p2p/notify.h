/* What systemd wants to be told, sd_notify(3). Without systemd nothing happens. */
#ifndef APP_NOTIFY_H
#define APP_NOTIFY_H

#include <p2p/types.h>

/* Sends a state, "READY=1". False: nobody asked for it, or it could not be sent. */
bool notify_send(const char *state);
/* How often WATCHDOG=1 is due: half of what the unit allows; P2P_NEVER: not at all. */
p2p_time notify_watchdog(void);

#endif
