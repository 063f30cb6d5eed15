/* What others of the program need of the node. */
#ifndef APP_NODE_H
#define APP_NODE_H

#include <stdbool.h>

/* True when a configuration file is good; else every wrong line was reported. */
bool node_check_config(const char *command, const char *path);

#endif
