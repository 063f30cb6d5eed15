#include "protocol/ping.h"
