int f(const char *a) {
  if (!a) return 0;
  return a[0];
}
