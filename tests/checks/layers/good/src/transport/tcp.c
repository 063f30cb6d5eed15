#include "transport/link.h"
