int f(const char* a);
