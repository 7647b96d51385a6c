#if !__has_include(<blake2.h>)
#error "install libb2-dev (make deps), or build without the Hashing trait"
#endif
#include <blake2.h>
