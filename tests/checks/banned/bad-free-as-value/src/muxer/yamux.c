void g(void (*)(void *));
void f(void) { g(free); }
