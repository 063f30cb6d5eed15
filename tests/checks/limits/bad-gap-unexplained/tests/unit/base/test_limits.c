static void limits_hold(void **state) { (void)state; }
static void waits_end(void **state) { (void)state; }
