void *f(void) { return malloc(3); }
