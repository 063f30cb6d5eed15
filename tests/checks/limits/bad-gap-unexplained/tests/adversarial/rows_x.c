static const row rows[] = {
  { "XY-01", "bytes", "a bug", "an attack", 1, 0, xy01 },
};
