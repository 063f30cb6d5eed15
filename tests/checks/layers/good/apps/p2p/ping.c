#include "app.h"
#include <p2p/types.h>
