int f(const char *a) {
    return a[0];
}
