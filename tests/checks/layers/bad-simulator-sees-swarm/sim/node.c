#include "swarm/conn.h"
