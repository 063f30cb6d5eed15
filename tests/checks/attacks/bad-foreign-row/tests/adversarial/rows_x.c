static const row rows[] = {
  { "YZ-01", "bytes", "a bug", "an attack", 1, 0, yz01 },
  { "XY-01.a", "bytes", "a bug", "an attack", 1, 0, xy01 },
};
