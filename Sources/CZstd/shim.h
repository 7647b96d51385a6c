#if !__has_include(<zstd.h>)
#error "install libzstd-dev (make deps), or build without the Compression trait"
#endif
#include <zstd.h>
