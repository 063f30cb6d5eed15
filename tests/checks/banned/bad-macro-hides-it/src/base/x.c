#define COPY(a, b) strcpy(a, b)
