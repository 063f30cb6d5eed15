static void limits_hold(void **state) { (void)state; }
